import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { BackupOperations, BackupSchedules, DueBackups, ScheduleChanged } from "../../src/index.ts"
import { ada, disconnected, intune } from "../Fixture.ts"

const tenant = "contoso"
const settings = { name: "Often", cron: "* * * * *", timeZone: "UTC", missed: "skip" }

/** A schedule that waits for a time so many minutes ago. */
const dueSince = Effect.fnUntraced(function* (minutes: number, more: object = {}) {
  const sql = yield* SqlClient.SqlClient
  const { id } = yield* BackupSchedules.use((all) => all.create(ada, tenant, { ...settings, ...more }))
  const [row] = yield* sql<{ at: Date }>`
    UPDATE backup_schedules SET next_fire_at = date_trunc('minute', now()) - make_interval(mins => ${minutes}::int)
    WHERE id = ${id}::uuid RETURNING next_fire_at AS at`
  return { id, first: DateTime.fromDateUnsafe(row!.at) }
})

/** The times that were decided, with what became of each; the oldest first. */
const slotsOf = (id: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ at: Date; state: string; run: string | null }>`
      SELECT fire_time AS at, state, run_id::text AS run FROM backup_schedule_slots WHERE schedule_id = ${id}::uuid
      ORDER BY fire_time`
  )

const change = {
  "is changed": (id: string) => BackupSchedules.use((all) => all.update(ada, tenant, id, "any", { cron: "0 0 1 1 *" })),
  "is paused": (id: string) => BackupSchedules.use((all) => all.pause(ada, tenant, id, "any", true)),
  "is paused with its settings": (id: string) =>
    BackupSchedules.use((all) => all.update(ada, tenant, id, "any", { paused: true })),
  "is deleted": (id: string) => BackupSchedules.use((all) => all.remove(ada, tenant, id, "any"))
}

