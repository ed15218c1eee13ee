import * as Pg from "@atlas/operations/pg"
import { type ChildProcess, spawn } from "node:child_process"
import { Directory, GroupsSync } from "@atlas/directory"
import { DirectoryCache } from "@atlas/directory/testing"
import { FakeGraph, fakeGroup } from "@atlas/fake-graph"
import { LiveGraph } from "@atlas/graph"
import { type RunId, Runs, Worker, WorkerSettings } from "@atlas/operations"
import { DatabaseClock } from "@atlas/operations/testing"
import { bundle, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { FetchHttpClient } from "effect/http"
import { SqlClient } from "effect/sql"
import { fakeTenant, host, operator, scope, type SyncStep, type SyncWorkerOptions } from "./Directory.ts"

// No machine is so busy that it loses this one.
const leaseMillis = 120_000
const pages = 4

const live = LiveGraph.layer.pipe(
  Layer.provide([FetchHttpClient.layer, FakeGraph.layerConnections, FakeGraph.layerCloud])
)
const fixture = Layer.mergeAll(host, live).pipe(
  // Slow enough that no two pages are stored together.
  Layer.provideMerge(
    FakeGraph.layerHttp({ tenants: [{ ...fakeTenant, groups: pages * 50 }], deltaPageSize: 50, latency: "60 millis" })
  ),
  Layer.provideMerge(Pg.listener),
  Layer.provideMerge(TestDatabase.layer)
)

const hasEnded = (child: ChildProcess) =>
  Effect.callback<NodeJS.Signals | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.succeed(child.signalCode))
    child.once("exit", (_, signal) => resume(Effect.succeed(signal)))
  })

/** A worker that kills itself at a step; how it ended, once it has. */
const doomedWorker = Effect.fnUntraced(function* (at: SyncStep, nth: number) {
  const { origin } = yield* FakeGraph
  const program = yield* bundle("test/faults/directoryWorker.ts")
  const databaseUrl = Redacted.value(yield* TestDatabase.url)
  const options: SyncWorkerOptions = { databaseUrl, graphOrigin: origin, leaseMillis, at, nth }
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [program], {
        env: { SYNC_WORKER: JSON.stringify(options) },
        stdio: ["pipe", "inherit", "inherit"]
      })
    ),
    (running) => Effect.suspend(() => (running.kill("SIGKILL"), hasEnded(running)))
  )
  return hasEnded(child).pipe(Effect.timeout("90 seconds"), Effect.orDie)
})

const workHere = Worker.layer(...Directory.handlers).pipe(
  Layer.provide(Layer.succeed(WorkerSettings, { slots: 1, leaseMillis, pollMillis: 100, sweepMillis: 200 })),
  Layer.fresh,
  Layer.build
)

const startSync = (input: typeof GroupsSync.operation.input.Type) =>
  Runs.use((runs) => runs.start(operator, GroupsSync.operation, { tenantId: "contoso", input })).pipe(
    Effect.map(({ run }) => run.id),
    Effect.orDie
  )

const completed = (id: RunId) =>
  Runs.use((runs) => runs.get(operator, id)).pipe(
    Effect.repeat({ until: ({ status }) => status === "completed", schedule: Schedule.spaced("25 millis") }),
    Effect.timeout("90 seconds"),
    Effect.orDie
  )

const compare = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : 1)
const shown = Effect.gen(function* () {
  const { groups } = yield* DirectoryCache
  const { found } = yield* groups.search(scope, { query: "", filters: [], after: null, limit: 1_000 })
  return found.map(({ item }) => [item.id, item.displayName] as const).sort(compare)
})
const existing = Effect.gen(function* () {
  const graph = yield* FakeGraph
  return (yield* graph.groups("contoso")).map(({ displayName, id }) => [id, displayName] as const).sort(compare)
})

let serial = 0

/** Removes, renames and adds as many groups each, on all pages of a round. */
const change = Effect.gen(function* () {
  const graph = yield* FakeGraph
  const all = yield* graph.groups("contoso")
  const batch = ++serial
  for (const [at, { id }] of all.entries()) {
    if (at % 4 === 0) yield* graph.renameGroup("contoso", id, `Renamed ${batch} ${at}`)
    if (at % 10 !== 5) continue
    yield* graph.removeGroup("contoso", id)
    yield* graph.putGroup("contoso", fakeGroup({ id: `new-${batch}-${at}`, displayName: `New ${batch} ${at}` }))
  }
})

// Of a full round: its beginning, three pages, and the last one with the end are a transaction each.
const whole: ReadonlyArray<readonly [SyncStep, number, string]> = [
  ["claimed", 1, "after its claim"],
  ["fenced", 1, "before the round's beginning is committed"],
  ["asked", 1, "after the round's beginning"],
  ["written", 1, "in the first page's transaction"],
  ["fenced", 2, "before the first page is committed"],
  ["asked", 3, "between two pages"],
  ["written", 4, "in the last transaction, before the round ends"],
  ["ended", 1, "in the last transaction, after what is gone was removed"],
  ["fenced", 5, "before the last commit"],
  ["completing", 1, "after the last commit"],
  ["completed", 1, "after its completion"]
]
const changes: ReadonlyArray<readonly [SyncStep, number, string]> = [
  ["asked", 1, "after the round's beginning"],
  ["written", 2, "in a page's transaction"],
  ["ended", 1, "in the last transaction, after what is gone was removed"],
  ["completing", 1, "after the last commit"]
]

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a sync whose worker is killed", (it) => {
  for (const [full, steps] of [[true, whole] as const, [false, changes] as const]) {
    for (const [at, nth, when] of steps) {
      it.effect(
        `${when}, ${full ? "reading everything" : "following the history"}, is completed by another, exactly`,
        () =>
          Effect.gen(function* () {
            const sql = yield* SqlClient.SqlClient
            yield* Effect.scoped(
              Effect.gen(function* () {
                yield* workHere
                yield* completed(yield* startSync({ full }))
              })
            )
            const before = new Set((yield* shown).map(([id]) => id))
            yield* change
            const stays = (yield* existing).map(([id]) => id).filter((id) => before.has(id))

            const ended = yield* doomedWorker(at, nth)
            const id = yield* startSync({ full })
            assert.strictEqual(yield* ended, "SIGKILL")
            const afterwards = new Set((yield* shown).map(([shownId]) => shownId))
            assert.deepStrictEqual(
              stays.filter((shownId) => !afterwards.has(shownId)),
              [],
              "hidden although it is there"
            )

            yield* DatabaseClock.advance(leaseMillis)
            yield* workHere
            const run = yield* completed(id)
            assert.deepStrictEqual([run.outcome, run.attempt], ["succeeded", at === "completed" ? 0 : 1])
            assert.deepStrictEqual(yield* shown, yield* existing)
            assert.deepStrictEqual(yield* sql`SELECT FROM directory_sightings`, [])
            // Whatever was committed by the first worker counts as the run's.
            assert.deepInclude(run.summaryCounts, { created: 20, updated: 50, removed: 20 })
          }).pipe(Effect.scoped)
      )
    }
  }
})
