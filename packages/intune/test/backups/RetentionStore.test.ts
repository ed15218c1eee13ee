import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { makeRetentionStore } from "../../src/backups/RetentionStore.ts"
import { BackupSchedules } from "../../src/index.ts"
import { ada, intune, scopeOf } from "../Fixture.ts"

const { tenantId, workspaceId } = scopeOf("contoso")

interface Rule {
  readonly keepLast: number | null
  readonly keepDays: number | null
}

/** A schedule for which it is time, and its backups of so many days ago, the oldest first. */
const scheduleOf = Effect.fnUntraced(function* (rule: Rule, days: ReadonlyArray<number>) {
  const sql = yield* SqlClient.SqlClient
  const schedules = yield* BackupSchedules
  const { id } = yield* schedules.create(ada, tenantId, {
    name: "Nightly",
    cron: "0 2 * * *",
    timeZone: "UTC",
    ...rule
  })
  const backups = days.map((ago) => ({ id: SecureRandom.uuidV7Unsafe(), ago }))
  yield* sql`
    INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, schedule_id, name, state, manifest_hash, sealed_at)
    SELECT id, ${workspaceId}, ${tenantId}, 'schedule', ${id}::uuid, 'Backup', 'complete', sha256('x'),
      now() - make_interval(days => ago)
    FROM json_to_recordset(${JSON.stringify(backups)}::json) AS b(id uuid, ago int)`
  yield* sql`UPDATE backup_schedules SET next_retention_at = now() WHERE id = ${id}::uuid`
  return { id, backups: backups.map((backup) => backup.id) }
})

/** Whether a look finds the schedule with backups to expire; undefined if it is not looked at. */
const look = Effect.fnUntraced(function* (id: string) {
  const store = yield* makeRetentionStore
  return (yield* store.look()).find((looked) => looked.id === id)?.expires
})

/** In how many days to look again; null for never. */
const daysToNext = Effect.fnUntraced(function* (id: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ days: number | null }>`
    SELECT extract(epoch FROM next_retention_at - now())::float8 / 86400 AS days FROM backup_schedules WHERE id = ${id}::uuid`
  return row?.days ?? null
})

const never: Rule = { keepLast: null, keepDays: null }

layer(intune([{ tenantId }]), { excludeTestServices: true, timeout: "60 seconds" })("retention", (it) => {
  it.effect("is not looked for again before there is something new", () =>
    Effect.gen(function* () {
      for (const [rule, days] of [
        [never, [400, 300]],
        [{ ...never, keepLast: 2 }, [2, 1]],
        [{ ...never, keepDays: 1 }, [90]],
        [{ ...never, keepDays: 1 }, []]
      ] as const) {
        const { id } = yield* scheduleOf(rule, days)
        assert.isFalse(yield* look(id))
        assert.isNull(yield* daysToNext(id))
        assert.isUndefined(yield* look(id))
      }
    })
  )

  it.effect("is looked for again when the days of a backup are over", () =>
    Effect.gen(function* () {
      const { id } = yield* scheduleOf({ ...never, keepDays: 10 }, [7, 4, 1])
      assert.isFalse(yield* look(id))
      assert.closeTo((yield* daysToNext(id)) ?? 0, 3, 0.1)
      // Of the two that are too many, the older one.
      const both = yield* scheduleOf({ keepLast: 1, keepDays: 10 }, [8, 6, 1])
      assert.isFalse(yield* look(both.id))
      assert.closeTo((yield* daysToNext(both.id)) ?? 0, 2, 0.1)
    })
  )

  it.effect("is looked for in every round until all that may expire have", () =>
    Effect.gen(function* () {
      const store = yield* makeRetentionStore
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* scheduleOf({ ...never, keepLast: 1 }, [3, 2, 1])
      assert.isTrue(yield* look(id))
      const days = (yield* daysToNext(id)) ?? 0
      assert.isTrue(days > 0 && days < 1 / 1_440, `${days}`)
      assert.strictEqual(yield* store.expire(id), 2)
      assert.strictEqual(yield* store.expire(id), 0)
      yield* sql`UPDATE backup_schedules SET next_retention_at = now() WHERE id = ${id}::uuid`
      assert.isFalse(yield* look(id))
      assert.isNull(yield* daysToNext(id))
    })
  )

  it.effect("waits for an open restore, and looks in every round whether it is over", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* makeRetentionStore
      const { backups, id } = yield* scheduleOf({ ...never, keepLast: 1 }, [2, 1])
      yield* sql`
        INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, created_by, plan_digest, request_digest)
        VALUES (${id}::uuid, ${workspaceId}, ${tenantId}, ${backups[0]}::uuid, true, '{}', sha256('a'), sha256('b'))`
      assert.isFalse(yield* look(id))
      assert.isBelow((yield* daysToNext(id)) ?? 1, 1 / 1_440)
      assert.strictEqual(yield* store.expire(id), 0)
      yield* sql`UPDATE restores SET state = 'archived', archived_at = now() WHERE id = ${id}::uuid`
      yield* sql`UPDATE backup_schedules SET next_retention_at = now() WHERE id = ${id}::uuid`
      assert.isTrue(yield* look(id))
    })
  )

  it.effect("is looked for once the settings have changed", () =>
    Effect.gen(function* () {
      const { id } = yield* scheduleOf(never, [2, 1])
      assert.isFalse(yield* look(id))
      yield* BackupSchedules.use((all) => all.update(ada, tenantId, id, "any", { keepLast: 1 }))
      assert.isTrue(yield* look(id))
    })
  )

  it.effect("is looked for by many at once, beside people who edit several schedules", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* makeRetentionStore
      const ids = yield* Effect.forEach(Array.from({ length: 12 }), () =>
        Effect.map(scheduleOf(never, []), ({ id }) => id)
      )
      const due = sql`UPDATE backup_schedules SET next_retention_at = now() WHERE id = ${ids[0]!}::uuid`
      // Each edit locks two, in whatever order their editor has them.
      const edit = (order: ReadonlyArray<string>) =>
        sql.withTransaction(
          Effect.forEach(order, (id) => sql`UPDATE backup_schedules SET updated_at = now() WHERE id = ${id}::uuid`)
        )
      for (let round = 0; round < 20; round++) {
        yield* sql`UPDATE backup_schedules SET next_retention_at = now() WHERE id = ANY(ARRAY(
          SELECT json_array_elements_text(${JSON.stringify(ids)}::json)::uuid))`
        yield* Effect.all([...Array.from({ length: 4 }, () => store.look()), edit(ids), edit(ids), due], {
          concurrency: "unbounded"
        })
      }
    })
  )

  it.effect("forgets nothing that happens while it is looked for", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* scheduleOf({ ...never, keepLast: 2 }, [2, 1])
      const [written, looked] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      // Another backup is sealed, and not committed before somebody has looked.
      const sealing = yield* sql`
        UPDATE backup_schedules SET next_retention_at = now() - interval '1 second' WHERE id = ${id}::uuid`.pipe(
        Effect.andThen(Deferred.succeed(written, undefined)),
        Effect.andThen(Deferred.await(looked)),
        sql.withTransaction,
        Effect.forkChild
      )
      yield* Deferred.await(written)
      assert.isUndefined(yield* look(id))
      yield* Deferred.succeed(looked, undefined)
      yield* Fiber.join(sealing)
      assert.isBelow((yield* daysToNext(id)) ?? 1, 0)
      assert.isFalse(yield* look(id))
    })
  )
})
