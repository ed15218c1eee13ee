import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Runs } from "../../src/index.ts"
import { RunHours } from "../../src/ledger/reads/RunHours.ts"
import { contoso, contosoOnly, fabrikam, ledger, operator, outsider, Work } from "../Fixture.ts"

/** Runs that ended in the past, as a ledger of some age has them. */
const ended = (runs: ReadonlyArray<readonly [tenant: string, outcome: string, minutesAgo: number]>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`
      INSERT INTO operation_runs (id, workspace_id, tenant_id, type, status, outcome, actor, identity_rule, identity_key,
        identity_digest, view_capabilities, input, max_attempts, queued_at, completed_at)
      SELECT (left(time, 8) || '-' || right(time, 4) || '-7' || left(noise, 3) || '-8' || right(noise, 15))::uuid, 'northwind', tenant, 'test.work', 'completed', outcome, '{"id":"x","kind":"user","name":"x"}',
        'while_active', '', sha256(''), '{tenant.work.view}', '{}', 1, now() - minutes * interval '1 minute', now() - minutes * interval '1 minute'
      FROM unnest(${runs.map(([tenant]) => tenant)}::text[], ${runs.map(([, outcome]) => outcome)}::text[],
        ${runs.map(([, , minutes]) => minutes)}::int[]) AS r(tenant, outcome, minutes),
        lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - minutes * 60000), 12, '0') AS time,
        LATERAL (SELECT substr(md5(random()::text || minutes), 1, 18) AS noise) n`
  })

const counts = (actor = operator, filter = {}, hours = 24) =>
  Effect.gen(function* () {
    const answer = yield* Runs.use((runs) => runs.ended(actor, filter, hours))
    const totals: Record<string, number> = {}
    for (const { outcome, runs } of answer) totals[outcome] = (totals[outcome] ?? 0) + runs
    return totals
  })

const clear = SqlClient.SqlClient.use((sql) =>
  Effect.all([sql`DELETE FROM operation_runs`, sql`TRUNCATE operation_run_hours`])
)

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("the hours of ended runs", (it) => {
  it.effect("are exact before, while and after runs are counted", () =>
    Effect.gen(function* () {
      yield* ended([
        [contoso, "succeeded", 1],
        [contoso, "succeeded", 2],
        [fabrikam, "failed", 90]
      ])
      const expected = { succeeded: 2, failed: 1 }
      assert.deepStrictEqual(yield* counts(), expected)
      yield* RunHours.use(({ count }) => count)
      assert.deepStrictEqual(yield* counts(), expected)
      yield* ended([[contoso, "cancelled", 0]])
      assert.deepStrictEqual(yield* counts(), { ...expected, cancelled: 1 })
      yield* RunHours.use(({ count }) => count)
      assert.deepStrictEqual(yield* counts(), { ...expected, cancelled: 1 })
      yield* clear
    })
  )

  it.effect("count each run once, however many count at the same time", () =>
    Effect.gen(function* () {
      yield* ended(Array.from({ length: 12_000 }, (_, index) => [contoso, "succeeded", index % 1_000] as const))
      const check = Effect.map(counts(operator, {}, 48), (totals) =>
        assert.deepStrictEqual(totals, { succeeded: 12_000 })
      )
      const counting = Effect.all(
        Array.from({ length: 6 }, () => RunHours.use(({ count }) => count)),
        { concurrency: "unbounded" }
      )
      yield* Effect.all([counting, Effect.repeat(check, { times: 20 })], { concurrency: "unbounded" })
      yield* check
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT FROM operation_runs WHERE NOT counted`, [])
      yield* clear
    })
  )

  it.effect("stay exact when whoever counts dies in the middle", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* ended(Array.from({ length: 3_000 }, () => [contoso, "failed", 3] as const))
      const { count } = yield* RunHours
      for (let attempt = 0; attempt < 5; attempt++) {
        // Its connection is cut, before or after the statement ended.
        const cut = sql`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%operation_run_hours%'`
        yield* Effect.all([Effect.exit(count), Effect.delay(Effect.exit(cut), attempt * 4)], { concurrency: 2 })
        assert.deepStrictEqual(yield* counts(), { failed: 3_000 })
      }
      yield* count
      assert.deepStrictEqual(yield* counts(), { failed: 3_000 })
      yield* clear
    })
  )

  it.effect("show each what that one may see, of the type and tenant that is asked for", () =>
    Effect.gen(function* () {
      yield* ended([
        [contoso, "succeeded", 1],
        [fabrikam, "failed", 1]
      ])
      for (const _ of ["uncounted", "counted"]) {
        assert.deepStrictEqual(yield* counts(operator), { succeeded: 1, failed: 1 })
        assert.deepStrictEqual(yield* counts(contosoOnly), { succeeded: 1 })
        assert.deepStrictEqual(yield* counts(contosoOnly, { tenant: fabrikam }), {})
        assert.deepStrictEqual(yield* counts(outsider), {})
        assert.deepStrictEqual(yield* counts(operator, { tenant: fabrikam, type: "test.work" }), { failed: 1 })
        assert.deepStrictEqual(yield* counts(operator, { type: "test.secret" }), {})
        yield* RunHours.use(({ count }) => count)
      }
      yield* clear
    })
  )

  it.effect("begin with full hours, the current one last", () =>
    Effect.gen(function* () {
      yield* ended([
        [contoso, "succeeded", 0],
        [contoso, "succeeded", 24 * 60]
      ])
      const [hour, ...others] = yield* Runs.use((runs) => runs.ended(operator, {}, 24))
      assert.deepStrictEqual(others, [])
      const now = yield* DateTime.now
      assert.strictEqual(hour && DateTime.formatIso(hour.hour), DateTime.formatIso(DateTime.startOf(now, "hour")))
      yield* clear
    })
  )
})

