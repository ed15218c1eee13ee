import { type GraphError, reportOf, RunFailure, RunHandler } from "@atlas/operations"
import { Array, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { makeBackupStore, type OpenBackup } from "../backups/BackupStore.ts"
import { policyFacts } from "../policies/PolicyFacts.ts"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"
import { type PolicySource, policySources } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { policyTypeNamed } from "../policies/PolicyType.ts"
import { makeRestoreState } from "./state.ts"
import { execute } from "./RestoreOperations.ts"
import {
  assignPolicy,
  createPolicy,
  currentPolicy,
  equalPolicies,
  type RestoringPolicy,
  updatePolicy
} from "./RestoreWrites.ts"

type ExecuteRun = RunHandler.RunContext<{ readonly restore: string }>

/** A policy that is not restored yet. */
interface PendingRow {
  readonly source: string
  readonly id: string
  readonly title: string
  readonly action: "create" | "update"
  readonly result: "pending" | "writing"
  readonly odataType: string | null
  readonly foldedTitle: string
  readonly contentHash: string
  readonly assignmentsHash: string | null
  readonly seenId: string | null
  readonly seenHash: string | null
  readonly seenAssignmentsHash: string | null
}

/** What became of a policy. */
interface Outcome {
  readonly result: "done" | "failed" | "skipped"
  readonly id: string | null
  readonly message: string | null
}

// Policies refer to scope tags and filters: those come first.
const order: ReadonlyArray<PolicySource> = [
  policySources.scopeTags,
  policySources.assignmentFilters,
  ...Object.values(policySources)
]

const restoreOf = ({ input, scope }: ExecuteRun) => ({ tenant: scope, id: input.restore })

const notConfirmed = () =>
  new RunFailure({
    reasonCode: "ext.restore.not_confirmed",
    message: "The restore does not exist, is not confirmed, or is over: confirm it, or plan another one."
  })

const begin = Effect.fnUntraced(function* (run: ExecuteRun) {
  const sql = yield* SqlClient.SqlClient
  const state = yield* makeRestoreState
  if (!(yield* state.begin(restoreOf(run), run.run.id))) return yield* notConfirmed()
  const [row] = yield* sql<{ withAssignments: boolean; name: string; hasSafety: boolean }>`
    SELECT r.with_assignments AS "withAssignments", b.name, r.safety_set IS NOT NULL AS "hasSafety"
    FROM restores r JOIN backup_sets b ON b.id = r.set_id WHERE r.id = ${run.input.restore}::uuid`.pipe(Effect.orDie)
  return row ?? (yield* notConfirmed())
})

/** A policy of the tenant that will be overwritten, as the plan saw it. It shares id and kind with the backup's. */
interface SeenRow {
  readonly source: string
  readonly id: string
  readonly type: string | null
  readonly odataType: string | null
  readonly contentHash: string
  readonly assignmentsHash: string | null
}

const seenAtOnce = 200
const bodyOf = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

/** Backs up what will be overwritten, as the plan saw it. What has changed since is not overwritten. */
const keepSafe = Effect.fnUntraced(function* (run: ExecuteRun, name: string) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* PolicyStore
  const writes = makeBackupStore(sql)
  const { restore } = run.input
  const tenant = run.scope
  const backup: OpenBackup = yield* writes.open(tenant, `Before restoring “${name}”`.slice(0, 200), { kind: "restore" })
  const seen = yield* sql<SeenRow>`
    SELECT i.source, i.seen_id AS id, b.type, b.odata_type AS "odataType", encode(i.seen_hash, 'hex') AS "contentHash",
      encode(i.seen_assignments_hash, 'hex') AS "assignmentsHash"
    FROM restore_items i JOIN restores r ON r.id = i.restore_id
      JOIN backup_items b ON b.set_id = r.set_id AND b.source = i.source AND b.id = i.id
    WHERE i.restore_id = ${restore}::uuid AND i.action = 'update'`.pipe(Effect.orDie)
  for (const part of Array.chunksOf(seen, seenAtOnce)) {
    const texts = yield* store.texts(
      tenant,
      part.map(({ contentHash }) => contentHash)
    )
    for (const [source, rows] of Map.groupBy(part, (row) => row.source)) {
      const records = rows.map((row): PolicyRecord => {
        const policy = { ...row, body: bodyOf(texts.get(row.contentHash) ?? "{}"), assignments: null }
        const facts = policyFacts(policyTypeNamed(row.type ?? "") ?? null, policy)
        return { ...row, ...facts, finding: null, lastModified: null, assignmentCount: null }
      })
      yield* writes.add(tenant, backup, source, records)
    }
  }
  yield* writes.seal(backup)
  yield* sql`UPDATE restores SET safety_set = ${backup.id}::uuid WHERE id = ${restore}::uuid`.pipe(Effect.orDie)
})

