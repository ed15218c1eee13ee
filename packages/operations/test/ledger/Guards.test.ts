import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Run } from "../../src/index.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import { claim, complete, ledger, Plain, start } from "../starting/StartTypes.ts"

/** The database refuses it, by a rule of its own. */
const refused = Effect.fnUntraced(function* <R>(change: Effect.Effect<unknown, SqlError.SqlError, R>, what: string) {
  const result = yield* Effect.result(change)
  assert.strictEqual(result._tag, "Failure", what)
  if (result._tag === "Failure") assert.include(JSON.stringify(result.failure.reason), "23001", what)
})

const set = Effect.fnUntraced(function* ({ id }: Run, assignment: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.unsafe(`UPDATE operation_runs SET ${assignment} WHERE id = '${id}'`)
})

const columns = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ name: string; type: string }>`
      SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
      WHERE attrelid = 'operation_runs'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    (rows) => rows
  )
)

/** Another value for a column, as SQL, that no constraint forbids by itself. */
const other: Readonly<Record<string, string>> = {
  text: `'other'`,
  jsonb: `'{"id":"other"}'`,
  bytea: `sha256('other')`,
  "text[]": "'{workspace.other}'",
  uuid: `'01890000-0000-7000-8000-00000000000b'`,
  boolean: "NOT coalesce($, false)",
  integer: "coalesce($, 0) + 1",
  smallint: "1 - coalesce($, 0)",
  bigint: "$ + 1",
  "timestamp with time zone": "now() - interval '1 day'"
}

const ended = Effect.fnUntraced(function* (key: string) {
  const claimed = yield* claim(Plain, (yield* start(Plain, key)).run)
  yield* complete(claimed)
  return claimed.run
})

layer(ledger, { excludeTestServices: true })("the database", (it) => {
  it.effect("refuses to change any column of a completed run, also one that is added later", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`ALTER TABLE operation_runs ADD COLUMN added_later text`
      const run = yield* ended("ended")
      for (const { name, type } of yield* columns) {
        const value = (other[type] ?? "").replaceAll("$", name)
        assert.notStrictEqual(value, "", type)
        if (name !== "counted") yield* refused(set(run, `${name} = ${value}`), name)
      }
      yield* refused(
        set(run, "status = 'queued', outcome = 'pending', completed_at = NULL, fence = fence + 1"),
        "again"
      )
      yield* refused(set(run, "last_event = last_event + 1"), "an event without a version")
      yield* refused(set(run, "version = version + 1"), "a version without an event")
      yield* refused(set(run, "version = version - 1, last_event = last_event - 1"), "an event less")
      yield* refused(set(run, "version = version + 1, last_event = last_event + 1"), "both, without the event")
      yield* sql`ALTER TABLE operation_runs DROP COLUMN added_later`
    })
  )

  it.effect("lets a completed run be joined, counted, and lose the relatives that retention removes", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [relative, run] = [yield* ended("relative"), yield* start(Plain, "related")]
      yield* sql`INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key,
          identity_digest, input, max_attempts, view_capabilities, retry_of, superseded_by, status, outcome, completed_at)
        SELECT '01890000-0000-7000-8000-00000000000b', workspace_id, tenant_id, type, actor, identity_rule, identity_key,
          identity_digest, input, max_attempts, view_capabilities, id, id, 'completed', 'cancelled', now()
        FROM operation_runs WHERE id = ${relative.id}::uuid`
      const related = { ...run.run, id: "01890000-0000-7000-8000-00000000000b" } as Run
      yield* refused(set(related, "retry_of = NULL"), "a relative that is there")
      yield* refused(set(related, "superseded_by = NULL"), "a replacement that is there")
      yield* sql`DELETE FROM operation_runs WHERE id = ${relative.id}::uuid`
      yield* sql`WITH r AS (
          UPDATE operation_runs SET version = version + 1, last_event = last_event + 1 WHERE id = ${related.id}::uuid
          RETURNING id, last_event
        ) INSERT INTO operation_run_events (run_id, seq, kind) SELECT id, last_event, 'joined' FROM r`
      yield* set(related, "counted = true")
      yield* refused(set(related, "counted = false"), "not counted")
      const [row] = yield* sql`SELECT retry_of AS retry, superseded_by AS replaced, version, counted FROM operation_runs
        WHERE id = ${related.id}::uuid`
      assert.deepStrictEqual({ ...row }, { retry: null, replaced: null, version: 2, counted: true })
    })
  )

  it.effect("keeps of a queued and of a running run what was started, and lowers nothing", () =>
    Effect.gen(function* () {
      const queued = (yield* start(Plain, "queued")).run
      const claimed = yield* claim(Plain, (yield* start(Plain, "running")).run)
      const running = claimed.run
      for (const run of [queued, running]) {
        for (const change of [
          `actor = '{"id":"x","kind":"user","name":"x"}'`,
          "workspace_id = 'other'",
          "tenant_id = NULL",
          "type = 'test.other'",
          "input = '{}'",
          `input = '{"key": "${String((run.input as { key: string }).key)} "}'`,
          `context = '{"schedule":"x"}'`,
          "identity_rule = 'once'",
          "identity_key = ''",
          "identity_digest = sha256('')",
          "active_digest = NULL",
          "view_capabilities = '{workspace.other}'",
          "queued_at = now() - interval '1 day'",
          "retry_of = id",
          "fence = fence - 1",
          "version = version - 1",
          "last_event = 0"
        ]) {
          yield* refused(set(run, change), `${run.status}: ${change}`)
        }
      }
      yield* refused(set(queued, "status = 'running', lease_until = now()"), "a claim without a fence")
      yield* refused(set(running, "status = 'queued', lease_until = NULL"), "a give-back without a fence")
      assert.isTrue(yield* RunLedger.use((writes) => writes.giveBack(claimed)))
    })
  )

  it.effect("empties no table of runs, and removes no event whose run is there", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const run = yield* ended("timeline")
      for (const table of ["operation_runs", "operation_run_events"]) {
        yield* refused(sql`TRUNCATE ${sql(table)} CASCADE`, table)
      }
      yield* refused(sql`DELETE FROM operation_run_events WHERE run_id = ${run.id}::uuid AND seq = 2`, "an event")
      yield* sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`
      assert.deepStrictEqual(yield* sql`SELECT FROM operation_run_events WHERE run_id = ${run.id}::uuid`, [])
    })
  )
})
