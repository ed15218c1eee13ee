import { Postgres } from "@atlas/test"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { SqlClient } from "effect/sql"

describe("Postgres.server", () => {
  it.live.each(["14", "18"])("is of version %s if ATLAS_TEST_POSTGRES says so", (version) =>
    Effect.gen(function* () {
      const url = yield* Postgres.server
      const [row] = yield* SqlClient.SqlClient.use((sql) => sql<{ server_version: string }>`SHOW server_version`).pipe(
        Effect.provide(PgClient.layer({ url }))
      )
      assert.match(row!.server_version, new RegExp(`^${version}\\.`))
    }).pipe(
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ATLAS_TEST_POSTGRES: version }))),
      Effect.scoped
    )
  )
})
