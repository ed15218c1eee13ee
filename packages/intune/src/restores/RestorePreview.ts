import { RunFailure, RunHandler } from "@atlas/operations"
import { Effect, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { usableAssignments } from "../policies/AssignmentGroups.ts"
import { hidesSecrets, type PolicyContent } from "../policies/PolicyContent.ts"
import { differenceOf } from "../policies/PolicyDiff.ts"
import { readPolicies } from "../policies/PolicyObject.ts"
import { type PolicyRecord, recordOf } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { policyTypeNamed, sourcesOf } from "../policies/PolicyType.ts"
import { planPolicy } from "./RestorePlan.ts"
import { makeRestoreState } from "./state.ts"
import { preview } from "./RestoreOperations.ts"

type PreviewRun = RunHandler.RunContext<{ readonly restore: string }>

/** A policy to plan. */
interface WantedRow {
  readonly id: string
  readonly type: string | null
  readonly odataType: string | null
  readonly foldedTitle: string
  readonly contentHash: string
  readonly assignmentsHash: string | null
}

interface Live {
  readonly record: PolicyRecord
  readonly contents: ReadonlyArray<PolicyContent>
}

const isEqual = (row: WantedRow, { assignmentsHash, contentHash }: PolicyRecord) =>
  row.contentHash === contentHash && row.assignmentsHash === assignmentsHash

const titleKey = (odataType: string | null, foldedTitle: string) => JSON.stringify([odataType, foldedTitle])

const wantedOf = Effect.fnUntraced(function* (restore: string, source: PolicySource) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<WantedRow>`
    SELECT r.id, b.type, b.odata_type AS "odataType", b.folded_title AS "foldedTitle",
      encode(b.content_hash, 'hex') AS "contentHash", encode(b.assignments_hash, 'hex') AS "assignmentsHash"
    FROM restores d JOIN restore_items r ON r.restore_id = d.id
      JOIN backup_items b ON b.set_id = d.set_id AND b.source = r.source AND b.id = r.id
    WHERE d.id = ${restore}::uuid AND r.source = ${source.name} AND r.action IS NULL ORDER BY r.id`.pipe(Effect.orDie)
})

/** The policies of the tenant that match the wanted ones, by id and by title. */
const liveOf = Effect.fnUntraced(function* (run: PreviewRun, source: PolicySource, wanted: ReadonlyArray<WantedRow>) {
  const store = yield* PolicyStore
  const salt = yield* store.salt(run.scope)
  const ids = new Map(wanted.map((row) => [row.id, row]))
  const titles = new Set(wanted.map(({ foldedTitle, odataType }) => titleKey(odataType, foldedTitle)))
  const byId = new Map<string, Live>()
  const byTitle = new Map<string, Live>()
  yield* Stream.runForEach(readPolicies(run.scope, source), (policies) =>
    Effect.sync(() => {
      for (const policy of policies) {
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
  return { byId, byTitle }
})

/** Plans the policies of one collection, and stores the plan with what it saw. */
const planSource = Effect.fnUntraced(function* (run: PreviewRun, source: PolicySource, withAssignments: boolean) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* PolicyStore
  const { restore } = run.input
  const wanted = yield* wantedOf(restore, source)
  if (wanted.length === 0) return 0
  const { byId, byTitle } = yield* liveOf(run, source, wanted)
  const plan = Effect.fnUntraced(function* (row: WantedRow) {
    const [same, namesake] = [byId.get(row.id), byTitle.get(titleKey(row.odataType, row.foldedTitle))]
    const hashes = [row.contentHash, ...(row.assignmentsHash === null ? [] : [row.assignmentsHash])]
    const found = same ?? namesake
    const isAsWanted = found !== undefined && isEqual(row, found.record)
    const texts = isAsWanted ? new Map<string, string>() : yield* store.texts(run.scope, hashes)
    const content = texts.get(row.contentHash) ?? "{}"
    const lacksSecrets = !isAsWanted && (hidesSecrets(content) || !(yield* store.knowsSecrets(run.scope, content)))
    const type = row.type === null ? null : (policyTypeNamed(row.type) ?? null)
    const planned = planPolicy(
      { ...row, type, lacksSecrets },
      same?.record ?? null,
      namesake?.record ?? null,
      withAssignments
    )
    const live = planned.seen === null ? undefined : found
    const seenText = live?.contents.find(({ hash }) => hash === live.record.contentHash)?.text ?? null
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
      row: {
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
  yield* run.transaction(
    Effect.gen(function* () {
      yield* store.put(
        run.scope,
        planned.flatMap(({ contents }) => contents)
      )
      yield* sql`
        UPDATE restore_items i SET action = p.action, reason = p.reason, difference = p.difference,
          seen_id = p."seenId", seen_hash = decode(p."seenHash", 'hex'),
          seen_assignments_hash = decode(p."seenAssignmentsHash", 'hex'), changed_at = now(),
          result = CASE WHEN p.action IN ('create', 'update') THEN 'pending' ELSE 'skipped' END
        FROM json_to_recordset(${JSON.stringify(planned.map(({ row }) => row))}::json) AS p(id text, action text,
          reason text, difference jsonb, "seenId" text, "seenHash" text, "seenAssignmentsHash" text)
        WHERE i.restore_id = ${restore}::uuid AND i.source = ${source.name} AND i.id = p.id`
    }).pipe(Effect.orDie)
  )
  return wanted.length
})

const notPlanning = () =>
  new RunFailure({
    reasonCode: "ext.restore.not_planning",
    message: "The restore does not exist or has a plan already: plan another one."
  })

const progressOf = Effect.fnUntraced(function* (restore: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ withAssignments: boolean; total: number; planned: number }>`
    SELECT with_assignments AS "withAssignments", count(i.id)::int AS total, count(i.action)::int AS planned
    FROM restores r LEFT JOIN restore_items i ON i.restore_id = r.id
    WHERE r.id = ${restore}::uuid GROUP BY r.id`.pipe(Effect.orDie)
  return row ?? (yield* notPlanning())
})

/** The handler that plans a restore. It only reads the tenant; what it saw binds the execution. */
export const previewHandler = preview.toLayer(
  Effect.fn("RestorePreview")(function* (run) {
    const state = yield* makeRestoreState
    const restore = { tenant: run.scope, id: run.input.restore }
    // The restore names the run that makes its plan, even if that was started as a retry.
    if (!(yield* run.transaction(state.preview(restore, run.run.id)))) return yield* notPlanning()
    const row = yield* progressOf(restore.id)
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
