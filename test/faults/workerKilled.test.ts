import { FakeGraph, Fault } from "@atlas/fake-graph"
import { DatabaseClock } from "@atlas/operations/testing"
import { completed, get, kill, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const tenant = "11111111-0000-4000-8000-000000000001"
const pages = 6

const fixture = Layer.mergeAll(FakeGraph.layerHttp({ tenants: [{ groups: pages * 200 }] }), TestDatabase.layer)

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })(
  "a worker killed in the middle of a sync",
  (it) => {
    it.effect("leaves a run that another worker completes, and a cache that is exact", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const sql = yield* SqlClient.SqlClient
        const settings = { ATLAS_FAKE_GRAPH_URL: graph.origin, ATLAS_LEASE: "10 minutes" }
        const web = yield* startServer({ ...settings, ATLAS_ROLE: "web" })
        const doomed = yield* startServer({ ...settings, ATLAS_ROLE: "worker" })
        // It comes so far and no further.
        yield* graph.inject({ fault: Fault.noAnswer, path: "/v1.0/groups/delta", nth: pages - 1 })

        const { run } = (yield* start(web, "contoso")).body
        const pagesStored = Effect.map(
          sql<{ n: number }>`SELECT count(*)::int AS n FROM directory_groups`,
          ([row]) => (row?.n ?? 0) / 200
        )
        const stored = yield* pagesStored.pipe(
          Effect.repeat({ until: (n) => n >= 2, schedule: Schedule.spaced("20 millis") }),
          Effect.timeout("60 seconds")
        )
        yield* kill(doomed)
        yield* DatabaseClock.advance("10 minutes")
        assert.isBelow(stored, pages)

        // Of a page that was read already: the round goes on after it, and its removal is the next one's news.
        const [removed] = yield* graph.groups(tenant)
        yield* graph.removeGroup(tenant, removed?.id ?? "")
        yield* graph.clearFaults
        yield* startServer({ ...settings, ATLAS_ROLE: "worker" })

        const done = yield* completed(web, run.id)
        assert.deepInclude(done, { outcome: "succeeded", attempt: 1 })
        const { events } = (yield* get(web, `/operations/${run.id}/events?limit=200`)).body
        const kinds: ReadonlyArray<string> = events.map(({ kind }: { readonly kind: string }) => kind)
        assert.deepStrictEqual(
          kinds.filter((kind) => kind !== "progress"),
          ["created", "started", "rescued", "completed"]
        )
        assert.deepStrictEqual(
          events.map(({ seq }: { readonly seq: number }) => seq),
          kinds.map((_, index) => index + 1)
        )

        assert.deepInclude(done.summaryCounts, { processed: pages * 200, created: pages * 200 })
        const next = (yield* start(web, "contoso")).body.run
        assert.deepInclude((yield* completed(web, next.id)).summaryCounts, { processed: 1, removed: 1 })
        const cached = yield* sql<{ id: string }>`SELECT id FROM directory_groups WHERE removed_at IS NULL ORDER BY id`
        const existing = (yield* graph.groups(tenant)).map(({ id }) => id).sort()
        assert.deepStrictEqual(
          cached.map(({ id }) => id),
          existing
        )
        assert.deepStrictEqual(yield* sql`SELECT FROM directory_sightings`, [])
      }).pipe(Effect.scoped)
    )
  }
)
