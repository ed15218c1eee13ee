import { assertRefusesHostileCalls, servicesOf } from "@atlas/test"
import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { LegacyMappings, LegacyRuns } from "../src/index.ts"
import * as index from "../src/index.ts"
import { contoso, historian, insertOld, records } from "./Fixture.ts"

const id = "77777777-0000-4000-8000-000000000001"
const run = "01900000-0000-7000-8000-000000000000"
const table = "entra_group_sync_runs"

const mapped = SqlClient.SqlClient.use(
  (sql) => sql`SELECT count(*) FROM entra_group_sync_runs WHERE operation_run_id IS NOT NULL`
)

it("Every service of the index is tried", () =>
  assert.sameMembers([...servicesOf(index)], ["LegacyMappings", "LegacyRuns"]))

layer(records, { excludeTestServices: true })("the public functions of the history", (it) => {
  it.effect("answer or refuse every call with a type", () =>
    Effect.gen(function* () {
      yield* insertOld(id, contoso)
      const calls = { get: [historian, table, id], list: [historian, table, contoso, { before: null, limit: 10 }] }
      yield* assertRefusesHostileCalls(yield* LegacyRuns, calls, { recorded: mapped })
      const { map } = yield* LegacyMappings
      yield* assertRefusesHostileCalls(
        { map },
        { map: [[{ table, id, runId: run }], { dryRun: false }] },
        { recorded: mapped }
      )
    })
  )
})
