import { fenceOf, TestDatabase } from "@atlas/operations/testing"
import * as Migrations from "@atlas/server/migrations"
import { Postgres } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { completed, fixtureOn, pages, start, startWorker, timeline } from "./Fixture.ts"
import type { Step } from "./Probe.ts"
import { applicationName } from "./WorkerOptions.ts"

// A server that others use cannot be restarted under them.
const ownServer = Layer.effect(
  TestDatabase,
  Effect.map(Postgres.server, (url) => ({ url }))
)
const database = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Migrations.run
    // A test server does not wait for its log, and a crash would cost commits.
    yield* sql`ALTER DATABASE atlas SET synchronous_commit = on`
  })
).pipe(Layer.provideMerge(TestDatabase.client), Layer.provideMerge(ownServer))

const patiently = Schedule.spaced("50 millis")

layer(fixtureOn(database), { excludeTestServices: true, timeout: "60 seconds" })("a database that restarts", (it) => {
  const steps: ReadonlyArray<Step> = ["handling", "writing", "completing"]
  for (const at of steps) {
    it.effect(`while an attempt is ${at} costs no run, and has none completed twice`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const worker = yield* startWorker({ at, fault: "wait" })
        const id = yield* start()
        yield* worker.struck
        const [before] = yield* sql<{ pid: number; now: Date }>`SELECT pid, clock_timestamp() AS now
          FROM pg_stat_activity WHERE application_name = ${applicationName} LIMIT 1`
        // When one of its processes is killed, Postgres ends all of them and recovers from its log.
        yield* Effect.sync(() => process.kill(before?.pid ?? Number.NaN, "SIGKILL"))
        yield* sql`SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND backend_start < ${before?.now ?? null}`.pipe(
          Effect.retry(patiently),
          Effect.repeat({ until: (old) => old.length === 0, schedule: patiently }),
          Effect.timeout("90 seconds")
        )
        yield* worker.goOn
        const done = yield* completed(id).pipe(Effect.sandbox, Effect.retry(patiently))
        assert.strictEqual(done.outcome, "succeeded", JSON.stringify(done.failureSummary))
        assert.strictEqual((yield* timeline(id)).filter((kind) => kind === "completed").length, 1)
        assert.isAtMost(done.attempt, 1)
        const fence = yield* fenceOf(id)
        assert.deepStrictEqual(yield* pages(id), [fence, fence])
      }).pipe(Effect.scoped)
    )
  }
})
