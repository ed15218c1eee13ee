import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { app, foundation, types } from "./Pages.ts"

const operator = "operator@northwind"
const reader = "readonly@northwind"

const visitor = Effect.map(app, (hono) => {
  const send = (account: string, path: string, init: RequestInit) =>
    Effect.promise(async () => {
      const response = await hono.request(path, { ...init, headers: { authorization: account } })
      const html = await response.text()
      return { status: response.status, html, text: html.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ") }
    })
  return {
    get: (path: string, account = operator) => send(account, path, {}),
    post: (path: string, form: Record<string, string>, account = operator) =>
      send(account, path, { method: "POST", body: new URLSearchParams(form) })
  }
})

/** What the form on a page would send next. */
const fieldsOf = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value])
  )

const queued = (count: number, tenant = "contoso", laterMillis = 0) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`
      INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
        view_capabilities, input, max_attempts)
      SELECT (left(time, 8) || '-' || right(time, 4) || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'northwind',
        ${tenant}, ${types.checked.name}, '{"id":"operator@northwind","kind":"user","name":"Oskar Operator"}',
        'while_active', n::text, sha256((n + ${laterMillis}::int)::text::bytea), '{tenant.providers.view}', '{}', 1
      FROM generate_series(1, ${count}::int) n,
        lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + ${laterMillis}::int), 12, '0') AS time`
  )

/** Everything that a cancellation would change. */
const recorded = SqlClient.SqlClient.use(
  (sql) => sql`
    SELECT (SELECT count(*)::int FROM operation_runs WHERE status = 'queued' AND cancel_requested_at IS NULL) AS queued,
      (SELECT count(*)::int FROM operation_audit) AS records`
)

const forget = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`DELETE FROM operation_runs`)

