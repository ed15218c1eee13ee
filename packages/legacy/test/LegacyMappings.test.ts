import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { LegacyMappings, LegacyRuns } from "../src/index.ts"
import { contoso, GroupsSync, historian, insertOld, operator, records } from "./Fixture.ts"

const [first, second, foreign] = [1, 2, 3].map((n) => `77777777-0000-4000-8000-00000000000${n}`) as [
  string,
  string,
  string
]
const table = "entra_group_sync_runs"
const runOf = (id: string) =>
  Effect.map(
    LegacyRuns.use(({ get }) => get(historian, table, id)),
    ({ operationRunId }) => operationRunId
  )

layer(records, { excludeTestServices: true, timeout: "60 seconds" })("mapping old records", (it) => {
  it.effect("writes all mappings, or none and says why", () =>
    Effect.gen(function* () {
      const { map } = yield* LegacyMappings
      yield* insertOld(first, contoso)
      yield* insertOld(foreign, "fabrikam")
      const { run } = yield* Runs.use((runs) => runs.start(operator, GroupsSync, { tenantId: contoso, input: {} }))
      const good = { table, id: first, runId: run.id } as const
      const noRun = "01900000-0000-7000-8000-000000000000"
      const misfits = yield* map(
        [
          good,
          { ...good, id: "unknown" },
          { ...good, table: "inventory_sync_runs" },
          { ...good, runId: noRun },
          { ...good, id: foreign }
        ],
        { dryRun: false }
      )
      assert.deepStrictEqual(
        misfits.map(({ index, problem }) => [index, problem]),
        [
          [1, "there is no record unknown"],
          [2, `there is no record ${first}`],
          [3, `there is no run ${noRun}`],
          [4, "the run is of another tenant"]
        ]
      )
      assert.isNull(yield* runOf(first))
      assert.deepStrictEqual(yield* map([good], { dryRun: true }), [])
      assert.isNull(yield* runOf(first))
      assert.deepStrictEqual(yield* map([good], { dryRun: false }), [])
      assert.strictEqual(yield* runOf(first), run.id)
    })
  )

  it.effect("finds the records that the context of exactly one run names", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { matches } = yield* LegacyMappings
      yield* insertOld(second, contoso)
      assert.deepStrictEqual(yield* matches, [])
      const continued = (legacyId: string) =>
        Runs.use((runs) => runs.start(operator, GroupsSync, { tenantId: contoso, input: {}, context: { legacyId } }))
      yield* sql`DELETE FROM operation_runs`
      const { run } = yield* continued(second)
      assert.deepStrictEqual(
        (yield* matches).map(({ id, runId, table: found }) => [found, id, runId]),
        [[table, second, run.id]]
      )
    })
  )
})