layer(intune([{ tenantId: tenant }]), { excludeTestServices: true, timeout: "60 seconds" })("a schedule", (it) => {
  for (const [what, make] of Object.entries(change)) {
    it.effect(`that ${what} has decided about every time until then, as the scheduler would`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { first, id } = yield* dueSince(20)
        yield* make(id)
        const slots = yield* slotsOf(id)
        assert.isAtLeast(slots.length, 21)
        assert.deepStrictEqual(slots[0]?.at, DateTime.toDateUtc(first))
        // More than five minutes ago is missed; one of the others starts a run, which is in the way of those after it.
        const states = slots.map(({ state }) => state)
        const count = (state: string) => states.filter((each) => each === state).length
        assert.isAtLeast(count("missed"), 14)
        assert.strictEqual(count("dispatched"), 1)
        assert.strictEqual(count("missed") + count("overlapped") + 1, slots.length)
        assert.isTrue(slots.every(({ run, state }) => (run === null) === (state === "missed")))
        const runs = yield* sql<{ id: string; actor: string }>`
          SELECT id::text, actor ->> 'kind' AS actor FROM operation_runs
          WHERE type = ${BackupOperations.scheduled.name} AND context ->> 'schedule' = ${id}`
        assert.deepStrictEqual(
          runs.map(({ actor, id: run }) => [run, actor]),
          [[slots.find(({ state }) => state === "dispatched")!.run!, "system"]]
        )
        // Nothing of it is decided a second time.
        yield* DueBackups.tickOnce
        assert.deepStrictEqual((yield* slotsOf(id)).slice(0, slots.length), slots)
      })
    )
  }

  it.effect("that is weeks overdue has decided about each of its times, and makes up for the newest", () =>
    Effect.gen(function* () {
      const minutes = 10_000
      const { first, id } = yield* dueSince(minutes, { missed: "all", missedLimit: 100 })
      yield* change["is changed"](id)
      const slots = yield* slotsOf(id)
      assert.isAtLeast(slots.length, minutes + 1)
      assert.isTrue(
        slots.every(({ at }, index) => at.getTime() === DateTime.toEpochMillis(first) + index * 60_000),
        "each minute has its slot"
      )
      const missed = slots.findIndex(({ state }) => state !== "missed")
      assert.isTrue(slots.slice(missed).every(({ state }) => state !== "missed"))
      assert.strictEqual(slots.filter(({ state }) => state === "dispatched").length, 100)
    })
  )

  it.effect("that is resumed has skipped the times until then", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* dueSince(3)
      yield* sql`UPDATE backup_schedules SET paused = true WHERE id = ${id}::uuid`
      yield* BackupSchedules.use((all) => all.pause(ada, tenant, id, "any", false))
      const slots = yield* slotsOf(id)
      assert.isAtLeast(slots.length, 4)
      assert.isTrue(slots.every(({ state }) => state === "skipped"))
    })
  )

  it.effect("that is not due, or is not changed, has decided about nothing", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const { id: waiting } = yield* schedules.create(ada, tenant, { ...settings, cron: "0 0 1 1 *" })
      yield* schedules.update(ada, tenant, waiting, "any", { cron: "0 0 2 1 *" })
      assert.isEmpty(yield* slotsOf(waiting))
      const { id } = yield* dueSince(3)
      yield* schedules.update(ada, tenant, id, "any", { cron: settings.cron })
      yield* schedules.pause(ada, tenant, id, "any", false)
      assert.isEmpty(yield* slotsOf(id))
    })
  )

  it.effect("whose change fails has decided about nothing, and started nothing", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* dueSince(3)
      yield* sql`ALTER TABLE backup_schedules ADD CONSTRAINT unchanged CHECK (name <> 'Other') NOT VALID`
      const failed = BackupSchedules.use((all) => all.update(ada, tenant, id, "any", { name: "Other" }))
      assert.strictEqual((yield* Effect.exit(failed))._tag, "Failure")
      yield* sql`ALTER TABLE backup_schedules DROP CONSTRAINT unchanged`
      assert.isEmpty(yield* slotsOf(id))
      assert.isEmpty(yield* sql`SELECT FROM operation_runs WHERE context ->> 'schedule' = ${id}`)
    })
  )

  it.effect("that nobody can decide about is repaired by a change, and says what was missed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { first, id } = yield* dueSince(3)
      yield* sql`
        UPDATE backup_schedules SET time_zone = 'Atlantis', decide_after = now() + interval '5 minutes'
        WHERE id = ${id}::uuid`
      const { nextFireAt } = yield* BackupSchedules.use((all) =>
        all.update(ada, tenant, id, "any", { timeZone: "UTC" })
      )
      assert.isTrue(nextFireAt !== null && DateTime.isGreaterThan(nextFireAt, first))
      assert.deepStrictEqual(yield* slotsOf(id), [{ at: DateTime.toDateUtc(first), state: "missed", run: null }])
      // Nor does what was wrong with it keep it from its next time.
      const [row] = yield* sql<{ waits: boolean }>`
        SELECT decide_after IS NOT NULL AS waits FROM backup_schedules WHERE id = ${id}::uuid`
      assert.isFalse(row!.waits)
    })
  )

  it.effect("that is due starts its run, or a record of why not, when it is changed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      disconnected.add(tenant)
      const { id } = yield* dueSince(0)
      yield* BackupSchedules.use((all) => all.update(ada, tenant, id, "any", { name: "Other" })).pipe(
        Effect.ensuring(Effect.sync(() => disconnected.delete(tenant)))
      )
      const [first] = yield* slotsOf(id)
      const [run] = yield* sql<{ outcome: string }>`SELECT outcome FROM operation_runs WHERE id = ${first!.run}::uuid`
      assert.deepStrictEqual([first!.state, run!.outcome], ["dispatched", "blocked"])
    })
  )

  it.effect("that is due has each time decided once, by whoever comes first: schedulers or editors", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* dueSince(0)
      const edit = (name: string) => BackupSchedules.use((all) => all.update(ada, tenant, id, "any", { name }))
      yield* Effect.all(
        Array.from({ length: 6 }, (_, index) => [DueBackups.tickOnce, Effect.asVoid(edit(`Name ${index}`))]).flat(),
        { concurrency: "unbounded" }
      )
      const started = (yield* slotsOf(id)).filter(({ state }) => state === "dispatched")
      const runs = yield* sql<{ id: string }>`
        SELECT id::text FROM operation_runs
        WHERE type = ${BackupOperations.scheduled.name} AND context ->> 'schedule' = ${id}`
      assert.isNotEmpty(started)
      assert.sameMembers(
        runs.map((run) => run.id),
        started.map(({ run }) => run!)
      )
    })
  )

  it.effect("that twelve people change at once is changed by one of them, and the others are told", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const { id, version } = yield* schedules.create(ada, tenant, { ...settings, cron: "0 0 1 1 *" })
      const edits = yield* Effect.all(
        Array.from({ length: 12 }, (_, index) =>
          Effect.result(schedules.update(ada, tenant, id, version, { name: `Name ${index}` }))
        ),
        { concurrency: "unbounded" }
      )
      const [won, ...more] = edits.flatMap((edit) => (edit._tag === "Success" ? [edit.success] : []))
      assert.deepStrictEqual([won?.version, more.length], [version + 1, 0])
      assert.deepStrictEqual(yield* schedules.get(ada, tenant, id), won)
      const told = edits.flatMap((edit) => (edit._tag === "Failure" ? [edit.failure] : []))
      assert.lengthOf(told, 11)
      for (const refusal of told) {
        assert.instanceOf(refusal, ScheduleChanged)
        assert.deepInclude({ ...refusal }, { version: version + 1, changed: ["name"] })
      }
    })
  )

  it.effect("says what was changed since the version that somebody saw, and is then changed by nobody else", () =>
    Effect.gen(function* () {
      const schedules = yield* BackupSchedules
      const { id } = yield* schedules.create(ada, tenant, { ...settings, cron: "0 0 1 1 *" })
      yield* schedules.update(ada, tenant, id, 1, { keepLast: 5, paused: true })
      yield* schedules.update(ada, tenant, id, 3, { cron: "0 0 2 1 *", keepLast: 5 })
      const now = yield* schedules.get(ada, tenant, id)
      assert.strictEqual(now.version, 4)
      const stale = [
        [schedules.update(ada, tenant, id, 1, { name: "Mine" }), ["cron", "keepLast", "paused"]],
        [schedules.pause(ada, tenant, id, 3, false), ["cron"]],
        [schedules.remove(ada, tenant, id, 2), ["cron", "paused"]],
        [schedules.update(ada, tenant, id, 5, {}), []]
      ] as const
      for (const [change, changed] of stale) {
        const refusal = yield* Effect.flip(Effect.asVoid(change))
        assert.instanceOf(refusal, ScheduleChanged)
        assert.deepStrictEqual([refusal.version, refusal.changed], [4, changed])
      }
      assert.deepStrictEqual(yield* schedules.get(ada, tenant, id), now)
      // What changes nothing raises no version.
      assert.strictEqual((yield* schedules.update(ada, tenant, id, 4, { keepLast: 5 })).version, 4)
      assert.strictEqual((yield* schedules.pause(ada, tenant, id, 4, true)).version, 4)
    })
  )

  it.effect("keeps its version while the scheduler decides, and its backups expire", () =>
    Effect.gen(function* () {
      const { id } = yield* dueSince(1)
      yield* DueBackups.tickOnce
      assert.isNotEmpty(yield* slotsOf(id))
      assert.strictEqual((yield* BackupSchedules.use((all) => all.get(ada, tenant, id))).version, 1)
    })
  )
})
