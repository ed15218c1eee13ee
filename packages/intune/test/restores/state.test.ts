import { readFileSync } from "node:fs"
import { inspect } from "node:util"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError } from "effect/sql"
import { RestoreState, restoreSteps, type RestoreState as State } from "../../src/index.ts"
import { makeRestoreState, type RestoreStep, statesBefore } from "../../src/restores/state.ts"
import { ada, intune, scopeOf } from "../Fixture.ts"

const tenant = scopeOf("states")
const states: ReadonlyArray<State> = RestoreState.literals
const steps = Object.keys(restoreSteps) as ReadonlyArray<RestoreStep>

/** Where a step leads from a state; itself where it cannot be taken. */
const after = (step: RestoreStep, state: State): State =>
  (restoreSteps[step] as Partial<Record<State, State>>)[state] ?? state

/** The steps that lead to each state, from the beginning. */
const ways: Readonly<Record<State, ReadonlyArray<RestoreStep>>> = {
  planning: [],
  planned: ["plan"],
  confirmed: ["plan", "confirm"],
  running: ["plan", "confirm", "begin"],
  done: ["plan", "confirm", "begin", "finish"],
  archived: ["archive"]
}

const take = Effect.fnUntraced(function* (id: string, step: RestoreStep) {
  const restore = { tenant, id }
  const run = SecureRandom.uuidV7Unsafe() as never
  const state = yield* makeRestoreState
  if (step === "confirm") return yield* state.confirm(restore, ada)
  if (step === "begin") return (yield* state.begin(restore, run)) !== null
  if (step === "preview" || step === "start") return yield* state[step](restore, run)
  return yield* state[step](restore)
})

/** A restore of one policy in a state, whatever backup it is of. */
const restoreIn = Effect.fnUntraced(function* (state: State) {
  const sql = yield* SqlClient.SqlClient
  const [backup, id] = [SecureRandom.uuidV7Unsafe(), SecureRandom.uuidV7Unsafe()]
  const { tenantId, workspaceId } = tenant
  yield* sql`
    INSERT INTO policy_snapshots (workspace_id, tenant_id, hash, body, size)
    VALUES (${workspaceId}, ${tenantId}, sha256('content'), 'x', 1) ON CONFLICT DO NOTHING`
  yield* sql`
    INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, name)
    VALUES (${backup}::uuid, ${workspaceId}, ${tenantId}, 'import', 'Import')`
  yield* sql`
    INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, created_by, plan_digest, request_digest)
    VALUES (${id}::uuid, ${workspaceId}, ${tenantId}, ${backup}::uuid, true, '{}', sha256(${id}::text::bytea), sha256('x'))`
  yield* sql`
    INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, title, content_hash)
    VALUES (${id}::uuid, 'scope_tags', '1', ${workspaceId}, ${tenantId}, 'One', sha256('content'))`
  for (const step of ways[state]) assert.isTrue(yield* take(id, step), step)
  return id
})

const stateOf = (id: string) =>
  SqlClient.SqlClient.use((sql) => sql<{ state: State }>`SELECT state FROM restores WHERE id = ${id}::uuid`).pipe(
    Effect.map(([row]) => row?.state)
  )

/** Whether a guard refuses a statement; any other failure is one of the test. */
const isRefused = (statement: Effect.Effect<unknown, SqlError.SqlError>) =>
  statement.pipe(
    Effect.as(false),
    Effect.catch((error) => (/ is refused: /.test(inspect(error)) ? Effect.succeed(true) : Effect.die(error)))
  )

