import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DirectoryCache } from "../../src/cache/DirectoryCache.ts"
import { scopeOf, shown, sync } from "../Fixture.ts"
import {
  assertExact,
  assertNoRoundLeft,
  assertSucceeded,
  firstGroups,
  injectInDelta,
  removeGroups,
  tenantsOf,
  withRequests
} from "./SyncFixture.ts"

const fixture = tenantsOf({
  gone: 300,
  notFound: 300,
  required: 300,
  unknown: 300,
  refused: 300,
  looping: 500,
  // Eight pages each.
  unchanged: 1_500,
  failing: 1_500,
  resumed: 1_500,
  lost: 1_500,
  empty: 12,
  // One percent of them is three.
  shorter: 300,
  tooShort: 300
})

const pagesOf = (requests: ReadonlyArray<string>) => requests.filter((path) => path === "groups/delta").length

layer(fixture, { excludeTestServices: true })("A sync that reads every group", (it) => {
  describe("does so if Graph", () => {
    const answers = {
      gone: ["says that the history is gone", Fault.deltaGone],
      notFound: ["does not find the state of the history", Fault.deltaSyncStateNotFound("syncStateNotFound")],
      required: ["asks for it", Fault.deltaSyncStateNotFound("resyncRequired")],
      unknown: ["does not know a link that it gave", Fault.status(404, "UnknownError", "")],
      refused: ["refuses a token that it gave", Fault.status(400, "Request_BadRequest", "Badly formed token.")]
    } as const
    for (const [tenant, [answer, fault]] of Object.entries(answers)) {
      it.effect(`${answer}: in the same attempt, and finds what was changed and removed meanwhile`, () =>
        Effect.gen(function* () {
          const graph = yield* FakeGraph
          yield* sync(tenant)
          const [removed, changed] = yield* firstGroups(tenant, 2)
          yield* graph.removeGroup(tenant, removed!.id)
          yield* graph.renameGroup(tenant, changed!.id, "Changed unseen")
          yield* injectInDelta(tenant, { fault, times: 1 })

          const run = yield* sync(tenant)

          assertSucceeded(run, { total: 299, processed: 299, created: 0, updated: 1, removed: 1 })
          assert.strictEqual(run.attempt, 0)
          yield* assertExact(tenant)
          // Nobody told whether it is in the bin.
          const { groups } = yield* DirectoryCache
          const [label] = yield* groups.labels(scopeOf(tenant), [removed!.id])
          assert.deepInclude({ ...label }, { displayName: removed!.displayName, removal: "unknown" })
        })
      )
    }

    it.effect("leads in circles through the history", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* sync("looping")
        // Three pages of changes, of which the second names itself as the next.
        for (const { id } of yield* firstGroups("looping", 450)) {
          yield* graph.renameGroup("looping", id, `Renamed ${id}`)
        }
        yield* injectInDelta("looping", { fault: Fault.nextLinkCycle, nth: 2 })

        const run = yield* sync("looping")

        assertSucceeded(run, { total: 500 })
        yield* assertExact("looping")
      })
    )
  })

  it.effect("does not rewrite the rows of groups that are as they were", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // Postgres' own: another version of a row has another place, and another transaction made it.
      const versions = sql`
        SELECT id, xmin::text, xmax::text, ctid::text FROM directory_groups WHERE tenant_id = 'unchanged' ORDER BY id`
      yield* sync("unchanged")
      const before = yield* versions

      const run = yield* sync("unchanged", { full: true })

      assertSucceeded(run, { processed: 1_500, created: 0, updated: 0, removed: 0 })
      assert.deepStrictEqual(yield* versions, before)
    })
  )

  describe("and breaks off", () => {
    it.effect("removes nothing, and leaves a new round to the next run", () =>
      Effect.gen(function* () {
        yield* sync("failing")
        yield* removeGroups("failing", 1)
        yield* injectInDelta("failing", { fault: Fault.status(403, "Authorization_RequestDenied"), nth: 3 })

        const run = yield* sync("failing", { full: true })

        assert.deepStrictEqual([run.outcome, run.reasonCode], ["failed", "provider_permission_denied"])
        assert.strictEqual((yield* shown("failing")).length, 1_500)
        assertSucceeded(yield* sync("failing"), { removed: 1 })
        yield* assertExact("failing")
        yield* assertNoRoundLeft("failing")
      })
    )

    it.effect("goes on after the last page that was stored, if the attempt is repeated", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* injectInDelta("resumed", { fault: Fault.shapelessBody, nth: 5, times: 2 })

        const { requests, result } = yield* withRequests(sync("resumed"))

        assert.deepInclude(result, { outcome: "succeeded", attempt: 1 })
        assertSucceeded(result, { total: 1_500, processed: 1_500, created: 1_500, updated: 0, removed: 0 })
        // Eight pages, of which one was not understood twice.
        assert.strictEqual(pagesOf(requests), 10)
        yield* assertExact("resumed")
        assert.deepStrictEqual(yield* sql`SELECT FROM directory_sightings WHERE tenant_id = 'resumed'`, [])
      })
    )

    /** What a round has seen is lost when its attempt fails: as a crash of the database does to unlogged tables. */
    const sightingsAreLost = Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE lost_sightings (id text)`
      yield* sql`
        CREATE FUNCTION lose_sightings() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          WITH lost AS (DELETE FROM directory_sightings WHERE tenant_id = NEW.tenant_id RETURNING id)
          INSERT INTO lost_sightings SELECT id FROM lost;
          RETURN NEW;
        END $$`
      yield* sql`
        CREATE TRIGGER lose_sightings AFTER UPDATE ON operation_runs FOR EACH ROW
        WHEN (NEW.tenant_id = 'lost' AND NEW.attempt > OLD.attempt) EXECUTE FUNCTION lose_sightings()`
    })

    it.effect("begins anew if what it had seen was lost", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sync("lost")
        yield* sightingsAreLost
        yield* injectInDelta("lost", { fault: Fault.shapelessBody, nth: 5, times: 2 })

        const { requests, result } = yield* withRequests(sync("lost", { full: true }))

        assert.isNotEmpty(yield* sql`SELECT id FROM lost_sightings`)
        assertSucceeded(result, { processed: 1_500, created: 0, updated: 0, removed: 0 })
        // Four pages, one that was not understood twice, and all eight again.
        assert.strictEqual(pagesOf(requests), 14)
        yield* assertExact("lost")
      })
    )
  })

  describe("and is told of fewer groups than Graph counts", () => {
    const answersCount = (tenant: string, count: number) =>
      FakeGraph.use((graph) =>
        graph.inject({
          fault: { _tag: "Status", status: 200, headers: { "content-type": "text/plain" }, body: String(count) },
          path: "/v1.0/groups/$count",
          tenant,
          // Before the first page, and before the last one is stored.
          times: 2
        })
      )

    it.effect("removes nothing, however small the directory is, and succeeds with the next attempt", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { origin } = yield* FakeGraph
        yield* sync("empty")
        const deltaLink = `${origin}/v1.0/groups/delta?$deltatoken=spoilt`
        const body = JSON.stringify({ value: [], "@odata.deltaLink": deltaLink })
        const nothing = { _tag: "Status" as const, status: 200, headers: { "content-type": "application/json" }, body }
        yield* injectInDelta("empty", { fault: nothing, times: 1 })

        const run = yield* sync("empty", { full: true })

        assert.deepStrictEqual([run.outcome, run.attempt], ["succeeded", 1])
        assert.strictEqual(run.failureSummary[0]?.message, "Graph listed 0 of 12 groups. Nothing was removed.")
        yield* assertExact("empty")
        const removed = yield* sql`SELECT FROM directory_groups WHERE tenant_id = 'empty' AND removed_at IS NOT NULL`
        assert.deepStrictEqual(removed, [])
      })
    )

    it.effect("bears one percent, since groups come and go meanwhile", () =>
      Effect.gen(function* () {
        yield* answersCount("shorter", 303)

        const run = yield* sync("shorter")

        assertSucceeded(run, { total: 303, processed: 300 })
      })
    )

    it.effect("does not bear more than one percent", () =>
      Effect.gen(function* () {
        yield* sync("tooShort")
        yield* answersCount("tooShort", 304)

        const run = yield* sync("tooShort", { full: true })

        assert.deepStrictEqual([run.attempt, run.failureSummary[0]?.reasonCode], [1, "provider_partial_result"])
      })
    )
  })
})
