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
  const failures: Array<FailureReport> = []
  for (const [kind, references] of Map.groupBy(yield* store.listUnnamed(backup), (reference) => reference.kind)) {
    const found = yield* Effect.result(namesOf(tenant, kind, references))
    if (Result.isFailure(found))
      failures.push({ ...reportOf(found.failure), item: `Names of each ${kindLabels[kind]}` })
    else if (found.success.length > 0) yield* store.name(backup, found.success)
  }
  return failures
})
