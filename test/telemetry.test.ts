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

/** The names of the spans of one trace, in what a collector received: OTLP's JSON, one document after the other. */
const spansOf = (text: string, traceId: string): ReadonlySet<string> =>
  new Set(
    text
      .split(/(?<=\})(?=\{"resourceSpans")/)
      .filter((part) => part.length > 0)
      .flatMap((part) => JSON.parse(part).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans)
      .filter((span) => span.traceId === traceId)
      .map(({ name }) => name)
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
            ["Runs.start", "Replica.copy"].every((span) => traces.includes(span)) &&
            metrics.includes("atlas_graph_requests_total"),
          schedule: Schedule.spaced("200 millis")
        }),
        Effect.timeout("90 seconds")
      )
      assert.notInclude(received.get("/v1/traces") ?? "", "fake-secret")
    }).pipe(Effect.scoped)
  )

  it.effect("shows one trace from a request to the requests that its run makes of Graph, whoever executes it", () =>
    Effect.gen(function* () {
      const { origin, received } = yield* collector
      const web = yield* startServer({ ATLAS_ROLE: "web", OTEL_EXPORTER_OTLP_ENDPOINT: origin })
      yield* startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: origin })
      const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
      const started = yield* call(web, "/api/v1/tenants/contoso/operations/directory_role_definitions.sync", {
        method: "POST",
        headers: {
          authorization: "Bearer dev:operator@northwind",
          "content-type": "application/json",
          traceparent: `00-${traceId}-00f067aa0ba902b7-01`
        },
        body: '{"input":{}}'
      })
      assert.include(started.body.run.traceparent, traceId)
      yield* completed(web, started.body.run.id)
      const names = () => spansOf(received.get("/v1/traces") ?? "", traceId)
      const wanted = ["Runs.start", "Run.attempt", "Graph.list"]
      yield* Effect.sync(names).pipe(
        Effect.repeat({
          until: (found) => wanted.every((name) => found.has(name)),
          schedule: Schedule.spaced("200 millis")
        }),
        Effect.timeout("90 seconds")
      )
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