const pendingOf = Effect.fnUntraced(function* (restore: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<PendingRow>`
    SELECT i.source, i.id, i.title, i.action, i.result, b.odata_type AS "odataType", b.folded_title AS "foldedTitle",
      encode(i.content_hash, 'hex') AS "contentHash", encode(i.assignments_hash, 'hex') AS "assignmentsHash",
      i.seen_id AS "seenId", encode(i.seen_hash, 'hex') AS "seenHash", encode(i.seen_assignments_hash, 'hex') AS "seenAssignmentsHash"
    FROM restore_items i JOIN restores r ON r.id = i.restore_id
      JOIN backup_items b ON b.set_id = r.set_id AND b.source = i.source AND b.id = i.id
    WHERE i.restore_id = ${restore}::uuid AND i.result IN ('pending', 'writing') AND i.action IN ('create', 'update')
    ORDER BY i.source, i.id`.pipe(Effect.orDie)
})

/** Records that a write begins, or how it ended. What is not recorded as `writing` was not touched. */
const note = (run: ExecuteRun, row: PendingRow, outcome: Outcome | null, counts: () => object) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* run.transaction(
      sql`
        UPDATE restore_items SET result = ${outcome?.result ?? "writing"}, result_id = ${outcome?.id ?? null},
          result_message = ${outcome?.message ?? null}, changed_at = now()
        WHERE restore_id = ${run.input.restore}::uuid AND source = ${row.source} AND id = ${row.id}`.pipe(Effect.orDie),
      counts
    )
  })

const conflict = (message: string): Outcome => ({ result: "skipped", id: null, message })
const done = (id: string): Outcome => ({ result: "done", id, message: null })

const changed = "The policy was changed after the restore was planned, so nothing was written: plan another restore."

/** Reads whether a write that had begun took effect: the id of the policy if it did, otherwise null. */
const reconcile = Effect.fnUntraced(function* (run: ExecuteRun, row: PendingRow, wanted: RestoringPolicy) {
  if (row.action === "create") {
    const sql = yield* SqlClient.SqlClient
    const equal = yield* equalPolicies(run.scope, wanted)
    // A twin that this restore created before does not count.
    const made = yield* sql<{ id: string }>`
      SELECT result_id AS id FROM restore_items WHERE restore_id = ${run.input.restore}::uuid AND source = ${row.source}
        AND result = 'done' AND action = 'create'`.pipe(Effect.orDie)
    return equal.find(({ id }) => !made.some((other) => other.id === id))?.id ?? null
  }
  const now = row.seenId === null ? null : yield* currentPolicy(run.scope, wanted.source, row.seenId)
  return now?.contentHash === row.contentHash ? now.id : null
})

/** Never repeats a write whose answer was lost, but reads whether it took effect. */
const certainly = <R>(
  write: Effect.Effect<string, GraphError, R>,
  run: ExecuteRun,
  row: PendingRow,
  wanted: RestoringPolicy
) =>
  write.pipe(
    Effect.catchIf(
      ({ reasonCode }) => reasonCode === "provider_outcome_unknown",
      (error) =>
        Effect.flatMap(reconcile(run, row, wanted), (id) => (id === null ? Effect.fail(error) : Effect.succeed(id)))
    )
  )

