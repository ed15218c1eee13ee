import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { SqlClient } from "effect/sql"
import * as Migrations from "../Migrations.ts"
import { database } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"

interface Finding {
  readonly state: "ok" | "warn" | "fail"
  readonly text: string
}

/** `atlas migrate`. */
export const migrateCommand = Command.make("migrate", {}, () =>
  Migrations.run.pipe(Effect.andThen(Console.log("The database has every migration.")), Effect.provide(database))
).pipe(Command.withDescription("Create or upgrade the tables"))

const checkVersion = Effect.map(
  SqlClient.SqlClient.use(
    (sql) => sql<{ version: number }>`SELECT current_setting('server_version_num')::int AS version`
  ),
  ([row]): Finding => {
    const version = Math.floor((row?.version ?? 0) / 10_000)
    return version >= 14
      ? { state: "ok", text: `Postgres ${version} answers.` }
      : { state: "fail", text: `Postgres ${version} is too old: Atlas needs 14 or newer.` }
  }
)

const checkMigrations = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const behind = yield* Effect.filter(Migrations.ledgers, ({ latest, table }) =>
    sql<{ applied: number }>`SELECT coalesce(max(migration_id), 0)::int AS applied FROM ${sql(table)}`.pipe(
      Effect.map(([row]) => (row?.applied ?? 0) < latest),
      Effect.orElseSucceed(() => true)
    )
  )
  const finding: Finding =
    behind.length === 0
      ? { state: "ok", text: "Every migration is applied." }
      : {
          state: "fail",
          text: `Migrations are missing (${behind.map(({ table }) => table).join(", ")}): run atlas migrate.`
        }
  return finding
})

const checkWork = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ workers: number; queued: number; waited: number }>`
    SELECT (SELECT count(*)::int FROM operation_workers WHERE stopped_at IS NULL AND last_seen > now() - interval '30 seconds')
        AS workers,
      (SELECT count(*)::int FROM operation_runs WHERE status = 'queued') AS queued,
      (SELECT coalesce(extract(epoch FROM now() - min(available_at)), 0)::int FROM operation_runs
        WHERE status = 'queued' AND available_at <= now()) AS waited`
  const { queued, waited, workers } = row ?? { queued: 0, waited: 0, workers: 0 }
  const findings: ReadonlyArray<Finding> = [
    workers > 0
      ? { state: "ok", text: `Workers alive: ${workers}.` }
      : {
          state: "warn",
          text: "No worker is alive: start a process with ATLAS_ROLE=worker or all, or nothing is executed."
        },
    waited <= 60
      ? { state: "ok", text: `Runs queued: ${queued}.` }
      : {
          state: "warn",
          text: `Runs queued: ${queued}; one has been due for ${waited} seconds. Start more workers, or give them more slots.`
        }
  ]
  return findings
})

const checkPeople = Effect.map(
  SqlClient.SqlClient.use(
    (sql) => sql<{ accounts: number; unreachable: number }>`
      SELECT count(*)::int AS accounts, count(*) FILTER (WHERE NOT EXISTS (
        SELECT FROM memberships m WHERE m.account_id = a.id))::int AS unreachable FROM accounts a`
  ),
  ([row]): Finding =>
    (row?.accounts ?? 0) > 0
      ? { state: "ok", text: `Accounts: ${row?.accounts}, of which ${row?.unreachable} belong to no workspace.` }
      : { state: "warn", text: "There is no account: nobody can sign in." }
)

const doctor = Effect.gen(function* () {
  const version = yield* checkVersion
  const migrations = yield* checkMigrations
  const rest = migrations.state === "ok" ? [...(yield* checkWork), yield* checkPeople] : []
  return [version, migrations, ...rest]
})

/** `atlas doctor`. */
export const doctorCommand = Command.make("doctor", {}, () =>
  Effect.gen(function* () {
    const findings: ReadonlyArray<Finding> = yield* doctor
    for (const { state, text } of findings) yield* Console.log(`${state.padEnd(4)}  ${text}`)
    const failed = findings.filter(({ state }) => state === "fail").length
    if (failed > 0) return yield* new CliProblem({ message: `${failed} of ${findings.length} checks failed.` })
  }).pipe(Effect.provide(database))
).pipe(Command.withDescription("Check settings, database, migrations, workers and queue"))
