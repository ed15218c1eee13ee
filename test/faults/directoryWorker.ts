// A worker as a process of its own, which kills itself at a step of a sync. It ends with its standard input.
import * as Pg from "@atlas/operations/pg"
import { Directory } from "@atlas/directory"
import { GraphCloud, LiveGraph } from "@atlas/graph"
import { FakeGraph } from "@atlas/fake-graph"
import { Worker, WorkerSettings } from "@atlas/operations"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { fakeTenant, host, type SyncStep, type SyncWorkerOptions, watchedCache } from "./Directory.ts"
import { watched } from "./Probe.ts"

const options = JSON.parse(process.env["SYNC_WORKER"] ?? "") as SyncWorkerOptions

const database = PgClient.layer({ url: Redacted.make(options.databaseUrl), maxConnections: 10, transformJson: false })

const still = new Int32Array(new SharedArrayBuffer(4))
let left = options.nth
const reach = (step: string) =>
  Effect.sync(() => {
    if (step !== (options.at satisfies SyncStep) || --left > 0) return
    process.kill(process.pid, "SIGKILL")
    // The signal may take a moment to arrive, in which nothing more must happen.
    Atomics.wait(still, 0, 0, 1_000)
  })

const graph = LiveGraph.layer.pipe(
  Layer.provide([FetchHttpClient.layer, FakeGraph.layerConnections, GraphCloud.layerFake(options.graphOrigin)]),
  Layer.provide(FakeGraph.layerEngine({ tenants: [{ ...fakeTenant, groups: 0 }] }))
)

const settings = { slots: 1, leaseMillis: options.leaseMillis, pollMillis: 100, sweepMillis: 200 }

const worker = Worker.layer(...Directory.handlers).pipe(
  Layer.provide([watched(reach), watchedCache(reach), graph, Layer.succeed(WorkerSettings, settings)])
)

Effect.runFork(Layer.launch(worker.pipe(Layer.provide(host), Layer.provide(Pg.listener), Layer.provide(database))))
process.stdin.once("close", () => process.exit()).resume()
