import { type FailureReport, type Graph, reportOf, Storable, type TenantScope } from "@atlas/operations"
import { Effect, Result } from "effect"
import type { SqlClient } from "effect/sql"
import { DirectoryObjects } from "../policies/references/DirectoryObjects.ts"
import {
  kindLabels,
  type NamedReference,
  type Reference,
  type ReferenceKind
} from "../policies/references/Reference.ts"
import { makeReferenceStore } from "./ReferenceStore.ts"
import { isListed, listTargets } from "../policies/references/referenceTargets.ts"

/** The names of references of one kind, as far as they are known. */
const namesOf = Effect.fnUntraced(function* (
  tenant: TenantScope,
  kind: ReferenceKind,
  references: ReadonlyArray<Reference>
) {
  const ids = references.map(({ id }) => id)
  if (!isListed(kind)) {
    const { objects } = yield* (yield* DirectoryObjects).find(tenant, { kind, ids, names: [] })
    return objects.flatMap(({ id, name }): NamedReference | [] =>
      name === null ? [] : { kind, id, name: Storable.nearest(name) }
    )
  }
  const targets = yield* listTargets(tenant, kind)
  return targets.filter(({ id }) => ids.includes(id)).map(({ id, name }): NamedReference => ({ kind, id, name }))
})

/** Finds out what references are called: those whose names are known, and what could not be read. */
export const lookUpNames = Effect.fn("lookUpNames")(function* (
  tenant: TenantScope,
  references: ReadonlyArray<Reference>
): Effect.fn.Return<
  { readonly named: ReadonlyArray<NamedReference>; readonly failures: ReadonlyArray<FailureReport> },
  never,
  Graph
> {
  const [named, failures]: [Array<NamedReference>, Array<FailureReport>] = [[], []]
  for (const [kind, ofKind] of Map.groupBy(references, (reference) => reference.kind)) {
    const found = yield* Effect.result(namesOf(tenant, kind, ofKind))
    if (Result.isSuccess(found)) named.push(...found.success)
    else failures.push({ ...reportOf(found.failure), item: `Names of each ${kindLabels[kind]}` })
  }
  return { named, failures }
})

/**
 * Finds out what the targets of a backup's references are called, before it is sealed. A restore finds them by name where their
 * ids no longer exist. Yields what could not be read.
 */
export const nameReferences = Effect.fn("nameReferences")(function* (
  tenant: TenantScope,
  backup: string
): Effect.fn.Return<ReadonlyArray<FailureReport>, never, Graph | SqlClient.SqlClient> {
  const store = yield* makeReferenceStore
  yield* store.nameOwn(backup)
  const { failures, named } = yield* lookUpNames(tenant, yield* store.listUnnamed(backup))
  if (named.length > 0) yield* store.name(backup, named)
  return failures
})
