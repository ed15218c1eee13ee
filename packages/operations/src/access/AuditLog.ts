/**
 * The audit: who did, or tried, what, where and when. Records are never changed or removed: the database refuses it. The
 * statement that changes a run records the change. This service records refusals, and changes of records of packages and hosts.
 *
 * @module
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Actor, encodeActor, GivenActor } from "../run/Actor.ts"
import { argumentsOf, pageLimit, plainJson } from "../boundary/Decoding.ts"
import { cleanJson } from "../run/Failure.ts"
import { GivenScope, type OperationScope, TenantId, WorkspaceId } from "../run/OperationScope.ts"
import type { InvalidInput } from "../boundary/Problems.ts"
import { decodeRunId, RunId } from "../run/Run.ts"
import * as Storable from "../text/Storable.ts"

/** The actions on runs. `started` is recorded when a run is removed, and keeps its start. */
export const runActions = [
  "started",
  "joined",
  "blocked",
  "busy",
  "forbidden",
  "cancel_requested",
  "retried",
  "superseded"
] as const

/** An action on a run, or what was done to a record: `<kind>.<participle>`, such as `backup_schedule.paused`. */
export type AuditAction = (typeof runActions)[number] | `${string}.${string}`

const RecordAction = Schema.String.check(
  Schema.isMaxLength(100),
  Schema.isPattern(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, {
    expected: 'dotted lower-case words, such as "report.deleted"'
  })
)

/** An action as stored. Any text can be read, because a newer version may store actions that this one does not know. */
export const AuditAction: Schema.Codec<AuditAction, string> = Schema.String.pipe(
  Schema.refine((action): action is AuditAction => action.length > 0)
)

/** One record of the audit. */
export class AuditRecord extends Schema.Class<AuditRecord>("@atlas/operations/AuditRecord")({
  id: Schema.BigInt,
  at: Schema.DateTimeUtcFromDate,
  action: AuditAction,
  actor: Schema.fromJsonString(Actor),
  workspaceId: WorkspaceId,
  tenantId: Schema.NullOr(TenantId),
  /** The operation that it is about or, for a refusal, perhaps a kind of record. */
  type: Schema.NullOr(Schema.String),
  runId: Schema.NullOr(RunId),
  /** The record that was changed, if any. */
  recordKind: Schema.NullOr(Schema.String),
  recordId: Schema.NullOr(Schema.String),
  /** The id of the request in which it happened, as the host's logs have it. */
  requestId: Schema.NullOr(Schema.String),
  /** Details by action; for a changed record, `before` and `after`. */
  data: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
}) {}

/** The id of the request that is being served, as the host's logs have it. Hosts provide it around each request. */
export const RequestId = Context.Reference<string | null>("@atlas/operations/RequestId", { defaultValue: () => null })

/** A refusal for want of a capability. */
export interface Refusal {
  readonly actor: Actor
  readonly workspaceId: WorkspaceId
  readonly tenantId: TenantId | null
  /** The operation, or the kind of record. */
  readonly type: string
  readonly capability: string
}

const Text = Storable.Text.check(Schema.isNonEmpty(), Schema.isMaxLength(200))
const State = Schema.optional(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)))
const RecordChange = Schema.Struct({
  /** `<kind>.<participle>`, such as `backup_schedule.paused`. Hosts use actions of their own. */
  action: RecordAction,
  actor: GivenActor,
  scope: GivenScope,
  record: Schema.Struct({ kind: Text, id: Text }),
  /** The record before the change, as JSON without secrets; absent for a new record. */
  before: State,
  /** The record after the change; absent for a removed record. */
  after: State,
  /** The run that makes the change, if any. */
  runId: Schema.optional(Schema.NullOr(RunId))
})
/** A change of a record of the host's, or of one of Atlas' packages. */
export interface RecordChange extends Omit<typeof RecordChange.Type, "action" | "actor" | "scope"> {
  readonly action: `${string}.${string}`
  readonly actor: Actor
  readonly scope: OperationScope
}

const decodeChange = argumentsOf(Schema.Struct({ change: RecordChange }))
const Limit = pageLimit(1_000)
const Before = Schema.NullOr(Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: 2n ** 63n - 1n })))
const decodeList = argumentsOf(
  Schema.Struct({
    workspaceId: Schema.String,
    page: Schema.Struct({ before: Before, limit: Limit })
  })
)
const decodeOfRun = argumentsOf(Schema.Struct({ runId: Schema.String, limit: Limit }))
const decodeOfRecord = argumentsOf(
  Schema.Struct({
    workspaceId: Schema.String,
    record: Schema.Struct({ kind: Schema.String, id: Schema.String }),
    limit: Limit
  })
)

