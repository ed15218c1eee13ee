import * as Pg from "../../src/pg.ts"
import { TestDatabase } from "@atlas/test"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { DefaultRetention, Operations, Operation } from "../../src/index.ts"
import { RunHours } from "../../src/ledger/reads/RunHours.ts"
import { RunRetention } from "../../src/ledger/RunRetention.ts"
import { access, contoso, fabrikam } from "../Fixture.ts"

const definition = {
  label: "Kept",
  description: "Kept for a while.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "while_active" }
} as const

const ByDays = Operation.make({ name: "kept.days", ...definition, retention: { days: 30 } })
const ByCount = Operation.make({ name: "kept.count", ...definition, retention: { count: 3 } })
const ByBoth = Operation.make({ name: "kept.both", ...definition, retention: { days: 30, count: 3 } })
const ByHost = Operation.make({ ...definition, name: "kept.host" })
const ForEver = Operation.make({ name: "kept.ever", ...definition, retention: {} })

const host = Operations.layer(ByDays, ByCount, ByBoth, ByHost, ForEver).pipe(
  Layer.provide(Layer.succeed(DefaultRetention, { days: 400 })),
  Layer.provideMerge(Layer.merge(access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

/** Completed runs that were started, and ended, some days ago; each with one event. */
const ended = (type: string, tenant: string | null, daysAgo: ReadonlyArray<number>, counted = true) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      WITH r AS (
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, status, outcome, actor, identity_rule, identity_key,
          identity_digest, view_capabilities, input, max_attempts, queued_at, completed_at, counted, last_event)
        SELECT (left(time, 8) || '-' || right(time, 4) || '-7' || left(noise, 3) || '-8' || right(noise, 15))::uuid,
          'northwind', ${tenant}::text, ${type}, 'completed', 'succeeded', '{"id":"x","kind":"user","name":"x"}',
          'while_active', '', sha256(''), '{tenant.test.view}', '{}', 1, now() - days * interval '1 day', now() - days * interval '1 day',
          ${counted}::boolean, 2
        FROM unnest(${daysAgo}::float8[]) WITH ORDINALITY AS r (days, nr),
          lpad(to_hex((extract(epoch FROM now()) * 1000 - days * 86400000)::bigint), 12, '0') AS time,
          LATERAL (SELECT substr(md5(random()::text || nr), 1, 18) AS noise) n
        RETURNING id
      )
      INSERT INTO operation_run_events (run_id, seq, kind) SELECT id, 2, 'completed' FROM r`
  )

/** The ages of what is there, in days, the youngest first. */
const ages = (type: string, tenant: string | null = contoso) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql<{ age: number }>`
        SELECT round(extract(epoch FROM now() - completed_at) / 86400)::int AS age FROM operation_runs
        WHERE type = ${type} AND tenant_id IS NOT DISTINCT FROM ${tenant}::text ORDER BY completed_at DESC`,
      (rows) => rows.map(({ age }) => age)
    )
  )

const remove = RunRetention.use((retention) => retention.remove)

layer(host, { excludeTestServices: true })("Completed runs", (it) => {
  it.effect("are kept for the days and up to the count of their type, in each tenant", () =>
    Effect.gen(function* () {
      yield* ended("kept.days", contoso, [1, 29, 31, 500])
      yield* ended("kept.days", null, [1, 31])
      yield* ended("kept.count", contoso, [1, 2, 3, 4, 900])
      yield* ended("kept.count", fabrikam, [700, 800])
      yield* ended("kept.both", contoso, [1, 2, 3, 4])
      yield* ended("kept.both", fabrikam, [1, 31])
      yield* ended("kept.host", contoso, [399, 401])
      yield* ended("kept.ever", contoso, [5_000])
      assert.strictEqual(yield* remove, 2 + 1 + 2 + 1 + 1 + 1)
      assert.deepStrictEqual(yield* ages("kept.days"), [1, 29])
      assert.deepStrictEqual(yield* ages("kept.days", null), [1])
      assert.deepStrictEqual(yield* ages("kept.count"), [1, 2, 3])
      assert.deepStrictEqual(yield* ages("kept.count", fabrikam), [700, 800])
      assert.deepStrictEqual(yield* ages("kept.both"), [1, 2, 3])
      assert.deepStrictEqual(yield* ages("kept.both", fabrikam), [1])
      assert.deepStrictEqual(yield* ages("kept.host"), [399])
      assert.deepStrictEqual(yield* ages("kept.ever"), [5_000])
      assert.strictEqual(yield* remove, 0)
    })
  )

  it.effect("go only once they are counted into their hour, and leave their start in the audit", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* ended("kept.days", "counted-later", [60], false)
      assert.strictEqual(yield* remove, 0)
      yield* RunHours.use(({ count }) => count)
      assert.strictEqual(yield* remove, 1)
      const [row] = yield* sql<{ action: string; hours: number; events: number }>`
        SELECT action, (SELECT sum(runs)::int FROM operation_run_hours WHERE tenant_id = 'counted-later') AS hours,
          (SELECT count(*)::int FROM operation_run_events e WHERE e.run_id = a.run_id) AS events
        FROM operation_audit a WHERE tenant_id = 'counted-later'`
      assert.deepStrictEqual(row, { action: "started", hours: 1, events: 0 })
    })
  )

  it.effect("that are many go in batches, each once, however many processes remove them", () =>
    Effect.gen(function* () {
      const tenants = ["a", "b", "c"]
      yield* Effect.forEach(tenants, (tenant) =>
        ended(
          "kept.count",
          tenant,
          Array.from({ length: 1_200 }, (_, index) => index)
        )
      )
      const removed = yield* Effect.all([remove, remove, remove, remove], { concurrency: "unbounded" })
      // One that finds all of a batch taken leaves the rest to the others; the next time gets what is left.
      const rest = yield* remove
      assert.strictEqual(
        removed.reduce((sum, each) => sum + each, rest),
        3 * 1_197
      )
      for (const tenant of tenants) assert.deepStrictEqual(yield* ages("kept.count", tenant), [0, 1, 2])
    })
  )

  it.effect("alone can be counted, and so removed: the database refuses it of others", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const refusal = yield* Effect.flip(sql`
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
          view_capabilities, input, max_attempts, counted)
        VALUES ('01890000-0000-7000-8000-000000000000', 'northwind', 'contoso', 'kept.days', '{}', 'while_active', '',
          sha256(''), '{tenant.test.view}', '{}', 1, true)`)
      assert.strictEqual(refusal.reason._tag, "ConstraintError")
    })
  )
})

describe("A definition", () => {
  it("that keeps nothing, or a part of a run, is refused", () => {
    for (const retention of [{ days: 0 }, { count: 0 }, { count: 1.5 }, { days: Number.NaN }]) {
      assert.throws(() => Operation.make({ name: "kept.wrong", ...definition, retention }), /retention/)
    }
  })
})
