import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { call, completed, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"

/** What a collector received, by path. */
const collector = Effect.acquireRelease(
  Effect.callback<{ readonly origin: string; readonly received: Map<string, string>; readonly close: () => void }>(
    (resume) => {
      const received = new Map<string, string>()
      const server = createServer((request, response) => {
        let body = ""
        request.on("data", (chunk: Buffer) => (body += chunk.toString()))
        request.on("end", () => {
          const path = request.url ?? ""
          received.set(path, (received.get(path) ?? "") + body)
          response.setHeader("content-type", "application/json").end("{}")
        })
      }).listen(0, "127.0.0.1", () =>
        resume(
          Effect.succeed({
            origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
            received,
            close: () => server.close()
          })
        )
      )
    }
  ),
  ({ close }) => Effect.sync(close)
)

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })("telemetry", (it) => {
  it.effect("goes to the collector: the spans of requests and runs, and metrics", () =>
    Effect.gen(function* () {
      const { origin, received } = yield* collector
      const server = yield* startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: origin })
      yield* completed(server, (yield* start(server, "contoso")).body.run.id)
      yield* Effect.sync(() => [received.get("/v1/traces"), received.get("/v1/metrics")]).pipe(
        Effect.repeat({
          until: ([traces = "", metrics = ""]) =>
            ["Runs.start", "CollectionSync"].every((span) => traces.includes(span)) &&
            metrics.includes("atlas_graph_requests_total"),
          schedule: Schedule.spaced("200 millis")
        }),
        Effect.timeout("30 seconds")
      )
      assert.notInclude(received.get("/v1/traces") ?? "", "fake-secret")
    }).pipe(Effect.scoped)
  )

  it.effect("has a line of the log for each request, by its name and without its query", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_ROLE: "web" })
      yield* call(server, "/api/v1/operations?cursor=private", { headers: { "x-request-id": "my-request" } })
      const line = /^.*message=Answered.*$/m.exec(server.output())?.[0] ?? ""
      for (const part of ["requestId=my-request", "method=GET", "path=/api/v1/operations ", "status=401"])
        assert.include(line, part)
      assert.notInclude(server.output(), "private")
    }).pipe(Effect.scoped)
  )
})
