import { type GraphError, RunFailure, RunHandler } from "@atlas/operations"
import { Effect, Schema, Stream } from "effect"
import { usableAssignments } from "../policies/AssignmentGroups.ts"
import { hidesSecrets, type PolicyContent } from "../policies/PolicyContent.ts"
import { differenceOf } from "../policies/PolicyDiff.ts"
import { readPolicies } from "../policies/PolicyObject.ts"
import { type PolicyRecord, recordOf } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { type PolicyType, policyTypeNamed, sourcesOf } from "../policies/PolicyType.ts"
import { makeRestoreItemStore, type UnplannedItem } from "./RestoreItemStore.ts"
import { planPolicy } from "./RestorePlan.ts"
import { preview } from "./RestoreOperations.ts"
import { makeRestoreState } from "./state.ts"

type PreviewRun = RunHandler.RunContext<{ readonly restore: string }>

interface Live {
  readonly record: PolicyRecord
  readonly contents: ReadonlyArray<PolicyContent>
}

const isEqual = (row: UnplannedItem, { assignmentsHash, contentHash }: PolicyRecord) =>
  row.contentHash === contentHash && row.assignmentsHash === assignmentsHash

const titleKey = (odataType: string | null, foldedTitle: string) => JSON.stringify([odataType, foldedTitle])

/** The policies of the tenant that match the wanted ones, by id and by title. */
const liveOf = Effect.fnUntraced(function* (
  run: PreviewRun,
  source: PolicySource,
  wanted: ReadonlyArray<UnplannedItem>
) {
  const store = yield* PolicyStore
  const salt = yield* store.salt(run.scope)
  const ids = new Map(wanted.map((row) => [row.id, row]))
  const titles = new Set(wanted.map(({ foldedTitle, odataType }) => titleKey(odataType, foldedTitle)))
  const byId = new Map<string, Live>()
  const byTitle = new Map<string, Live>()
  const unread = new Map<string, GraphError>()
  yield* Stream.runForEach(readPolicies(run.scope, source), (page) =>
    Effect.sync(() => {
      for (const { error, id } of page.unread) unread.set(id, error)
      for (const policy of page.policies) {
        const live = recordOf(source, policy, salt)
        const title = titleKey(live.record.odataType, live.record.foldedTitle)
        const same = ids.get(live.record.id)
        // Most policies equal the backup's: those are stored already, and nobody has to see them.
        const kept = same !== undefined && isEqual(same, live.record) ? { ...live, contents: [] } : live
        if (same !== undefined) byId.set(live.record.id, kept)
        if (titles.has(title)) byTitle.set(title, kept)
      }
    })
  )
  return { byId, byTitle, unread }
})

const membersOf = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

/** The fixed properties in which the tenant's policy differs from the wanted one. */
const fixedDifferences = ({ fixed }: PolicyType, seen: string | null, wanted: string) => {
  if (seen === null) return []
  const [before, after] = [membersOf(seen), membersOf(wanted)]
  return fixed.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

/** Plans the policies of one collection, and stores the plan with what it saw. */
const planSource = Effect.fnUntraced(function* (run: PreviewRun, source: PolicySource, withAssignments: boolean) {
  const store = yield* PolicyStore
  const policies = yield* makeRestoreItemStore
  const { restore } = run.input
  const wanted = yield* policies.listUnplanned(restore, source.name)
  if (wanted.length === 0) return 0
  const { byId, byTitle, unread } = yield* liveOf(run, source, wanted)
  const plan = Effect.fnUntraced(function* (row: UnplannedItem) {
    const [same, namesake] = [byId.get(row.id), byTitle.get(titleKey(row.odataType, row.foldedTitle))]
    const hashes = [row.contentHash, ...(row.assignmentsHash === null ? [] : [row.assignmentsHash])]
    const found = same ?? namesake
    const isAsWanted = found !== undefined && isEqual(row, found.record)
    const texts = isAsWanted ? new Map<string, string>() : yield* store.texts(run.scope, hashes)
    const content = texts.get(row.contentHash) ?? "{}"
    const lacksSecrets = !isAsWanted && (hidesSecrets(content) || !(yield* store.knowsSecrets(run.scope, content)))
    const type = row.type === null ? null : (policyTypeNamed(row.type) ?? null)
    const seenText = found?.contents.find(({ hash }) => hash === found.record.contentHash)?.text ?? null
    const planned = planPolicy(
      { ...row, source, type, lacksSecrets, fixed: type === null ? [] : fixedDifferences(type, seenText, content) },
      same?.record ?? null,
      namesake?.record ?? null,
      withAssignments,
      unread.get(row.id)?.message ?? null
    )
    const live = planned.seen === null ? undefined : found
    const [seenAssignments, assignments] = [
      live?.contents.find(({ hash }) => hash === live.record.assignmentsHash)?.text ?? null,
      row.assignmentsHash === null ? null : (texts.get(row.assignmentsHash) ?? null)
    ]
    const difference = planned.action === "create" || isAsWanted ? null : differenceOf(seenText, content)
    const assigned =
      withAssignments && assignments !== null && !isAsWanted ? differenceOf(seenAssignments, assignments) : null
    const writes = planned.action === "create" || planned.action === "update"
    const warning =
      writes && withAssignments && assignments !== null
        ? (yield* usableAssignments(run.scope, assignments)).warning
        : null
    return {
      contents: live?.contents ?? [],
      plan: {
        id: row.id,
        action: planned.action,
        reason: planned.reason ?? warning,
        difference: difference && {
          fields: [
            ...difference.fields,
            ...(assigned?.fields ?? []).map((field) => ({ ...field, path: `assignments/${field.path}` }))
          ],
          more: difference.more + (assigned?.more ?? 0)
        },
        seenId: planned.seen?.id ?? null,
        seenHash: planned.seen?.contentHash ?? null,
        seenAssignmentsHash: planned.seen?.assignmentsHash ?? null
      }
    }
  })
  const planned = yield* Effect.forEach(wanted, plan, { concurrency: 4 })
  const [contents, plans] = [planned.flatMap((each) => each.contents), planned.map((each) => each.plan)]
  yield* run.transaction(
    Effect.andThen(store.put(run.scope, contents), policies.storePlans(restore, source.name, plans))
  )
  return wanted.length
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
    for (const source of sourcesOf()) {
      processed += yield* planSource(run, source, row.withAssignments)
      yield* run.progress({ total: row.total, processed })
    }
    const planned = yield* run.transaction(state.plan(restore), () => ({ total: row.total, processed }))
    if (!planned) return yield* notPlanning()
    return RunHandler.succeeded
  })
)
