import { fileURLToPath } from "node:url"
import { freePort, spawnServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"

/** What a server that cannot start says. */
const refusal = Effect.fnUntraced(function* (settings: Readonly<Record<string, string>>) {
  const url = Redacted.value(yield* TestDatabase.url)
  const server = yield* spawnServer({ DATABASE_URL: url, PORT: String(yield* freePort), ...settings })
  assert.strictEqual(yield* server.ended, 1)
  return server.output()
}, Effect.scoped)

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })("a server that cannot start", (it) => {
  it.effect("says in one sentence that its data folder is a file", () =>
    Effect.gen(function* () {
      const said = yield* refusal({ ATLAS_DATA_DIR: fileURLToPath(import.meta.url) })
      assert.match(said, /^The generated secret cannot be kept \(Error: EEXIST.*\): set ATLAS_DATA_DIR to a folder/)
      assert.lengthOf(said.trim().split("\n"), 1)
    })
  )

  it.effect("says why the database refuses it, and not with which user and password", () =>
    Effect.gen(function* () {
      const url = new URL(Redacted.value(yield* TestDatabase.url))
      url.pathname = "/nowhere"
      assert.strictEqual(
        yield* refusal({ DATABASE_URL: url.href }),
        "The database cannot be used: there is no database of that name (3D000).\n"
      )
      url.username = "somebody"
      url.password = "hunter2"
      assert.match(
        yield* refusal({ DATABASE_URL: url.href }),
        /^The database cannot be used: .*password.* \(28P01\)\.\n$/
      )
    })
  )

  it.effect("says what it did not foresee", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`ALTER TABLE workspaces RENAME TO elsewhere`
      assert.include(yield* refusal({}), 'relation "workspaces" does not exist')
    })
  )
})
