import { request } from "node:http"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import { as, call, completed, freePort, get, spawnServer, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Schedule } from "effect"

/** A fake Graph for the demonstration tenants, in this process, and a database of its own. */
const fixture = Layer.mergeAll(
  FakeGraph.layerHttp({ tenants: [{ groups: 1500 }, { groups: 10 }] }),
  TestDatabase.layerNoClient
)

const withFake = Effect.map(FakeGraph, ({ origin }) => ({ ATLAS_FAKE_GRAPH_URL: origin }))

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("the server", (it) => {
  it.effect("takes a start to a run, to Graph, to the cache", () =>
    Effect.gen(function* () {
      const server = yield* startServer(yield* withFake)
      const started = yield* start(server, "contoso")
      assert.strictEqual(started.status, 202)
      const { disposition, run, links } = started.body
      assert.deepStrictEqual([disposition, run.status], ["created", "queued"])
      assert.strictEqual(links.view, `${server.origin}/admin/operations/${run.id}`)
      assert.strictEqual(started.headers.get("location"), links.self)
      assert.strictEqual(started.headers.get("operation-location"), links.self)
      assert.isNotNull(started.headers.get("retry-after"))

      const done = yield* completed(server, run.id)
      assert.deepInclude(done, { outcome: "succeeded" })
      assert.deepInclude(done.summaryCounts, { total: 1500, processed: 1500, created: 1500 })

      const found = yield* get(server, "/tenants/contoso/directory/groups?query=finance&limit=3")
      assert.strictEqual(found.body.groups.length, 3)
      assert.deepInclude(found.body.freshness, { count: 1500, stale: false, lastRunId: run.id })
    }).pipe(Effect.scoped)
  )

  it.effect("answers every kind of bad request with its status as problem+json, and records nothing", () =>
    Effect.gen(function* () {
      const server = yield* startServer(yield* withFake)
      const runsBefore = (yield* get(server, "/operations?limit=200")).body.runs.length
      const post = (path: string, headers: Record<string, string>, body: string) =>
        call(server, `/api/v1${path}`, { method: "POST", headers, body })
      const operator = as("operator@northwind")
      const noInput = '{"input":{}}'
      const sync = "/tenants/contoso/operations/directory_groups.sync"
      const answers = {
        "unknown type": [404, yield* post("/tenants/contoso/operations/no.such", operator, noInput)],
        "unknown tenant": [404, yield* post("/tenants/nowhere/operations/directory_groups.sync", operator, noInput)],
        "another workspace's tenant": [
          404,
          yield* post("/tenants/adatum/operations/directory_groups.sync", operator, noInput)
        ],
        "a tenant one is not entitled to": [404, yield* start(server, "fabrikam", "contoso-operator@northwind")],
        "no credentials": [401, yield* post(sync, { "content-type": "application/json" }, noInput)],
        "unknown credentials": [401, yield* post(sync, as("nobody"), noInput)],
        "a role without the right": [403, yield* start(server, "contoso", "readonly@northwind")],
        "broken JSON": [400, yield* post(sync, operator, "{")],
        "unacceptable input": [422, yield* post(sync, operator, '{"input":{"a":1,"b":2}}')],
        "unknown run": [404, yield* get(server, "/operations/019845e1-682f-7b02-a706-3b2422d13aec")],
        "an id that is none": [404, yield* get(server, "/operations/none")],
        "a wrong filter": [400, yield* get(server, "/operations?status=odd&limit=0")],
        "a foreign cursor": [400, yield* get(server, "/operations?cursor=odd")],
        "unknown path": [404, yield* get(server, "/nothing")]
      } as const
      for (const [what, [status, answer]] of Object.entries(answers)) {
        assert.strictEqual(answer.status, status, what)
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json", what)
        assert.strictEqual(answer.body.status, status, what)
      }
      assert.strictEqual(answers["a role without the right"][1].body.requiredCapability, "tenant.directory.sync")
      assert.strictEqual(answers["unacceptable input"][1].body.errors.length, 2)
      assert.strictEqual(answers["a wrong filter"][1].body.errors.length, 2)
      assert.strictEqual((yield* get(server, "/operations?limit=200")).body.runs.length, runsBefore)
    }).pipe(Effect.scoped)
  )

  it.effect("hides a run from outsiders byte for byte like one that does not exist", () =>
    Effect.gen(function* () {
      const server = yield* startServer(yield* withFake)
      const { run } = (yield* start(server, "fabrikam")).body
      const ids = [run.id, "019845e1-682f-7b02-a706-3b2422d13aec"]
      const comparable = ({ status, text, headers }: { status: number; text: string; headers: Headers }) => ({
        status,
        text,
        // These two differ between any two requests.
        headers: [...headers].filter(([name]) => name !== "date" && name !== "x-request-id")
      })
      for (const outsider of ["owner@fourth-coffee", "contoso-operator@northwind"]) {
        for (const path of ["", "/events"]) {
          const [hidden, missing] = yield* Effect.forEach(ids, (id) =>
            get(server, `/operations/${id}${path}`, outsider)
          )
          assert.deepStrictEqual(comparable(hidden!), comparable(missing!))
          assert.strictEqual(hidden!.status, 404)
        }
      }
      const done = yield* completed(server, run.id)
      assert.deepInclude(done, { outcome: "blocked", reasonCode: "provider_connection_missing" })
      const [failure] = done.failureSummary
      assert.isNotEmpty(failure.nextStep)
      assert.deepStrictEqual([failure.count, failure.firstAt], [1, failure.lastAt])
      assert.isBelow(Date.parse(failure.firstAt), Date.now())
    }).pipe(Effect.scoped)
  )

  it.effect("answers 304 for a run that did not change, after authorisation", () =>
    Effect.gen(function* () {
      const server = yield* startServer(yield* withFake)
      const { run } = (yield* start(server, "fabrikam")).body
      yield* completed(server, run.id)
      const first = yield* get(server, `/operations/${run.id}`)
      const etag = first.headers.get("etag") ?? ""
      const again = (account: string) =>
        call(server, `/api/v1/operations/${run.id}`, { headers: { ...as(account), "if-none-match": etag } })
      assert.strictEqual((yield* again("operator@northwind")).status, 304)
      assert.strictEqual((yield* again("owner@fourth-coffee")).status, 404)
      assert.isNull(first.headers.get("retry-after"))
    }).pipe(Effect.scoped)
  )

  it.effect("streams a run's events as they happen, resumes, and says when it is over", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const server = yield* startServer(yield* withFake)
      yield* graph.inject({ fault: Fault.latency(300), path: "/v1.0/groups", nth: 1, times: 2 })
      const { run } = (yield* start(server, "contoso")).body
      const stream = (lastEventId?: string) =>
        call(server, `/api/v1/operations/${run.id}/events`, {
          headers: {
            ...as("operator@northwind"),
            accept: "text/event-stream",
            ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId })
          }
        })
      const { text, headers } = yield* stream()
      assert.strictEqual(headers.get("content-type"), "text/event-stream")
      const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
      assert.deepStrictEqual(
        ids,
        ids.map((_, index) => index + 1)
      )
      assert.isTrue(text.startsWith("retry: 3000\n\n"))
      assert.match(text, /"kind":"completed"[^\n]*\n\nevent: end\n/)
      const resumed = yield* stream(String(ids.length - 1))
      assert.deepStrictEqual(
        [...resumed.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
        [ids.length]
      )
      assert.strictEqual((yield* stream(String(ids.length))).status, 204)
    }).pipe(Effect.scoped)
  )

  it.effect("runs as separate web and worker processes on one database", () =>
    Effect.gen(function* () {
      const fake = yield* withFake
      const web = yield* startServer({ ...fake, ATLAS_ROLE: "web" })
      const { run } = (yield* start(web, "contoso", "owner@northwind")).body
      assert.strictEqual((yield* get(web, `/operations/${run.id}`)).body.status, "queued")
      const worker = yield* startServer({ ...fake, ATLAS_ROLE: "worker" })
      assert.strictEqual((yield* completed(web, run.id)).outcome, "succeeded")
      assert.strictEqual((yield* call(worker, "/admin/operations")).status, 404)
    }).pipe(Effect.scoped)
  )

  it.effect("hands its work over on SIGTERM, without costing an attempt", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const fake = yield* withFake
      const web = yield* startServer({ ...fake, ATLAS_ROLE: "web" })
      const worker = yield* startServer({ ...fake, ATLAS_ROLE: "worker" })
      yield* graph.inject({ fault: Fault.latency(3000), path: "/v1.0/groups", times: 1 })
      const { run } = (yield* start(web, "contoso")).body
      yield* get(web, `/operations/${run.id}`).pipe(
        Effect.repeat({ until: ({ body }) => body.status === "running", schedule: Schedule.spaced("20 millis") })
      )
      worker.process.kill("SIGTERM")
      const waiting = yield* get(web, `/operations/${run.id}`).pipe(
        Effect.repeat({ until: ({ body }) => body.status === "queued", schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("90 seconds")
      )
      assert.strictEqual(waiting.body.attempt, 0)
      yield* startServer({ ...fake, ATLAS_ROLE: "worker" })
      assert.deepInclude(yield* completed(web, run.id), { outcome: "succeeded", attempt: 0 })
    }).pipe(Effect.scoped)
  )

  it.effect("answers nobody who reaches the development sign-in by another name", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      // `fetch` does not let a test choose the Host header.
      const status = (host: string) =>
        Effect.callback<number | undefined>((resume) => {
          const headers = { ...as("owner@northwind"), host }
          request(`${server.origin}/api/v1/operations`, { headers }, (response) => {
            response.resume()
            resume(Effect.succeed(response.statusCode))
          }).end()
        })
      assert.strictEqual(yield* status(new URL(server.origin).host), 200)
      assert.strictEqual(yield* status("localhost"), 200)
      assert.strictEqual(yield* status("atlas.evil.example"), 403)
    }).pipe(Effect.scoped)
  )

  it.effect("takes a NUL in an address for something that is not there", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      for (const path of ["/operations/%00", "/tenants/%00/directory/groups", "/operations?cursor=%00"]) {
        assert.include([400, 404], (yield* get(server, path)).status, path)
      }
      assert.strictEqual((yield* get(server, "/operations?tenant=%00")).body.runs.length, 0)
      assert.strictEqual((yield* start(server, "%00")).status, 404)
      assert.strictEqual((yield* get(server, "/operations", "%00")).status, 401)
    }).pipe(Effect.scoped)
  )

  it.effect("says in one sentence that its port is taken", () =>
    Effect.gen(function* () {
      const server = yield* startServer()
      const port = new URL(server.origin).port
      const url = Redacted.value(yield* TestDatabase.url)
      const second = yield* spawnServer({ DATABASE_URL: url, PORT: port })
      assert.strictEqual(yield* second.ended, 1)
      assert.strictEqual(
        second.output(),
        `Port ${port} on 127.0.0.1 is taken: stop the program that uses it, or set PORT to another one.\n`
      )
    }).pipe(Effect.scoped)
  )

  it.effect("lives without its database, says that it is not ready, and goes on waiting for it", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const closed = yield* freePort
      const server = yield* spawnServer({
        DATABASE_URL: `postgres://nobody:secret@127.0.0.1:${closed}/atlas`,
        PORT: String(port)
      })
      const ask = (path: string) =>
        Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}${path}`)).pipe(
          Effect.retry(Schedule.spaced("50 millis"))
        )
      assert.strictEqual((yield* ask("/healthz")).status, 200)
      const unready = yield* ask("/readyz").pipe(
        Effect.flatMap((response) => Effect.promise(() => response.json().then((body) => ({ response, body })))),
        Effect.repeat({
          until: ({ body }) => String(body.detail).includes("database"),
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("90 seconds")
      )
      assert.strictEqual(unready.response.status, 503)
      assert.include(unready.body.detail, "(ECONNREFUSED)")
      assert.notInclude(server.output(), "secret")
      assert.isNull(server.child.exitCode)
    }).pipe(Effect.scoped)
  )
})
