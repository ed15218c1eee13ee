import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { type Actor, encodeActor } from "./Actor.ts"
import { RequestId } from "./AuditLog.ts"
import type { Run, RunId } from "./Run.ts"
import { readRun, type RunRow, runColumns } from "./RunRow.ts"

/** Asks runs to stop. Database failures are defects. */
export class RunCancellation extends Context.Service<
  RunCancellation,
  {
    /**
     * Ends a run that nobody executes, and asks the worker of one that is executed to stop it. Put on record.
     *
     * @returns the run as it is now; none if it was completed already, or asked before
     */
    request(id: RunId, actor: Actor): Effect.Effect<Option.Option<Run>>
  }
>()("@atlas/operations/RunCancellation") {
  static readonly layer: Layer.Layer<RunCancellation, never, SqlClient.SqlClient> = Layer.effect(
    RunCancellation,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(runColumns("r"))
      // Nobody executes it: nobody has taken it, or whoever did died.
      const idle = sql.literal("(status = 'queued' OR lease_until < now())")

      const request = Effect.fn("RunCancellation.request")(function* (id: RunId, actor: Actor) {
        const by = encodeActor(actor)
        const rows = yield* sql<RunRow>`
          WITH r AS (
            UPDATE operation_runs SET cancel_requested_at = clock_timestamp(), cancel_requested_by = ${by}::jsonb,
              status = CASE WHEN ${idle} THEN 'completed' ELSE status END,
              outcome = CASE WHEN ${idle} THEN 'cancelled' ELSE outcome END,
              reason_code = CASE WHEN ${idle} THEN 'operation_cancelled' ELSE reason_code END,
              completed_at = CASE WHEN ${idle} THEN clock_timestamp() END,
              lease_until = CASE WHEN ${idle} THEN NULL ELSE lease_until END,
              fence = fence + ${idle}::int, version = version + 1, last_event = last_event + 1
            WHERE id = ${id}::uuid AND status <> 'completed' AND cancel_requested_at IS NULL
            RETURNING *
          ), noted AS (
            INSERT INTO operation_run_events (run_id, seq, kind, data)
            SELECT id, last_event, CASE status WHEN 'completed' THEN 'completed' ELSE 'cancel_requested' END, CASE status
              WHEN 'completed' THEN jsonb_build_object('outcome', outcome, 'reasonCode', reason_code,
                'counts', summary_counts, 'actor', cancel_requested_by)
              ELSE jsonb_build_object('actor', cancel_requested_by) END
            FROM r
          ), audited AS (
            INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, type, run_id, request_id)
            SELECT 'cancel_requested', cancel_requested_by, workspace_id, tenant_id, type, id, ${yield* RequestId}::text
            FROM r
          )
          SELECT ${columns} FROM r`
        return Option.map(Option.fromUndefinedOr(rows[0]), readRun)
      }, Effect.orDie)

      return RunCancellation.of({ request })
    })
  )
}
