import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { TestDatabase } from "@atlas/test"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"

const docs = new URL("../../docs/operating.md", import.meta.url)

/** The grants that the documentation says a host's role needs. */
const documented = (role: string): ReadonlyArray<string> => {
  const [, block = ""] = /```sql\n([^`]*GRANT[^`]*)```/.exec(readFileSync(docs, "utf8")) ?? []
  return block
    .replaceAll("atlas_host", role)
    .split(";\n")
    .filter((statement) => statement.trim() !== "")
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const role = `atlas_host_${randomBytes(8).toString("hex")}`
  const password = randomBytes(16).toString("hex")
  yield* Effect.acquireRelease(sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`), () =>
    Effect.orDie(Effect.andThen(sql.unsafe(`DROP OWNED BY ${role}`), sql.unsafe(`DROP ROLE ${role}`)))
  )
  yield* Effect.forEach(documented(role), (grant) => sql.unsafe(grant))
  // The clock of tests, which hosts do not have.
  yield* sql.unsafe(`GRANT USAGE ON SCHEMA atlas_clock TO ${role}`)
  yield* sql.unsafe(`GRANT SELECT ON atlas_clock.ahead TO ${role}`)
  const url = new URL(Redacted.value(yield* TestDatabase.url))
  url.username = role
  url.password = password
  return Redacted.make(url.href)
})

/** The database for a role that owns no table, and has the rights that the documentation names. */
export class HostRole extends Context.Service<HostRole, Redacted.Redacted>()("test/queries/HostRole") {
  static readonly layer = Layer.effect(HostRole, make)

  /** One connection of that role, on which Postgres' own clock counts. */
  static readonly client = Layer.unwrap(
    Effect.map(HostRole, (url) =>
      PgClient.layer({ url, maxConnections: 1, startupParameters: { search_path: "public" } })
    )
  )
}
