import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Actor, encodeActor } from "./Actor.ts"
import { TenantId, WorkspaceId } from "./OperationScope.ts"
import { RunId } from "./Run.ts"

/** What is put on record beside the runs, which record their own starts. `started` keeps the start of a run that was removed. */
export const AuditAction = Schema.Literals([
  "started",
  "joined",
  "blocked",
  "busy",
  "forbidden",
  "cancel_requested",
  "retried",
  "superseded"
])
export type AuditAction = typeof AuditAction.Type

/** One record: who did, or tried, what, where, when. Records are never changed or removed: the database refuses it. */
export class AuditRecord extends Schema.Class<AuditRecord>("@atlas/operations/AuditRecord")({
  id: Schema.BigInt,
  at: Schema.DateTimeUtcFromDate,
  action: AuditAction,
  actor: Schema.fromJsonString(Actor),
  workspaceId: WorkspaceId,
  tenantId: Schema.NullOr(TenantId),
  type: Schema.NullOr(Schema.String),
  runId: Schema.NullOr(RunId),
  /** The request in which it happened, as the host's logs name it. */
  requestId: Schema.NullOr(Schema.String),
  data: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
}) {}

/** The request that is being served, as the host's logs name it; hosts provide it around each request. */
export const RequestId = Context.Reference<string | null>("@atlas/operations/RequestId", { defaultValue: () => null })

/** A refusal for want of a capability. */
export interface Refusal {
  readonly actor: Actor
  readonly workspaceId: WorkspaceId
  readonly tenantId: TenantId | null
  readonly type: string
  readonly capability: string
}

/**
 * The record of joins, blocks, refusals, cancellations, retries and supersessions. What changes a run is recorded by the
 * statement that changes it; this service records refusals, which change nothing, and reads. Database failures are defects.
 */
export class AuditLog extends Context.Service<
  AuditLog,
  {
    /** Records a 403: at most one a minute for the same actor, scope, type and capability, in all processes together. */
    forbidden(refusal: Refusal): Effect.Effect<void>
    /** A workspace's records, newest first, older than `before`. */
    list(
      workspaceId: WorkspaceId,
      page: { readonly before: bigint | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<AuditRecord>>
    /** The records of one run, newest first. */
    ofRun(runId: RunId, limit: number): Effect.Effect<ReadonlyArray<AuditRecord>>
  }
>()("@atlas/operations/AuditLog") {
  static readonly layer: Layer.Layer<AuditLog, never, SqlClient.SqlClient> = Layer.effect(
    AuditLog,
    Effect.gen(function* () {
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

      const columns = sql.literal(`id, at, action, actor::text AS actor, workspace_id AS "workspaceId",
        tenant_id AS "tenantId", type, run_id AS "runId", request_id AS "requestId", data::text AS data`)
      const decode = Schema.decodeUnknownEffect(Schema.Array(AuditRecord))

      const list = Effect.fn("AuditLog.list")(function* (
        workspaceId: WorkspaceId,
        page: { readonly before: bigint | null; readonly limit: number }
      ) {
        const older = page.before === null ? sql`true` : sql`id < ${page.before}`
        return yield* decode(
          yield* sql`
            SELECT ${columns} FROM operation_audit WHERE workspace_id = ${workspaceId} AND ${older}
            ORDER BY id DESC LIMIT ${page.limit}`
        )
      }, Effect.orDie)

      const ofRun = Effect.fn("AuditLog.ofRun")(function* (runId: RunId, limit: number) {
        return yield* decode(
          yield* sql`
            SELECT ${columns} FROM operation_audit WHERE run_id = ${runId}::uuid ORDER BY id DESC LIMIT ${limit}`
        )
      }, Effect.orDie)

      return AuditLog.of({ forbidden, list, ofRun })
    })
  )
}
