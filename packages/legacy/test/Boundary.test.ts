import { assertRefusesHostileCalls, servicesOf } from "@atlas/test"
import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { LegacyRuns } from "../src/index.ts"
import * as index from "../src/index.ts"
import { contoso, historian, records } from "./Fixture.ts"

const unknownRecord = "01900000-0000-7000-8000-000000000000"
const recorded = SqlClient.SqlClient.use((sql) => sql`SELECT count(*) FROM operation_runs`)

it("Every service of the index is tried", () => assert.sameMembers([...servicesOf(index)], ["LegacyRuns"]))

layer(records, { excludeTestServices: true, timeout: "60 seconds" })("the reader of old records", (it) => {
  it.effect("answers or refuses every call with a type", () =>
    Effect.gen(function* () {
      yield* assertRefusesHostileCalls(
        yield* LegacyRuns,
        {
          get: [historian, "inventory_sync_runs", unknownRecord],
          list: [historian, "inventory_sync_runs", contoso, { before: null, limit: 10 }]
        },
        { recorded }
      )
    })
  )
})
