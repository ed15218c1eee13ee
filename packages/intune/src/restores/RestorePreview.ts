import { type GraphError, RunFailure, RunHandler } from "@atlas/operations"
import { Effect, Stream } from "effect"
import { namesakeKey, pairPolicies } from "../policies/PolicyPairs.ts"
import { readPolicies } from "../policies/PolicyObject.ts"
import { recordOf } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { makeRestoreItemStore, type UnplannedItem } from "./RestoreItemStore.ts"
import { isEqual, type Live, planItem, type Planning, wantedHere } from "./planItem.ts"
import { preview } from "./RestoreOperations.ts"
import { restoreOrder } from "./restoreOrder.ts"
import { makeReferenceResolver, type ReferenceResolver, referredCollections } from "./RestoreReferences.ts"
import { makeRestoreState } from "./state.ts"

type PreviewRun = RunHandler.RunContext<{ readonly restore: string }>

/** What the tenant has of the wanted policies: those with their ids, all namesakes, and what says the same. */
const liveOf = Effect.fnUntraced(function* (
  run: PreviewRun,
  source: PolicySource,
  wanted: ReadonlyArray<UnplannedItem>,
  { isForeign }: ReferenceResolver
) {
  const store = yield* PolicyStore
  const salt = yield* store.salt(run.scope)
  const ids = new Map(wanted.map((row) => [row.id, row]))
  const names = new Set(wanted.map(namesakeKey))
  const hashes = new Set(wanted.map(({ contentHash }) => contentHash))
  const found = new Map<string, Live>()
  const unread = new Map<string, GraphError>()
  yield* Stream.runForEach(readPolicies(run.scope, source), (page) =>
    Effect.sync(() => {
      for (const { error, id } of page.unread) unread.set(id, error)
      for (const policy of page.policies) {
        const live = recordOf(source, policy, salt)
        const same = ids.get(live.record.id)
        const isLike = names.has(namesakeKey(live.record)) || hashes.has(live.record.contentHash)
        if (same === undefined && !isLike) continue
        // Most policies equal the backup's: those are stored already, and nobody has to see them. The same ids mean something
        // else in another tenant.
        const isKnown = !isForeign && same !== undefined && isEqual(same, live.record)
        found.set(live.record.id, isKnown ? { ...live, contents: [] } : live)
      }
    })
  )
  return { found, unread }
})

/** Plans the policies of one collection, and stores the plan with what it saw. */
const planSource = Effect.fnUntraced(function* (run: PreviewRun, source: PolicySource, planning: Planning) {
  const store = yield* PolicyStore
  const policies = yield* makeRestoreItemStore
  const { restore } = run.input
  const wanted = yield* policies.listUnplanned(restore, source.name)
  if (wanted.length === 0) return 0
  const { found, unread } = yield* liveOf(run, source, wanted, planning.resolver)
  // Of which others of the backup are: nobody wants these changed.
  const others = yield* policies.listUnchosen(restore, source.name, [...found.keys()])
  const isLocal = planning.resolver.isForeign && source.isNumbered
  if (!isLocal) for (const id of others) found.delete(id)
  const here = yield* Effect.forEach(wanted, (row) => wantedHere(run, row, found.get(row.id), planning), {
    concurrency: 4
  })
  const partners = pairPolicies(
    here,
    [...found.values()].map(({ record }) => record),
    isLocal
  )
  const planned = yield* Effect.forEach(
    here,
    (policy) => {
      const partner = partners.get(policy.id)
      const live = partner === undefined ? undefined : found.get(partner.id)
      return planItem(run, { wanted: policy, source, live, unread: unread.get(policy.id) }, planning)
    },
    { concurrency: 4 }
  )
  const [contents, plans] = [planned.flatMap((each) => each.contents), planned.map((each) => each.plan)]
  yield* run.transaction(
    Effect.andThen(store.put(run.scope, contents), policies.storePlans(restore, source.name, plans))
  )
  return wanted.length
})

/** What the plan does so far with the policies that others refer to. */
const restoredSoFar = Effect.fnUntraced(function* (restore: string) {
  const policies = yield* makeRestoreItemStore
  const found = yield* Effect.forEach(referredCollections, (source) =>
    Effect.map(policies.listTargets(restore, source), (rows) =>
      rows.map(({ id, isOther, to }) => [`${source} ${id}`, { id: to, isOther }] as const)
    )
  )
  return new Map(found.flat())
})

const notPlanning = () =>
  new RunFailure({
    reasonCode: "ext.restore.not_planning",
    message: "The restore does not exist or has a plan already: plan another one."
  })

/** The handler that plans a restore. It only reads the tenant; what it saw binds the execution. */
export const previewHandler = preview.toLayer(
  Effect.fn("RestorePreview")(function* (run) {
    const state = yield* makeRestoreState
    const policies = yield* makeRestoreItemStore
    const restore = { tenant: run.scope, id: run.input.restore }
    // The restore names the run that makes its plan, even if that was started as a retry.
    if (!(yield* run.transaction(state.preview(restore, run.run.id)))) return yield* notPlanning()
    const row = (yield* policies.readProgress(restore.id)) ?? (yield* notPlanning())
    let processed = row.planned
    const resolver = yield* makeReferenceResolver(run)
    for (const source of restoreOrder) {
      const restored = yield* restoredSoFar(restore.id)
      processed += yield* planSource(run, source, { withAssignments: row.withAssignments, resolver, restored })
      yield* run.progress({ total: row.total, processed })
    }
    const planned = yield* run.transaction(state.plan(restore), () => ({ total: row.total, processed }))
    if (!planned) return yield* notPlanning()
    return RunHandler.succeeded
  })
)
