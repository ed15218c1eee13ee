/**
 * Retention: removes completed runs beyond what their operations keep. Workers call `RunRetention`, and tests get it from
 * `@atlas/operations/testing`. A host provides `DefaultRetention` for the operations that leave their limits to it. The start
 * of a removed run stays on record in the audit, and the keys that stand for it keep how it ended.
 *
 * @module
 */

import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { OperationCatalog } from "../definition/OperationCatalog.ts"
import type { Retention } from "../definition/Operation.ts"
import { sqlText } from "../text/SqlText.ts"

/** How long to keep the runs of operations whose `retention` is `host`. For ever by default. */
export const DefaultRetention = Context.Reference<Retention>("@atlas/operations/DefaultRetention", {
  defaultValue: () => ({})
})

/** How many runs one statement removes: few, so that nothing else waits for it for long. */
const batchSize = 500

/** Gives the others a turn between two batches. */
const pause = "20 millis"

/**
 * Removes runs with their timelines. A run goes only after it was counted into its hour, and the database puts its start on
 * record as it goes. Any number of processes may remove runs at once. Database failures are defects.
 */
export class RunRetention extends Context.Service<
  RunRetention,
  {
    /** Removes in batches all runs that are beyond their limits now; yields how many those were. */
    readonly remove: Effect.Effect<number>
  }
>()("@atlas/operations/RunRetention") {
  static readonly layer: Layer.Layer<RunRetention, never, OperationCatalog | SqlClient.SqlClient> = Layer.effect(
    RunRetention,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { operations } = yield* OperationCatalog
      const byHost = yield* DefaultRetention
      const removeBatch = makeRemoveBatch(sql)

      const removeOf = Effect.fnUntraced(function* (type: string, retention: Retention) {
        let total = 0
        let lane = ""
        while (true) {
          const [batch] = yield* removeBatch(type, retention, lane)
          total += batch?.removed ?? 0
          // Another process is removing the runs that were found and not removed.
          if (batch === undefined || batch.found < batchSize || batch.removed === 0) return total
          lane = batch.lane ?? lane
          yield* Effect.sleep(pause)
        }
      })

      const remove = Effect.gen(function* () {
        let total = 0
        for (const { name, retention } of operations) {
          const limits = retention === "host" ? byHost : retention
          if (limits.days !== undefined || limits.count !== undefined) total += yield* removeOf(name, limits)
        }
        return total
      }).pipe(Effect.orDie, Effect.withSpan("RunRetention.remove"))

      return RunRetention.of({ remove })
    })
  )
}

interface Batch {
  readonly found: number
  readonly removed: number
  /** The last lane that runs were removed from: earlier lanes have nothing left. */
  readonly lane: string | null
}

// Walks lane by lane along the index for retention; a lane is one operation in one scope. An id begins with the time of the
// start, and no run ends before it starts: runs that are old enough to go stand at the beginning of their lane.
// As the run goes, its keys are written. They are locked before it, as starts lock them, and never waited for: a start that has
// a key asks for the key's run next.
const makeRemoveBatch = (sql: SqlClient.SqlClient) => {
  const standsFor = sqlText`k.run_id = f.id AND k.outcome IS NULL`
  const removable = (type: string) =>
    sql`SELECT o.id FROM operation_runs o WHERE o.counted AND o.type = ${type} AND o.lane = l.lane`
  return (type: string, { days, count }: Retention, from: string) => {
    const tooOld = sql`(${removable(type)} AND o.completed_at < now() - ${days ?? 0} * interval '1 day'
      AND o.id < (lpad(to_hex((extract(epoch FROM now() - ${days ?? 0} * interval '1 day') * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
      ORDER BY o.id LIMIT ${batchSize})`
    const tooMany = sql`(${removable(type)} AND o.id <= (${removable(type)} ORDER BY o.id DESC LIMIT 1 OFFSET ${count ?? 0})
      ORDER BY o.id LIMIT ${batchSize})`
    const beyond = [...(days === undefined ? [] : [tooOld]), ...(count === undefined ? [] : [tooMany])]
    return sql<Batch>`
      WITH RECURSIVE lanes (lane) AS (
        (SELECT o.lane FROM operation_runs o WHERE o.counted AND o.type = ${type} AND o.lane >= ${from}
          ORDER BY o.lane LIMIT 1)
        UNION ALL
        SELECT following.lane FROM lanes l, LATERAL (
          SELECT o.lane FROM operation_runs o WHERE o.counted AND o.type = ${type} AND o.lane > l.lane
          ORDER BY o.lane LIMIT 1) following
      ), found AS MATERIALIZED (
        SELECT beyond.id FROM lanes l, LATERAL (${beyond.length === 2 ? sql`${tooOld} UNION ${tooMany}` : beyond[0]!}) beyond
        LIMIT ${batchSize}
      ), free AS MATERIALIZED (
        SELECT f.id FROM found f
        WHERE (SELECT count(*) FROM (SELECT FROM operation_keys k WHERE ${standsFor} FOR UPDATE SKIP LOCKED) held)
          = (SELECT count(*) FROM operation_keys k WHERE ${standsFor})
      ), locked AS MATERIALIZED (
        SELECT o.id FROM operation_runs o WHERE o.id IN (SELECT id FROM free) FOR UPDATE SKIP LOCKED
      ), removed AS (
        DELETE FROM operation_runs o USING locked WHERE o.id = locked.id RETURNING o.lane
      )
      SELECT (SELECT count(*) FROM found)::int AS found, count(*)::int AS removed, max(lane) AS lane FROM removed`
  }
}
