import { RunHandler } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { retention } from "./BackupOperations.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"

/**
 * Selects the backups that a schedule no longer keeps: neither `keepLast` nor `keepDays` keeps them. The newest complete backup
 * is always kept, and so is one from which a restore of the last seven days is open.
 *
 * @param schedule the id, as an expression
 */
export const expirable = (sql: SqlClient.SqlClient, schedule: Statement.Fragment): Statement.Fragment => sql`
  SELECT ranked.id FROM backup_schedules rule, LATERAL (
    SELECT b.id, b.sealed_at, row_number() OVER (ORDER BY b.id DESC) AS place,
      b.id = first_value(b.id) OVER (ORDER BY b.state = 'complete' DESC, b.id DESC) AS is_newest
    FROM backup_sets b WHERE b.schedule_id = rule.id AND b.state IN ('complete', 'partial')
  ) ranked
  WHERE rule.id = ${schedule} AND NOT ranked.is_newest AND NOT EXISTS (SELECT FROM restores r
      WHERE r.set_id = ranked.id AND r.state NOT IN ('done', 'archived')
        AND r.created_at > now() - interval '7 days')
    AND coalesce(ranked.place > rule.keep_last, rule.keep_days IS NOT NULL)
    AND coalesce(ranked.sealed_at < now() - make_interval(days => rule.keep_days), rule.keep_last IS NOT NULL)`

// Few, so that transactions are short and the death of a worker costs little.
const setsAtOnce = 10

/** Lets the backups of a schedule expire, a few at a time, then removes the contents that nothing refers to. */
export const retentionHandler = retention.toLayer(
  Effect.fn("BackupRetention")(function* (run) {
    const sql = yield* SqlClient.SqlClient
    const store = yield* PolicyStore
    let removed = run.run.summaryCounts.removed ?? 0
    for (;;) {
      const expired = yield* run.transaction(
        Effect.gen(function* () {
          const rows = yield* sql<{ id: string }>`
            UPDATE backup_sets SET state = 'expired', expired_at = now()
            WHERE id IN (${expirable(sql, sql`${run.input.schedule}::uuid`)} LIMIT ${setsAtOnce}) RETURNING id::text`
          if (rows.length > 0) {
            const ids = rows.map(({ id }) => id)
            yield* sql`DELETE FROM backup_items WHERE set_id = ANY(${ids}::uuid[])`
          }
          return rows.length
        }),
        (count) => ({ processed: removed + count, removed: removed + count })
      )
      if (expired === 0) break
      removed += expired
    }
    while ((yield* run.transaction(store.sweep(run.scope))) > 0) yield* Effect.yieldNow
    return RunHandler.succeeded
  })
)