/** Writes one policy, unless it has changed since the restore was planned. */
const restorePolicy = Effect.fnUntraced(function* (
  run: ExecuteRun,
  row: PendingRow,
  wanted: RestoringPolicy,
  withAssignments: boolean,
  announce: Effect.Effect<void>
) {
  // An earlier attempt began to write it and may have finished.
  if (row.result === "writing") {
    const id = yield* reconcile(run, row, wanted)
    if (id !== null) return done(id)
  }
  if (row.action === "create") {
    yield* announce
    return done(yield* certainly(createPolicy(run.scope, wanted), run, row, wanted))
  }
  const { seenHash, seenId } = row
  if (seenId === null || seenHash === null) return conflict(changed)
  const now = yield* currentPolicy(run.scope, wanted.source, seenId)
  if (now === null) return conflict("The policy is gone: plan another restore.")
  const isReassigned = now.assignmentsHash !== row.seenAssignmentsHash && now.assignmentsHash !== row.assignmentsHash
  if (withAssignments && isReassigned) return conflict(changed)
  if (now.contentHash === row.contentHash) return done(seenId)
  if (now.contentHash !== seenHash) return conflict(changed)
  yield* announce
  const write = Effect.as(updatePolicy(run.scope, wanted, seenId, seenHash), seenId)
  return done(yield* certainly(write, run, row, wanted))
})

const restoringOf = (row: PendingRow): RestoringPolicy | null => {
  const source = order.find(({ name }) => name === row.source)
  return source === undefined || source.writes === null ? null : { ...row, source, writes: source.writes }
}

/**
 * The handler that executes a confirmed plan, policy by policy. It records that a write begins before it sends it. After a
 * crash, it reads what had begun before it writes anything.
 */
export const executeHandler = execute.toLayer(
  Effect.fn("RestoreExecution")(function* (run) {
    const sql = yield* SqlClient.SqlClient
    const { hasSafety, name, withAssignments } = yield* run.transaction(begin(run))
    if (!hasSafety) yield* run.transaction(keepSafe(run, name))
    const pending = yield* pendingOf(run.input.restore)
    const place = ({ source }: PendingRow) => order.findIndex((each) => each.name === source)
    const rows = [...pending].sort((a, b) => place(a) - place(b))
    const total = run.run.summaryCounts.total ?? rows.length
    let { failed = 0, processed = 0, skipped = 0, succeeded = 0 } = run.run.summaryCounts
    const counts = () => ({ total, processed, succeeded, failed, skipped })
    for (const row of rows) {
      const wanted = restoringOf(row)
      if (wanted === null) continue
      const announce = Effect.provideService(note(run, row, null, counts), SqlClient.SqlClient, sql)
      const outcome: Outcome = yield* Effect.gen(function* () {
        const written = yield* restorePolicy(run, row, wanted, withAssignments, announce)
        if (written.id === null || !withAssignments) return written
        return { ...written, message: yield* assignPolicy(run.scope, wanted, written.id) }
      }).pipe(
        Effect.catchTag("GraphError", (error) =>
          Effect.as(run.failed({ ...reportOf(error), item: row.title }), {
            result: "failed" as const,
            id: null,
            message: error.message
          })
        )
      )
      processed++
      if (outcome.result === "done") succeeded++
      else if (outcome.result === "failed") failed++
      else {
        skipped++
        yield* run.failed({ reasonCode: "ext.restore.conflict", message: outcome.message ?? changed, item: row.title })
      }
      yield* note(run, row, outcome, counts)
    }
    const state = yield* makeRestoreState
    if (!(yield* run.transaction(state.finish(restoreOf(run)), counts))) return yield* notConfirmed()
    return RunHandler.succeeded
  })
)
