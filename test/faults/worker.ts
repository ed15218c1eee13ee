// A worker as a process of its own, which may be told to fail at a step, once. It ends with its standard input.
import * as Pg from "@atlas/operations/pg"
import { existsSync } from "node:fs"
import { DatabaseListener, Worker, WorkerSettings } from "@atlas/operations"
import { PgClient } from "@effect/sql-pg"
import { Effect, Fiber, Layer, Queue, Redacted, Schedule, String } from "effect"
import { handler, ledger, type Reach, watched } from "./Probe.ts"
import { applicationName, type Fault, type WorkerOptions } from "./WorkerOptions.ts"

const options = JSON.parse(process.env["PROBE_WORKER"] ?? "") as WorkerOptions

const database = PgClient.layer({
  url: Redacted.make(options.databaseUrl),
  applicationName,
  maxConnections: options.maxConnections,
  transformQueryNames: String.camelToSnake,
  transformResultNames: String.snakeToCamel,
  transformJson: false
})

const still = new Int32Array(new SharedArrayBuffer(4))

const goesOn = () => existsSync(options.goOnFile)

const befall = (fault: Fault): Effect.Effect<void> => {
  console.log("struck")
  switch (fault) {
    case "SIGKILL":
    case "SIGSTOP":
      process.kill(process.pid, fault)
      // The signal may take a moment to arrive, in which nothing more must happen.
      Atomics.wait(still, 0, 0, 100)
      return Effect.void
    case "stall":
      while (!goesOn());
      return Effect.void
    case "wait":
      return Effect.asVoid(
        Effect.repeat(Effect.sync(goesOn), { until: Boolean, schedule: Schedule.spaced("20 millis") })
      )
  }
}

let { fault } = options
const reach: Reach = (step) =>
  Effect.suspend(() => {
    if (fault === undefined || step !== options.at) return Effect.void
    const strikes = fault
    fault = undefined
    return befall(strikes)
  })

const worker = Worker.layer(handler(reach)).pipe(
  Layer.provide(watched(reach, options.greed)),
  Layer.provide(Layer.succeed(WorkerSettings, options.settings))
)

const deaf = Layer.succeed(DatabaseListener, { listen: () => Queue.unbounded() })

const running = Effect.runFork(
  Layer.launch(
    Layer.effectDiscard(Effect.sync(() => console.log("ready"))).pipe(
      Layer.provide(worker),
      Layer.provide(ledger),
      Layer.provide(options.deaf ? deaf : Pg.listener),
      Layer.provide(database)
    )
  )
)
process.once("SIGTERM", () =>
  Effect.runFork(Fiber.interrupt(running).pipe(Effect.andThen(Effect.sync(() => process.exit()))))
)
process.stdin.once("close", () => process.exit()).resume()