layer(intune([]), { excludeTestServices: true, timeout: "60 seconds" })("A restore in the database", (it) => {
  describe("its state", () => {
    it.effect("is left by the steps that the table has for it, and by no other", () =>
      Effect.gen(function* () {
        for (const state of states) {
          for (const step of steps) {
            const id = yield* restoreIn(state)
            const allowed = statesBefore(step).includes(state)
            assert.strictEqual(yield* take(id, step), allowed, `${step} of a restore that is ${state}`)
            assert.strictEqual(yield* stateOf(id), after(step, state), `${step} of a restore that is ${state}`)
          }
        }
      })
    )

    it.effect("is guarded there by the same table, whoever writes", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        for (const from of states) {
          for (const to of states) {
            const id = yield* restoreIn(from)
            const everything = sql`
            UPDATE restores SET state = ${to}, planned_at = now(), confirmed_by = '{}', confirmed_at = now(),
              execute_run = ${id}::uuid, done_at = now(),
              archived_at = CASE ${to}::text WHEN 'archived' THEN now() END
            WHERE id = ${id}::uuid`
            // Of what is done, nothing else changes.
            const archives = sql`UPDATE restores SET state = 'archived', archived_at = now() WHERE id = ${id}::uuid`
            const over = from === "done" || from === "archived"
            const legal = over ? from === "done" && to === "archived" : steps.some((step) => after(step, from) === to)
            const statement = over && legal ? archives : everything
            assert.strictEqual(yield* isRefused(statement), !legal, `${from} to ${to}`)
          }
        }
      })
    )

    it.effect("is `planning` at first", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const id = yield* restoreIn("planning")

        const plannedAtOnce = sql`
        INSERT INTO restores SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'state', 'planned',
          'planned_at', now(), 'plan_digest', sha256('other')))).* FROM restores r WHERE id = ${id}::uuid`

        assert.isTrue(yield* isRefused(plannedAtOnce))
      })
    )
  })

  it.effect("keeps what was asked for, by whom, and of which policies", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const id = yield* restoreIn("planning")

      for (const [column, value] of [
        ["with_assignments", sql`false`],
        ["tenant_id", sql`'other'`],
        ["request_digest", sql`sha256('other')`],
        ["created_by", sql`'{"id":"other"}'`]
      ] as const) {
        const statement = sql`UPDATE restores SET ${sql(column)} = ${value} WHERE id = ${id}::uuid`
        assert.isTrue(yield* isRefused(statement), column)
      }
      const items = sql`UPDATE restore_items SET title = 'Other' WHERE restore_id = ${id}::uuid`
      assert.isTrue(yield* isRefused(items))
    })
  )

  it.effect("lets the plan of its policies change until it is planned, and their results until it is over", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      for (const state of states) {
        const id = yield* restoreIn(state)
        const change = (column: string, value: string) =>
          sql`UPDATE restore_items SET ${sql(column)} = ${value} WHERE restore_id = ${id}::uuid`
        const over = state === "done" || state === "archived"
        assert.strictEqual(yield* isRefused(change("action", "update")), state !== "planning", state)
        assert.strictEqual(yield* isRefused(change("result", "writing")), over, state)
        const added = sql`
          INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, title, content_hash)
          SELECT restore_id, source, '2', workspace_id, tenant_id, title, content_hash FROM restore_items
          WHERE restore_id = ${id}::uuid AND id = '1'`
        assert.strictEqual(yield* isRefused(added), state !== "planning", state)
      }
    })
  )

  it.effect(
    "stays, as does whatever else is kept: none is deleted or truncated, and secrets are only sealed anew",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* restoreIn("planning")
        const { tenantId, workspaceId } = tenant
        yield* sql`
        INSERT INTO policy_salts (workspace_id, tenant_id, key_id, sealed) VALUES (${workspaceId}, ${tenantId}, 'k', 'x')`
        yield* sql`
        INSERT INTO policy_secrets (workspace_id, tenant_id, fingerprint, key_id, sealed)
        VALUES (${workspaceId}, ${tenantId}, 'f', 'k', 'x')`
        yield* sql`
        INSERT INTO backup_schedules (id, workspace_id, tenant_id, name, cron, time_zone, skipped_time, repeated_time,
          missed, missed_limit, created_by)
        VALUES (${SecureRandom.uuidV7Unsafe()}::uuid, ${workspaceId}, ${tenantId}, 'Nightly', '0 2 * * *', 'UTC', 'later',
          'earlier', 'once', 3, '{}')`
        yield* sql`
        INSERT INTO backup_schedule_slots (schedule_id, fire_time, state, reason)
        SELECT id, now(), 'skipped', 'Paused' FROM backup_schedules`
        for (const table of [
          "restores",
          "restore_items",
          "backup_sets",
          "backup_schedules",
          "backup_schedule_slots",
          "policy_secrets",
          "policy_salts"
        ]) {
          assert.isTrue(yield* isRefused(sql`DELETE FROM ${sql(table)}`), `delete of ${table}`)
          assert.isTrue(yield* isRefused(sql`TRUNCATE ${sql(table)} CASCADE`), `truncate of ${table}`)
        }
        for (const table of ["backup_items", "policy_snapshots"]) {
          assert.isTrue(yield* isRefused(sql`TRUNCATE ${sql(table)} CASCADE`), `truncate of ${table}`)
        }
        // A new key seals what an old one sealed; what it is of stays.
        yield* sql`UPDATE policy_secrets SET sealed = 'y', key_id = 'l'`
        assert.isTrue(yield* isRefused(sql`UPDATE policy_secrets SET fingerprint = 'g'`))
      })
  )
})

it("The states of a restore are described as they are", () => {
  const text = readFileSync(new URL("../../../../docs/intune.md", import.meta.url), "utf8")
  for (const state of states) {
    const [, next = ""] = new RegExp(`^\\| \`${state}\` \\|[^|]*\\| ([^|]*) \\|$`, "m").exec(text) ?? []
    const described = [...next.matchAll(/`(\w+)`/g)].map(([, name]) => name)
    const others = new Set(steps.map((step) => after(step, state)).filter((other) => other !== state))
    assert.sameMembers(described, [...others], state)
  }
})
