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

  it.effect("says what it did not foresee", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`ALTER TABLE workspaces RENAME TO elsewhere`
      assert.include(yield* refusal({}), 'relation "workspaces" does not exist')
    })
  )
})
