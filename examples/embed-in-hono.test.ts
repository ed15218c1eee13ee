import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { freePort, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const program = fileURLToPath(new URL("./embed-in-hono.ts", import.meta.url))

/** The example as a process of its own, on an empty database; ends with the scope. */
const host = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP SCHEMA public CASCADE`
  yield* sql`CREATE SCHEMA public`
  const port = yield* freePort
  const child = yield* Effect.acquireRelease(
    Effect.flatMap(TestDatabase.url, (url) =>
      Effect.sync(() =>
        spawn(process.execPath, ["--import", "tsx", program], {
          env: { DATABASE_URL: Redacted.value(url), PORT: String(port) },
          stdio: ["ignore", "ignore", "inherit"]
        })
      )
    ),
    (running) => Effect.sync(() => running.kill("SIGKILL"))
  )
  const call = (method: string, path: string, user: string) =>
    Effect.promise(() => fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { "x-user": user } })).pipe(
      Effect.flatMap((response) =>
        Effect.map(
          Effect.promise(() => response.json() as Promise<Record<string, string>>),
          (body) => ({ status: response.status, body })
        )
      )
    )
  yield* Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/`)).pipe(
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("15 seconds")
  )
  return { call, child }
})

layer(TestDatabase.layer, { excludeTestServices: true })("Atlas embedded in a Hono backend", (it) => {
  it.effect("runs what was started, and keeps the host's policy", () =>
    Effect.gen(function* () {
      const { call, child } = yield* host
      const started = yield* call("POST", "/tenants/acme-eu/reports/2026-01", "ada")
      assert.strictEqual(started.status, 202)
      const path = `/runs/${started.body["id"]}`

      const read = yield* call("GET", path, "rita").pipe(
        Effect.repeat({ until: ({ body }) => body["status"] === "completed", schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("10 seconds")
      )
      assert.deepInclude(read, { status: 200 })
      assert.strictEqual(read.body["outcome"], "succeeded")

      const refused = yield* call("POST", "/tenants/acme-eu/reports/2026-02", "rita")
      assert.deepStrictEqual([refused.status, refused.body["requiredCapability"]], [403, "tenant.reports.export"])
      assert.strictEqual((yield* call("GET", path, "stranger")).status, 404)
      assert.strictEqual((yield* call("POST", "/tenants/elsewhere/reports/2026-01", "ada")).status, 404)

      const ended = once(child, "exit")
      child.kill("SIGTERM")
      assert.deepStrictEqual(yield* Effect.promise(() => ended), [0, null])
    })
  )
})
