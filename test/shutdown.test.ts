import { call, completed, get, type ServerProcess, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { SqlClient } from "effect/sql"

/** The exit code of a server, and the signal that ended it if there is no code. */
const ending = ({ process: child }: ServerProcess) =>
  Effect.callback<readonly [code: number | null, signal: NodeJS.Signals | null]>((resume) => {
    child.once("exit", (code, signal) => resume(Effect.succeed([code, signal])))
  })

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })(
  "a server that is told to stop",
  (it) => {
    it.effect("answers the requests under way, and no new ones", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const server = yield* startServer({ ATLAS_ROLE: "web" })
        const waiting = sql<{ n: number }>`
        SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
        const asked = yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`LOCK TABLE memberships IN ACCESS EXCLUSIVE MODE`
            const asked = yield* Effect.forkChild(get(server, "/operations"), { startImmediately: true })
            yield* waiting.pipe(
              Effect.repeat({ until: ([row]) => row?.n === 1, schedule: Schedule.spaced("20 millis") }),
              Effect.timeout("90 seconds")
            )
            server.process.kill("SIGTERM")
            yield* call(server, "/readyz").pipe(
              Effect.repeat({ until: ({ status }) => status === 503, schedule: Schedule.spaced("20 millis") }),
              Effect.timeout("90 seconds")
            )
            assert.strictEqual((yield* get(server, "/operations")).status, 503)
            return asked
          })
        )
        assert.strictEqual((yield* Fiber.join(asked)).status, 200)
      }).pipe(Effect.scoped)
    )

    it.effect("has not failed once it has ended in order", () =>
      Effect.gen(function* () {
        for (const signal of ["SIGTERM", "SIGINT"] as const) {
          const server = yield* startServer()
          const ended = yield* Effect.forkChild(ending(server), { startImmediately: true })
          server.process.kill(signal)
          assert.deepStrictEqual(yield* Fiber.join(ended), [0, null], signal)
        }
      }).pipe(Effect.scoped)
    )

    it.effect("goes on with its syncs after the next start, although the fake Graph is elsewhere then", () =>
      Effect.gen(function* () {
        const sync = Effect.gen(function* () {
          const server = yield* startServer()
          const { body } = yield* start(server, "contoso")
          const { outcome, reasonCode } = yield* completed(server, body.run.id)
          assert.strictEqual(outcome, "succeeded", reasonCode)
        }).pipe(Effect.scoped)
        yield* sync
        yield* sync
      })
    )
  }
)
