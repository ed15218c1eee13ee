import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { type Actor, encodeActor } from "./Actor.ts"
import { RequestId } from "./AuditLog.ts"
import type { Run, RunId } from "./Run.ts"
import { readRun, type RunRow, runColumns } from "./RunRow.ts"
import { sqlText } from "./SqlText.ts"
import { cancelled, change, endData, type Step } from "./transition.ts"

const asked = {
  cancel_requested_at: sqlText`clock_timestamp()`,
  cancel_requested_by: sqlText`v.acting`
} satisfies Step["set"]

const stop = change({
  makes: {
    // Nobody executes it: nobody has taken it, or whoever did died.
    when: sqlText`(o.status = 'queued' OR o.lease_until < now())`,
    did: sqlText`r.status = 'completed'`,
    yes: {
      transition: "cancelled",
      set: { ...asked, ...cancelled },
      data: sqlText`${endData} || jsonb_build_object('actor', r.acting)`
    },
    no: { transition: "cancel_requested", set: asked, data: sqlText`jsonb_build_object('actor', r.acting)` }
  },
  where: sqlText`o.id = v.id AND o.cancel_requested_at IS NULL`,
  returning: sqlText`o.*, v.acting, v.request_id`
})

const columns = runColumns(sqlText`r`)

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

      const request = Effect.fn("RunCancellation.request")(function* (id: RunId, actor: Actor) {
        const rows = yield* sql<RunRow>`
          WITH ${stop(sql`
            SELECT ${id}::uuid AS id, ${encodeActor(actor)}::jsonb AS acting, ${yield* RequestId}::text AS request_id`)}
          SELECT ${columns} FROM r`
        return Option.map(Option.fromUndefinedOr(rows[0]), readRun)
      }, Effect.orDie)

      return RunCancellation.of({ request })
    })
  )
}