/** Records and reads the audit. It authorises nobody: call it from trusted code. Database failures are defects. */
export class AuditLog extends Context.Service<
  AuditLog,
  {
    /** Records a 403, at most once a minute for the same actor, scope, type and capability, in all processes together. */
    forbidden(refusal: Refusal): Effect.Effect<void>
    /**
     * Records a change of a record, with its state before and after. Secrets in their texts are redacted. Call it in the
     * transaction of the change (`sql.withTransaction`), so that both are stored or neither is.
     *
     * @example
     * ```ts
     * const deletion = { action: "archive.deleted", actor: ada, scope, record, before: { mailboxes: 3 } } as const
     * yield* sql.withTransaction(audit.record(deletion))
     * const [newest] = yield* audit.ofRecord(scope.workspaceId, record, 10)
     * ```
     */
    record(change: RecordChange): Effect.Effect<void, InvalidInput>
    /** A workspace's records that are older than `before`, newest first. `limit` is 1 to 1,000. */
    list(
      workspaceId: WorkspaceId,
      page: { readonly before: bigint | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<AuditRecord>, InvalidInput>
    /** What happened to one run, newest first. `limit` is 1 to 1,000. */
    ofRun(runId: RunId, limit: number): Effect.Effect<ReadonlyArray<AuditRecord>, InvalidInput>
    /** What happened to one record, newest first. `limit` is 1 to 1,000. */
    ofRecord(
      workspaceId: WorkspaceId,
      record: { readonly kind: string; readonly id: string },
      limit: number
    ): Effect.Effect<ReadonlyArray<AuditRecord>, InvalidInput>
  }
>()("@atlas/operations/AuditLog") {
  static readonly layer: Layer.Layer<AuditLog, never, SqlClient.SqlClient> = Layer.effect(
    AuditLog,
    Effect.suspend(() => make)
  )
}

/** A state as redacted JSON text. */
const kept = (state: typeof State.Type) =>
  Effect.map(plainJson(state ?? null), (json) => (json == null ? null : JSON.stringify(cleanJson(json))))

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  const forbidden = Effect.fn("AuditLog.forbidden")(function* (refusal: Refusal) {
    const { actor, workspaceId, tenantId, type, capability } = refusal
    const key = JSON.stringify([actor.kind, actor.id, workspaceId, tenantId, type, capability])
    yield* sql`
      INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, type, request_id, data, rate_key)
      VALUES ('forbidden', ${encodeActor(actor)}::jsonb, ${workspaceId}, ${tenantId}, ${type},
        ${yield* RequestId}, jsonb_build_object('capability', ${capability}::text),
        md5(${key}::text) || ' ' || floor(extract(epoch FROM now()) / 60)::text)
      ON CONFLICT (rate_key) WHERE rate_key IS NOT NULL DO NOTHING`
  }, Effect.orDie)

  const record = Effect.fn("AuditLog.record")(function* (given: RecordChange) {
    const { action, actor, after, before, record: of, runId, scope } = (yield* decodeChange({ change: given })).change
    const [was, is] = [yield* kept(before), yield* kept(after)]
    yield* sql`
      INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, run_id, record_kind, record_id, request_id, data)
      VALUES (${action}, ${encodeActor(actor)}::jsonb, ${scope.workspaceId}, ${scope.tenantId}::text, ${runId ?? null}::uuid,
        ${of.kind}, ${of.id}, ${yield* RequestId}::text,
        jsonb_build_object('before', ${was}::jsonb, 'after', ${is}::jsonb))`.pipe(Effect.orDie)
  })

  const columns = sql.literal(`id, at, action, actor::text AS actor, workspace_id AS "workspaceId",
    tenant_id AS "tenantId", type, run_id AS "runId", record_kind AS "recordKind", record_id AS "recordId",
    request_id AS "requestId", data::text AS data`)
  const decode = Schema.decodeUnknownEffect(Schema.Array(AuditRecord))

  const list = Effect.fn("AuditLog.list")(function* (
    of: WorkspaceId,
    given: { readonly before: bigint | null; readonly limit: number }
  ) {
    const { page, workspaceId } = yield* decodeList({ workspaceId: of, page: given })
    if (!Storable.is(workspaceId)) return []
    const older = page.before === null ? sql`true` : sql`id < ${page.before}`
    const rows = sql`
      SELECT ${columns} FROM operation_audit WHERE workspace_id = ${workspaceId} AND ${older}
      ORDER BY id DESC LIMIT ${page.limit}`
    return yield* Effect.orDie(Effect.flatMap(rows, decode))
  })

  const ofRun = Effect.fn("AuditLog.ofRun")(function* (id: RunId, most: number) {
    const { limit, runId } = yield* decodeOfRun({ runId: id, limit: most })
    const ofId = Option.getOrUndefined(decodeRunId(runId))
    if (ofId === undefined) return []
    const rows = sql`SELECT ${columns} FROM operation_audit WHERE run_id = ${ofId}::uuid ORDER BY id DESC LIMIT ${limit}`
    return yield* Effect.orDie(Effect.flatMap(rows, decode))
  })

  const ofRecord = Effect.fn("AuditLog.ofRecord")(function* (
    of: WorkspaceId,
    which: { readonly kind: string; readonly id: string },
    most: number
  ) {
    const { limit, record, workspaceId } = yield* decodeOfRecord({ workspaceId: of, record: which, limit: most })
    if (![workspaceId, record.kind, record.id].every(Storable.is)) return []
    const rows = sql`
      SELECT ${columns} FROM operation_audit
      WHERE workspace_id = ${workspaceId} AND record_kind = ${record.kind} AND record_id = ${record.id}
      ORDER BY id DESC LIMIT ${limit}`
    return yield* Effect.orDie(Effect.flatMap(rows, decode))
  })

  return AuditLog.of({ forbidden, record, list, ofRun, ofRecord })
})
