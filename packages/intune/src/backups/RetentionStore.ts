/**
 * The statements that find schedules with backups to expire, and let those expire. They authorise nobody: the scheduler and the
 * handler of retention run them. Database failures are defects.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient, type Statement } from "effect/sql"

/** A schedule that was looked at, in its tenant. */
export interface RetentionLook extends TenantScope {
  readonly id: string
  /** It has backups to expire. */
  readonly expires: boolean
}

// Few, so that transactions are short and the death of a worker costs little.
const setsAtOnce = 10

// Each is locked until the statement ends.
const schedulesAtOnce = 100

/** Makes the statements. */
export const makeRetentionStore = Effect.map(SqlClient.SqlClient, (sql) => {
  /**
   * Selects the backups that a schedule does not keep for their number: more than `keepLast` are newer, or it keeps by days only.
   * The newest complete backup is always kept. Says until when `keepDays` keeps each, and whether it is held: a restore of the
   * last seven days is open from it.
   *
   * @param schedule the id, as an expression
   */
  const surplus = (schedule: Statement.Fragment) => sql`
    SELECT ranked.id, ranked.sealed_at + make_interval(days => rule.keep_days) AS kept_until, EXISTS (
      SELECT FROM restores r WHERE r.set_id = ranked.id AND r.state NOT IN ('done', 'archived')
        AND r.created_at > now() - interval '7 days' OFFSET 0) AS held
    FROM backup_schedules rule, LATERAL (
      SELECT b.id, b.sealed_at, row_number() OVER (ORDER BY b.id DESC) AS place,
        b.id = first_value(b.id) OVER (ORDER BY b.state = 'complete' DESC, b.id DESC) AS is_newest
      FROM backup_sets b WHERE b.schedule_id = rule.id AND b.state IN ('complete', 'partial')
    ) ranked
    WHERE rule.id = ${schedule} AND NOT ranked.is_newest
      AND coalesce(ranked.place > rule.keep_last, rule.keep_days IS NOT NULL)`
  const isExpirable = sql.literal("NOT held AND coalesce(kept_until < now(), true)")

  /**
   * Looks at up to 100 schedules for which it is time, and notes when to look again: when a backup's days are over, or in the next
   * round if one can expire already or is held. A new backup and changed settings make it time at once. A schedule that somebody
   * else has locked is left for the next look: nobody waits, so that those who lock several cannot wait for each other.
   */
  const look = Effect.fn("RetentionStore.look")(
    () => sql<RetentionLook>`
      UPDATE backup_schedules s SET next_retention_at = looked.next
      FROM (
        SELECT id FROM backup_schedules WHERE next_retention_at <= now()
        ORDER BY next_retention_at LIMIT ${schedulesAtOnce} FOR NO KEY UPDATE SKIP LOCKED
      ) AS due, LATERAL (
        SELECT coalesce(bool_or(${isExpirable}), false) AS expires,
          min(greatest(kept_until, now() + interval '30 seconds')) AS next
        FROM (${surplus(sql`due.id`)}) AS surplus
      ) AS looked
      WHERE s.id = due.id
      RETURNING s.id::text, s.workspace_id AS "workspaceId", s.tenant_id AS "tenantId", looked.expires`,
    Effect.orDie
  )

  /** Lets up to ten backups of a schedule expire, and returns how many. */
  const expire = Effect.fn("RetentionStore.expire")(function* (schedule: string) {
    const expired = yield* sql`
      WITH expired AS (
        UPDATE backup_sets SET state = 'expired', expired_at = now() WHERE id = ANY (ARRAY(
          SELECT id FROM (${surplus(sql`${schedule}::uuid`)}) AS surplus WHERE ${isExpirable} LIMIT ${setsAtOnce}))
        RETURNING id
      ), emptied AS (
        DELETE FROM backup_items WHERE set_id = ANY (ARRAY(SELECT id FROM expired))
      ), forgotten AS (
        DELETE FROM backup_references WHERE set_id = ANY (ARRAY(SELECT id FROM expired))
      )
      SELECT FROM expired`
    return expired.length
  }, Effect.orDie)

  return { look, expire }
})
