/**
 * What the policies of a state refer to by name. A scope tag or a filter that was made again has another id, and whatever
 * refers to it says the same as before.
 *
 * @module
 */

import { type Graph, type TenantScope } from "@atlas/operations"
import { Effect, Result } from "effect"
import type { SqlClient } from "effect/sql"
import { makeReferenceStore } from "../backups/ReferenceStore.ts"
import { DirectoryObjects } from "../policies/references/DirectoryObjects.ts"
import { type Reference, referenceKey, type ReferenceKind } from "../policies/references/Reference.ts"
import { isListed, listTargets } from "../policies/references/referenceTargets.ts"
import { makeDriftStore } from "./DriftStore.ts"

/** Names those references that a state has, as far as they are known, by `referenceKey`. */
export type NameReferences = (
  references: ReadonlyArray<Reference>
) => Effect.Effect<ReadonlyMap<string, string>, never, Graph | SqlClient.SqlClient>

const keyed = (kind: ReferenceKind, named: ReadonlyArray<{ readonly id: string; readonly name: string | null }>) =>
  named.flatMap(({ id, name }) => (name === null ? [] : [[referenceKey({ kind, id }), name] as const]))

const directoryNames = Effect.fnUntraced(function* (tenant: TenantScope, references: ReadonlyArray<Reference>) {
  const directory = yield* DirectoryObjects
  const named = yield* Effect.forEach(["group", "role"] as const, (kind) => {
    const ids = references.flatMap((reference) => (reference.kind === kind ? [reference.id] : []))
    return ids.length === 0
      ? Effect.succeed([])
      : Effect.map(directory.find(tenant, { kind, ids, names: [] }), ({ objects }) =>
          keyed(
            kind,
            objects.filter(({ exists }) => exists)
          )
        )
  })
  return named.flat()
})

/** The names that a backup has kept. */
export const namesOfBackup = Effect.fnUntraced(function* (backup: string) {
  const references = yield* Effect.flatMap(makeReferenceStore, (store) => store.list(backup))
  const names = new Map(references.flatMap(({ name, ...each }) => (name === null ? [] : [[referenceKey(each), name]])))
  const nameReferences: NameReferences = () => Effect.succeed(names)
  return nameReferences
})

/** The names that the inventory has, and those of groups and roles. */
export const namesOfInventory = (tenant: TenantScope): NameReferences =>
  Effect.fnUntraced(function* (references) {
    const drift = yield* makeDriftStore
    const known = yield* drift.listReferred(tenant)
    const listed = known.map(({ kind, ...each }) => keyed(kind, [each])).flat()
    return new Map([...listed, ...(yield* directoryNames(tenant, references))])
  })

/** The names that the tenant has now. A kind that cannot be listed is compared by id. */
export const namesOfTenant = (tenant: TenantScope): NameReferences => {
  const listed = new Map<ReferenceKind, ReadonlyArray<readonly [string, string]>>()
  return Effect.fnUntraced(function* (references) {
    for (const kind of new Set(references.map((reference) => reference.kind))) {
      if (listed.has(kind) || !isListed(kind)) continue
      const targets = Result.getOrElse(yield* Effect.result(listTargets(tenant, kind)), () => [])
      listed.set(kind, keyed(kind, targets))
    }
    return new Map([...[...listed.values()].flat(), ...(yield* directoryNames(tenant, references))])
  })
}
