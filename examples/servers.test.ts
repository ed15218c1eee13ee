import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { freePort, TestDatabase } from "@atlas/test"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"

/** An example as a process of its own, on an empty database; ends with the scope. */
const start = Effect.fnUntraced(function* (example: string) {
  const program = fileURLToPath(new URL(`./${example}/server.ts`, import.meta.url))
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP SCHEMA public CASCADE`
  yield* sql`CREATE SCHEMA public`
  const port = yield* freePort
  const child = yield* Effect.acquireRelease(
    Effect.flatMap(TestDatabase.url, (url) =>
      Effect.sync(() =>
        spawn(process.execPath, [program], {
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
          Effect.promise(() => response.json() as Promise<Record<string, any>>),
          (body) => ({ status: response.status, body })
        )
      )
    )
  yield* Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/`)).pipe(
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("90 seconds")
  )
  return { call, child }
})

layer(TestDatabase.layer, { excludeTestServices: true })("Atlas embedded", (it) => {
  it.effect.each(["express", "hono", "effect"])("in %s runs what was started, and keeps the host's policy", (example) =>
    Effect.gen(function* () {
      const { call, child } = yield* start(example)
      const started = yield* call("POST", "/tenants/acme-eu/reports/2026-01", "ada")
      assert.strictEqual(started.status, 202)
      const path = `/runs/${started.body["run"].id}`

      const read = yield* call("GET", path, "rita").pipe(
        Effect.repeat({ until: ({ body }) => body["status"] === "completed", schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("90 seconds")
      )
      assert.deepInclude(read, { status: 200 })
      assert.strictEqual(read.body["outcome"], "succeeded")

      const refused = yield* call("POST", "/tenants/acme-eu/reports/2026-02", "rita")
      assert.deepStrictEqual([refused.status, refused.body["requiredCapability"]], [403, "tenant.reports.export"])
      const invalid = yield* call("POST", "/tenants/acme-eu/reports/soon", "ada")
      assert.deepStrictEqual([invalid.status, invalid.body["errors"][0].pointer], [422, "/input/month"])
      assert.strictEqual((yield* call("GET", path, "stranger")).status, 404)
      assert.strictEqual((yield* call("POST", "/tenants/elsewhere/reports/2026-01", "ada")).status, 404)

      const ended = once(child, "exit")
      child.kill("SIGTERM")
      assert.deepStrictEqual(yield* Effect.promise(() => ended), [0, null])
    })
  )
})

describe("The examples of servers", () => {
  it.each(["express", "hono"])("%s has under 40 lines", (example) => {
    const lines = readFileSync(new URL(`./${example}/server.ts`, import.meta.url), "utf8")
      .trimEnd()
      .split("\n")
    assert.isBelow(lines.length, 40)
  })

  it("testing has under 30 lines", () => {
    const lines = readFileSync(new URL("./testing/mail-groups.test.ts", import.meta.url), "utf8")
      .trimEnd()
      .split("\n")
    assert.isBelow(lines.length, 30)
  })
})