layer(foundation, { excludeTestServices: true, timeout: "60 seconds" })("the list of runs", (it) => {
  it.effect("keeps its filters in the address, as chips that go one by one", () =>
    Effect.gen(function* () {
      const { get } = yield* visitor
      yield* queued(60)
      const { html, text } = yield* get(
        `/admin/operations?status=active&actor=${operator}&tenant=contoso&from=2026-01-01`
      )
      for (const chip of [
        "Status: Queued or running",
        "Started by: operator@northwind",
        "Tenant: Contoso",
        "From: 2026-01-01"
      ]) {
        assert.include(text, chip)
      }
      assert.include(html, "/admin/operations?status=active&amp;tenant=contoso&amp;from=2026-01-01")
      assert.match(html, /rel="next"/)
      const next = /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? ""
      assert.match((yield* get(next)).text, /Queued/)
      assert.include((yield* get("/admin/operations?to=2020-01-01")).text, "No run matches these filters")
      // What no filter knows is dropped.
      assert.include((yield* get("/admin/operations?from=2026-99-99&status=%00")).text, "of the last 30 days")
      yield* forget
    })
  )

  it.effect("goes back thirty days by itself, and further when it is asked to", () =>
    Effect.gen(function* () {
      const { get } = yield* visitor
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
          view_capabilities, input, max_attempts, queued_at)
        SELECT (left(time, 8) || '-' || right(time, 4) || '-7000-8000-000000000001')::uuid, 'northwind', 'contoso',
          ${types.checked.name}, '{"id":"x","kind":"user","name":"Someone long ago"}', 'while_active', '', sha256(''),
          '{tenant.providers.view}', '{}', 1,
          now() - interval '40 days'
        FROM lpad(to_hex((extract(epoch FROM now() - interval '40 days') * 1000)::bigint), 12, '0') AS time`
      assert.notInclude((yield* get("/admin/operations")).text, "Someone long ago")
      assert.include((yield* get("/admin/operations?from=2020-01-01")).text, "Someone long ago")
      yield* forget
    })
  )

  it.effect("counts how runs ended in the last day, also as a table", () =>
    Effect.gen(function* () {
      const { get } = yield* visitor
      yield* queued(2)
      const runs = yield* Runs
      const actor = { id: operator, kind: "user", name: "Oskar Operator" } as const
      const [run] = (yield* runs.list(actor, {}, { cursor: null, limit: 1 })).runs
      yield* runs.cancel(actor, run?.id ?? "")
      const { html, text } = yield* get("/admin/operations")
      assert.match(text, /1 Queued/)
      assert.match(text, /1 Cancelled/)
      assert.match(html, /<rect class="ended-cancelled"/)
      assert.match(html, /<caption[^>]*>Runs that ended in each of the last 24 hours/)
      yield* forget
    })
  )

  it.effect("cancels all that it shows after a confirmation, a hundred at a time, and nothing else", () =>
    Effect.gen(function* () {
      const { get, post } = yield* visitor
      yield* queued(130)
      yield* queued(1, "fabrikam").pipe(Effect.delay("5 millis"))
      const confirm = yield* get("/admin/operations/cancel?tenant=contoso")
      assert.include(confirm.text, "Cancel 130 runs?")
      const going = yield* post("/admin/operations/cancel", fieldsOf(confirm.html))
      assert.include(going.text, "100 runs asked to stop, 30 runs left")
      assert.include(going.html, "data-auto-submit")
      const done = yield* post("/admin/operations/cancel", fieldsOf(going.html))
      assert.include(done.text, "130 runs asked to stop")
      assert.notInclude(done.html, "data-auto-submit")
      assert.include((yield* get("/admin/operations/cancel")).text, "Cancel 1 run?")
      assert.include((yield* get("/admin/operations/cancel?tenant=contoso")).text, "Nothing to cancel")
      yield* forget
    })
  )

  it.effect("leaves alone what somebody may only look at, and does not offer it", () =>
    Effect.gen(function* () {
      const { get, post } = yield* visitor
      yield* queued(2)
      assert.notInclude((yield* get("/admin/operations", reader)).text, "Cancel them")
      assert.include((yield* get("/admin/operations")).text, "Cancel them")
      const confirm = yield* get("/admin/operations/cancel?tenant=contoso", reader)
      const { text } = yield* post("/admin/operations/cancel", fieldsOf(confirm.html), reader)
      assert.include(text, "0 runs asked to stop")
      assert.include(text, "2 runs left alone")
      assert.match((yield* get("/admin/operations")).text, /2 Queued/)
      yield* forget
    })
  )

  it.effect("cancels of a list what was shown, and neither other statuses nor what starts later", () =>
    Effect.gen(function* () {
      const { get, post } = yield* visitor
      yield* queued(2)
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE operation_runs SET status = 'running', started_at = now(), deadline = now() + interval '1 hour',
        lease_until = now() + interval '1 hour', worker = 'w', fence = 1 WHERE identity_key = '1'`
      const confirm = yield* get("/admin/operations/cancel?status=queued&tenant=contoso")
      for (const shown of ["Cancel 1 run?", "Status: Queued", "Tenant: Contoso"]) assert.include(confirm.text, shown)
      // Started after the page was rendered, and of the same kind.
      yield* queued(5, "contoso", 60_000)
      const { text } = yield* post("/admin/operations/cancel", fieldsOf(confirm.html))
      assert.include(text, "1 run asked to stop")
      assert.match((yield* get("/admin/operations")).text, /1 Running 5 Queued/)
      // The same confirmation again finds nothing that is left of what it showed.
      assert.include((yield* post("/admin/operations/cancel", fieldsOf(confirm.html))).text, "0 runs asked to stop")
      assert.match((yield* get("/admin/operations")).text, /1 Running 5 Queued/)
      yield* forget
    })
  )

  it.effect("cancels the very runs that it showed, whatever their status has become", () =>
    Effect.gen(function* () {
      const { get, post } = yield* visitor
      yield* queued(4)
      const sql = yield* SqlClient.SqlClient
      const begin = (key: string) => sql`
        UPDATE operation_runs SET status = 'running', started_at = now(), deadline = now() + interval '1 hour',
          lease_until = now() + interval '1 hour', worker = 'w', fence = 1 WHERE identity_key = ${key}`
      yield* begin("1")
      yield* begin("2")
      const confirm = yield* get("/admin/operations/cancel?status=running")
      assert.include(confirm.text, "Cancel 2 runs?")
      // One of them ends, and another that was queued takes its place.
      yield* sql`UPDATE operation_runs SET status = 'completed', outcome = 'succeeded', completed_at = now(),
        lease_until = NULL, version = version + 1, last_event = last_event + 1 WHERE identity_key = '2'`
      yield* begin("3")
      const { text } = yield* post("/admin/operations/cancel", fieldsOf(confirm.html))
      assert.include(text, "1 run asked to stop")
      assert.include(text, "1 run had ended before.")
      const asked = yield* sql`SELECT identity_key AS key FROM operation_runs WHERE cancel_requested_at IS NOT NULL`
      assert.deepStrictEqual(asked, [{ key: "1" }])
      yield* forget
    })
  )

  it.effect("says where more match than a form can name", () =>
    Effect.gen(function* () {
      const { get, post } = yield* visitor
      yield* queued(1_001)
      const confirm = yield* get("/admin/operations/cancel")
      assert.include(confirm.text, "Cancel 1,000 runs?")
      assert.include(confirm.text, "1,001 runs match: these are the newest.")
      const { confirmation = "" } = fieldsOf(confirm.html)
      assert.isBelow(confirmation.length, 32 * 1024)
      assert.include(
        (yield* post("/admin/operations/cancel", { confirmation })).text,
        "100 runs asked to stop, 900 runs left"
      )
      yield* forget
    })
  )

  it.effect("cancels nothing without the confirmation of exactly that", () =>
    Effect.gen(function* () {
      const { get, post } = yield* visitor
      yield* queued(3)
      const before = yield* recorded
      const { confirmation = "" } = fieldsOf((yield* get("/admin/operations/cancel?tenant=contoso")).html)
      const [payload = "", tag = ""] = confirmation.split(".")
      const widened = Buffer.from(Buffer.from(payload, "base64url").toString().replace('"tenant":"contoso"', ""))
      const forms: Readonly<Record<string, Record<string, string>>> = {
        "nothing at all": {},
        "an empty confirmation": { confirmation: "" },
        "a filter only": { tenant: "contoso" },
        "a filter that means nothing": { status: "everything" },
        "a confirmation with another filter": { confirmation, tenant: "fabrikam" },
        "a confirmation with an unknown field": { confirmation, force: "true" },
        "a widened confirmation": { confirmation: `${widened.toString("base64url")}.${tag}` },
        "a confirmation without its seal": { confirmation: payload },
        "a confirmation with more behind it": { confirmation: `${confirmation}.x` },
        "what is none": { confirmation: "confirmed" }
      }
      for (const [what, form] of Object.entries(forms)) {
        const { status, text } = yield* post("/admin/operations/cancel", form)
        assert.strictEqual(status, 422, what)
        assert.include(text, "Nothing was cancelled", what)
      }
      // Somebody else's.
      assert.strictEqual((yield* post("/admin/operations/cancel", { confirmation }, reader)).status, 422)
      assert.deepStrictEqual(yield* recorded, before)
      assert.include((yield* post("/admin/operations/cancel", { confirmation })).text, "3 runs asked to stop")
      yield* forget
    })
  )

  it.effect("asks for no confirmation of a filter that it would have to drop", () =>
    Effect.gen(function* () {
      const { get } = yield* visitor
      for (const query of [
        "status=everything",
        "tennant=contoso",
        "tenant=contoso&tenant=fabrikam",
        "from=2026-99-99"
      ]) {
        const { html, status } = yield* get(`/admin/operations/cancel?${query}`)
        assert.strictEqual(status, 422, query)
        assert.notInclude(html, 'name="confirmation"', query)
      }
      assert.strictEqual((yield* get("/admin/operations/cancel?status=&tenant=contoso")).status, 200)
    })
  )
})
