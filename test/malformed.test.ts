import { as, call, get, type ServerProcess, start, startServer, TestDatabase, thorough } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"

const requests = thorough({ usually: 1_000, thoroughly: 10_000 })

/** Numbers that look random and are the same each time. https://en.wikipedia.org/wiki/Linear_congruential_generator */
const makeRandom = (seed: number) => {
  let state = seed
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return { next, pick: <A>(values: ReadonlyArray<A>): A => values[next(values.length)]! }
}

const junk = [
  "%00",
  "%",
  "%ff%fe",
  "..%2f..%2fetc%2fpasswd",
  "'; DROP TABLE operation_runs;--",
  "💥".repeat(50),
  "a".repeat(5_000),
  "-1",
  "1e309",
  "NaN",
  "2026-13-45",
  "",
  " ",
  "[]",
  "{}",
  "null",
  "01a20cc5-2698-7218-b5c8-e9c01e9e0db9",
  "<script>alert(1)</script>",
  "\\u0000",
  "eyJhbGciOiJub25lIn0"
]

const bodies = [
  "",
  "{",
  "[[[[[[[[",
  "null",
  "0",
  '"text"',
  '{"a":1,"a":2}',
  '{"__proto__":{"polluted":true}}',
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  `{"input":{"confirmRemovals":-1,"full":"yes"}}`,
  '{"input":{},"supersedes":"\\u0000"}',
  `{"x":"\\ud800"}`,
  `{"input":{"x":"\\ud800"}}`,
  "\u0000\u0001\u0002",
  "a=b&c",
  "input=%7B&idempotencyKey=%00"
]

const mediaTypes = [
  "application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "text/plain",
  "x",
  "application/json; charset=utf-7"
]
const methods = ["GET", "GET", "GET", "POST", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]
const queries = [
  "cursor",
  "limit",
  "status",
  "outcome",
  "type",
  "tenant",
  "actor",
  "reasonCode",
  "from",
  "to",
  "after",
  "query",
  "filter",
  "ids",
  "group",
  "before",
  "table"
]

const paths = (run: string) => [
  `/api/v1/operations`,
  `/api/v1/operations/${run}`,
  `/api/v1/operations/${run}/events`,
  `/api/v1/operations/${run}/cancel`,
  `/api/v1/operations/${run}/retry`,
  `/api/v1/operations/${run}/lineage`,
  `/api/v1/tenants/contoso/operations/directory_groups.sync`,
  `/api/v1/workspaces/northwind/operations/directory_groups.sync`,
  `/api/v1/tenants/contoso/directory/groups`,
  `/api/v1/tenants/contoso/directory/groups/labels`,
  `/api/v1/tenants/contoso/directory/role-definitions`,
  `/admin/operations`,
  `/admin/operations/cancel`,
  `/admin/operations/${run}`,
  `/admin/operations/${run}/replace`,
  `/admin/tenants/contoso`,
  `/admin/tenants/contoso/configuration`,
  `/admin/tenants/contoso/history`,
  `/admin/tenants/contoso/operations/provider.connection.check`,
  `/admin/legacy/inventory_sync_runs/77777777-0000-4000-8000-000000000001`,
  `/sign-in`,
  `/admin/assets/app.js`,
  `/metrics`,
  `/`
]

const malformed = (random: ReturnType<typeof makeRandom>, run: string) => {
  const segments = random.pick(paths(run)).split("/")
  if (random.next(2) === 0) segments[1 + random.next(segments.length)] = encodeURI(random.pick(junk))
  const query = Array.from(
    { length: random.next(4) },
    () => `${random.pick(queries)}=${encodeURIComponent(random.pick(junk))}`
  )
  if (random.next(10) === 0) query.push(random.pick(["%00=1", "a[b]=c", "=", "&&&", "cursor=%"]))
  const method = random.pick(methods)
  const headers: Record<string, string> = {
    authorization: random.pick([
      "Bearer dev:operator@northwind",
      "Bearer dev:operator@northwind",
      "Bearer ",
      "Basic eDp4",
      "Bearer dev:%00"
    ]),
    accept: random.pick(["*/*", "text/html", "application/json", "text/event-stream;q=0.1, x", "\t"]),
    "if-none-match": random.pick(['"1"', "*", 'W/"', "x".repeat(500)]),
    "last-event-id": random.pick(["0", "-1", "1e99", "999999999999999999999", "x"]),
    "idempotency-key": random.pick(["a", "k".repeat(3_000), "'", "é".slice(0, 0)]),
    cookie: random.pick(["", "atlas_session=x", "atlas_session=%7B%7D.sig; atlas_sign_in=;;", "=;=;"]),
    "content-type": random.pick(mediaTypes)
  }
  const body = method === "GET" || method === "HEAD" ? {} : { body: random.pick(bodies) }
  return {
    path: segments.join("/") + (query.length === 0 ? "" : `?${query.join("&")}`),
    init: { method, headers, ...body }
  }
}

/** The status of an answer whose body nobody waits for: a stream of events may never end. */
const statusOf = (server: ServerProcess, { init, path }: ReturnType<typeof malformed>) =>
  Effect.promise(async () => {
    const ended = new AbortController()
    const response = await fetch(`${server.origin}${path}`, { redirect: "manual", signal: ended.signal, ...init })
    ended.abort()
    return response.status
  })

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "180 seconds" })("malformed requests", (it) => {
  it.effect(`are refused, all ${requests} of them, and none is taken for a fault of the server`, () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_ROLE: "web", ATLAS_STARTS_PER_MINUTE: "1000000" })
      const { run } = (yield* start(server, "contoso")).body
      const cancel = `/api/v1/operations/${run.id}/cancel`
      yield* call(server, cancel, { method: "POST", headers: as("operator@northwind") })
      const random = makeRandom(20_261_124)
      const asked = Array.from({ length: requests }, () => malformed(random, run.id))
      const statuses = yield* Effect.forEach(asked, (request) => statusOf(server, request), { concurrency: 24 })
      const faults = asked.filter((_, index) => (statuses[index] ?? 500) >= 500)
      assert.deepStrictEqual(faults, [], server.output().slice(-2_000))
      const kinds = new Set(statuses)
      for (const status of [200, 400, 401, 404, 422])
        assert.isTrue(kinds.has(status), `some are answered with ${status}`)
      assert.strictEqual((yield* get(server, "/operations")).status, 200)
      assert.notInclude(server.output(), "level=ERROR")
    }).pipe(Effect.scoped)
  )
})