layer(ledger, { excludeTestServices: true, timeout: "60 seconds" })("a listing of a large ledger", (it) => {
  it.effect("asks an index for each filter", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* ended(
        Array.from({ length: 5_000 }, (_, index) => [index % 2 ? contoso : fabrikam, "succeeded", 1] as const)
      )
      yield* ended([[contoso, "failed", 1]])
      const runs = yield* Runs
      const from = DateTime.makeUnsafe("2020-01-01T00:00:00Z")
      const scans = yield* Effect.gen(function* () {
        for (const actor of [operator, contosoOnly]) {
          for (const filter of [
            {},
            { tenant: contoso },
            { type: "test.work" },
            { outcome: "failed" },
            { status: "active" },
            { actor: "nobody" },
            { reasonCode: "none" },
            { from }
          ] as const) {
            yield* runs.list(actor, filter, { cursor: null, limit: 50 })
          }
        }
        return yield* sql<{ seq: number }>`
          SELECT seq_scan::int AS seq FROM pg_stat_xact_user_tables WHERE relname = 'operation_runs'`
      }).pipe(sql.withTransaction)
      assert.deepStrictEqual(scans, [{ seq: 0 }])
    })
  )

  it.effect("shows what was asked for within a time, by a person, for a reason", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const sql = yield* SqlClient.SqlClient
      const { run } = yield* runs.start(operator, Work, { tenantId: contoso, input: { key: "here" } })
      const list = (filter: Parameters<typeof runs.list>[1]) =>
        Effect.map(runs.list(operator, filter, { cursor: null, limit: 50 }), ({ runs: found }) =>
          found.some(({ id }) => id === run.id)
        )
      const now = yield* DateTime.now
      const [before, after] = [DateTime.subtract(now, { minutes: 1 }), DateTime.add(now, { minutes: 1 })]
      assert.isTrue(yield* list({ from: before, to: after, actor: operator.id, status: "active" }))
      assert.isFalse(yield* list({ from: after }))
      assert.isFalse(yield* list({ to: before }))
      assert.isFalse(yield* list({ actor: "someone else" }))
      yield* runs.cancel(operator, run.id)
      assert.isFalse(yield* list({ status: "active" }))
      assert.isTrue(yield* list({ reasonCode: "operation_cancelled", outcome: "cancelled" }))
      assert.isFalse(yield* list({ reasonCode: "run_stale" }))
      yield* sql`DELETE FROM operation_runs`
    })
  )
})
