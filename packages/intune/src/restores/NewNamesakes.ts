/**
 * What a tenant has got since a restore was planned that looks like a policy which the restore is to create. Whether it is what an
 * earlier attempt created, or somebody else's, decides about the write: a policy must not be created twice.
 *
 * @module
 */

import { Graph, type GraphError, type RunHandler, type TenantScope } from "@atlas/operations"
import { Effect, Stream } from "effect"
import { namesakeKey } from "../policies/PolicyPairs.ts"
import { listedFacts } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { containsContent } from "./containsContent.ts"
import { makeRestoreItemStore } from "./RestoreItemStore.ts"
import { currentPolicy, type RestoringPolicy } from "./RestoreWrites.ts"

type Run = Pick<RunHandler.RunContext<{ readonly restore: string }>, "input" | "scope">

/** A policy that the tenant did not have when the restore was planned. */
export interface NewNamesake {
  readonly id: string
  /** It says everything that was to be created; what else it says, Graph has added. */
  readonly isAsWanted: boolean
  /** To whom it applies, as a hash, and to how many; null if Graph did not say. */
  readonly assignmentsHash: string | null
  readonly assignmentCount: number | null
}

/** The ids of a collection by `namesakeKey`, as the listing has them. */
const listIds = (tenant: TenantScope, source: PolicySource) =>
  Graph.use((graph) =>
    Stream.runFold(
      graph.list(tenant, source.list, {}),
      () => new Map<string, ReadonlyArray<string>>(),
      (ids, { items }) => {
        for (const { known, raw } of items) {
          const key = namesakeKey(listedFacts(source, { id: known.id, listed: raw }))
          ids.set(key, [...(ids.get(key) ?? []), known.id])
        }
        return ids
      }
    )
  )

/**
 * Makes the function that finds the new namesakes of a policy. It lists each collection once; `afresh` lists it again, after a
 * write of which nobody knows what became.
 */
export const makeNewNamesakes = Effect.fnUntraced(function* (run: Run) {
  const items = yield* makeRestoreItemStore
  const collections = new Map<string, ReadonlyMap<string, ReadonlyArray<string>>>()

  const idsOf = Effect.fnUntraced(function* (source: PolicySource, afresh: boolean) {
    const before = afresh ? undefined : collections.get(source.name)
    const ids = before ?? (yield* listIds(run.scope, source))
    collections.set(source.name, ids)
    return ids
  })

  return Effect.fnUntraced(function* (
    wanted: RestoringPolicy,
    afresh = false
  ): Effect.fn.Return<ReadonlyArray<NewNamesake>, GraphError, Effect.Services<ReturnType<typeof currentPolicy>>> {
    const { source } = wanted
    const ids = (yield* idsOf(source, afresh)).get(namesakeKey(wanted)) ?? []
    const known = ids.length === 0 ? [] : yield* items.listKnown(run.input.restore, source.name, ids)
    const found = yield* Effect.forEach(
      ids.filter((id) => !known.includes(id)),
      (id) => currentPolicy(run.scope, source, id)
    )
    return found.flatMap((policy): NewNamesake | [] => {
      if (policy === null || namesakeKey(policy.record) !== namesakeKey(wanted)) return []
      const { assignmentCount, assignmentsHash, id } = policy.record
      return { id, isAsWanted: containsContent(policy.content, wanted.content), assignmentsHash, assignmentCount }
    })
  })
})
