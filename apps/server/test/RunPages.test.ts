import { Runs, SystemRuns } from "@atlas/operations"
import { RunQueue } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { app, foundation, types } from "./Pages.ts"

const operator = "operator@northwind"
const reader = "readonly@northwind"
const run = "[0-9a-f-]{36}"

/** Requests as browsers without scripts make them. */
const visitor = Effect.map(app, (hono) => {
  const send = (account: string, path: string, init: RequestInit) =>
    Effect.promise(async () => {
      const response = await hono.request(path, { ...init, headers: { authorization: account } })
      const text = (await response.text()).replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ")
      return { status: response.status, text, location: response.headers.get("location") ?? "" }
    })
  const get = (path: string, account = operator) => send(account, path, {})
  const post = (path: string, form: Record<string, string> = {}, account = operator) =>
    send(account, path, { method: "POST", body: new URLSearchParams(form) })
  const source = (path: string) =>
    Effect.promise(async () => (await hono.request(path, { headers: { authorization: operator } })).text())
  const start = (type: { readonly name: string }, form: Record<string, string> = {}, tenant = "contoso") =>
    post(`/admin/tenants/${tenant}/operations/${type.name}`, form)
  return { get, post, source, start }
})

const claimAll = Effect.gen(function* () {
  const claimer = (yield* RunQueue).claimer({ worker: "w", types: Object.values(types), leaseMillis: 60_000 })
  return yield* claimer(100)
})

const forget = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // A run that a key stands for is removed only once it has ended.
  yield* sql`
    UPDATE operation_runs SET status = 'completed', outcome = 'cancelled', completed_at = now(), lease_until = NULL
    WHERE status <> 'completed'`
  yield* sql`DELETE FROM operation_runs`
})

layer(foundation, { excludeTestServices: true, timeout: "60 seconds" })("the pages of runs", (it) => {
  it.effect("a queued run is cancelled after a confirmation, and started again from its page", () =>
    Effect.gen(function* () {
      const { get, post, start } = yield* visitor
      const { location } = yield* start(types.checked)
      assert.include((yield* get(location)).text, "No worker that can execute it is running")
      assert.include((yield* get(`${location}/cancel`)).text, "Cancel this run?")
      assert.strictEqual((yield* post(`${location}/cancel`)).location, location)
      const cancelled = (yield* get(location)).text
      assert.include(cancelled, "Oskar Operator cancelled this run")
      assert.include(cancelled, "Cancelled by Oskar Operator.")
      // The link of an old page leads back, the form of an old page says why not.
      assert.strictEqual((yield* get(`${location}/cancel`)).location, location)
      assert.strictEqual((yield* post(`${location}/cancel`)).status, 409)

      const again = yield* post(`${location}/retry`)
      assert.match(again.location, new RegExp(`^/admin/operations/${run}$`))
      assert.notStrictEqual(again.location, location)
      assert.include((yield* get(location)).text, "Started again as")
      assert.include((yield* get(again.location)).text, "Started again from")
      yield* forget
    })
  )

  it.effect("a running run says that it stops, who asked, and until when it may run", () =>
    Effect.gen(function* () {
      const { get, post, start } = yield* visitor
      const { location } = yield* start(types.checked)
      yield* claimAll
      assert.include((yield* get(location)).text, "ends at the latest")
      yield* post(`${location}/cancel`)
      const { text } = yield* get(location)
      for (const shown of ["Stopping", "Oskar Operator asked this run to stop.", "has cancelled it already"]) {
        assert.include(text, shown)
      }
      yield* forget
    })
  )

  it.effect("an active run of a type that allows it is replaced, and both say so", () =>
    Effect.gen(function* () {
      const { get, post, start } = yield* visitor
      const { location } = yield* start(types.checked)
      assert.include((yield* get(`${location}/replace`)).text, "Replace this run?")
      const newer = yield* post(`${location}/replace`)
      const old = (yield* get(location)).text
      assert.include(old, "Replaced by")
      assert.include(old, "Oskar Operator started again: another run takes the place of this one.")
      assert.include((yield* get(newer.location)).text, "Replaces")
      yield* forget
    })
  )

  it.effect("each rendered form is one start, for types of which each start is a run", () =>
    Effect.gen(function* () {
      const { post, source, start } = yield* visitor
      const keyIn = (html: string) => /name="idempotencyKey" value="([^"]+)"/.exec(html)?.[1] ?? ""
      const idempotencyKeys = yield* Effect.forEach([1, 2], () => Effect.map(source("/admin/tenants/contoso"), keyIn))
      const [one = "", two = ""] = idempotencyKeys
      const first = yield* start(types.clicked, { idempotencyKey: one })
      assert.strictEqual((yield* start(types.clicked, { idempotencyKey: one })).location, first.location)
      assert.notStrictEqual((yield* start(types.clicked, { idempotencyKey: two })).location, first.location)
      assert.strictEqual((yield* start(types.clicked)).status, 400)

      yield* post(`${first.location}/cancel`)
      const idempotencyKey = keyIn(yield* source(first.location))
      const again = yield* post(`${first.location}/retry`, { idempotencyKey })
      assert.strictEqual((yield* post(`${first.location}/retry`, { idempotencyKey })).location, again.location)
      assert.notStrictEqual(again.location, first.location)
      yield* forget
    })
  )

  it.effect("a queued run says who goes first", () =>
    Effect.gen(function* () {
      const { get, start } = yield* visitor
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO operation_workers (id, types, slots) VALUES ('w', ${[types.clicked.name]}, 8)`
      const started = yield* Effect.forEach(["a", "b", "c"], (idempotencyKey) =>
        start(types.clicked, { idempotencyKey })
      )
      assert.include((yield* get(started[2]?.location ?? "")).text, "It is number 3 in line.")
      yield* claimAll
      const { text } = yield* get(started[2]?.location ?? "")
      assert.include(text, "No more than 1 run of this operation may be at work here at once")
      yield* forget
    })
  )

  it.effect("what is held by another run is refused with the way to that run", () =>
    Effect.gen(function* () {
      const { source, start, post } = yield* visitor
      const runs = yield* Runs
      const actor = { id: operator, kind: "user", name: "Oskar Operator" } as const
      const input = { backup: "b-1" }
      const holder = (yield* runs.start(actor, types.restored, { tenantId: "contoso", input })).run
      const busy = yield* start(types.restored)
      assert.strictEqual(busy.status, 409)
      assert.include(busy.text, "View the run")
      yield* post(`/admin/operations/${holder.id}/cancel`)
      assert.match((yield* start(types.restored)).location, new RegExp(run))
      assert.include(yield* source("/admin/operations"), "Restore")
      yield* forget
    })
  )

  it.effect("a blocked start leads to its run, which says what to do; the tenant's page says it before", () =>
    Effect.gen(function* () {
      const { get, start } = yield* visitor
      assert.include((yield* get("/admin/tenants/fabrikam")).text, "No provider connection.")
      assert.notInclude((yield* get("/admin/tenants/contoso")).text, "No provider connection.")
      const { location } = yield* start(types.gated, {}, "fabrikam")
      const { text } = yield* get(location)
      for (const shown of ["Blocked", "Add a provider connection to this tenant.", "Start again", "Not executed"]) {
        assert.include(text, shown)
      }
      yield* forget
    })
  )

  it.effect("shows actions to those who may not take them, with the reason, and refuses them", () =>
    Effect.gen(function* () {
      const { get, post, start } = yield* visitor
      const { location } = yield* start(types.checked)
      const { text } = yield* get(location, reader)
      assert.include(text, "Cancel")
      assert.include(text, "it needs tenant.directory.sync")
      assert.strictEqual((yield* get(`${location}/cancel`, reader)).location, location)
      for (const action of ["cancel", "replace", "retry"]) {
        assert.strictEqual((yield* post(`${location}/${action}`, {}, reader)).status, 403, action)
        assert.strictEqual((yield* post(`${location}/${action}`, {}, "owner@fourth-coffee")).status, 404, action)
      }
      yield* forget
    })
  )

  it.effect("offers nobody what only the system starts, and shows how it went", () =>
    Effect.gen(function* () {
      const { get, post, start } = yield* visitor
      const runs = yield* Runs
      const scope = (yield* runs.start({ id: operator, kind: "user", name: "O" }, types.checked, {
        tenantId: "contoso",
        input: {}
      })).run
      const { tenantId, workspaceId } = scope
      const { run: nightly } = yield* (yield* SystemRuns).start("scheduler", types.nightly, {
        scope: { tenantId, workspaceId },
        input: {}
      })
      const location = `/admin/operations/${nightly.id}`
      yield* post(`${location}/cancel`)
      const [operations = "", ...recent] = (yield* get("/admin/tenants/contoso")).text.split("Recent runs")
      assert.include(operations, types.checked.label)
      assert.notInclude(operations, types.nightly.label)
      assert.include(recent.join(), types.nightly.label)
      assert.include((yield* get(location)).text, "Only Atlas itself starts this operation.")
      assert.strictEqual((yield* start(types.nightly)).status, 403)
      assert.strictEqual((yield* post(`${location}/retry`)).status, 409)
      yield* forget
    })
  )

  it.effect("says of a run that failed for good what a person can do, and names what is missing", () =>
    Effect.gen(function* () {
      const { get, start } = yield* visitor
      const sql = yield* SqlClient.SqlClient
      const fail = (reasonCode: string, missing: ReadonlyArray<string>, status: "queued" | "completed") =>
        Effect.gen(function* () {
          yield* forget
          const { location } = yield* start(types.checked)
          const failure = {
            reasonCode,
            message: "It failed.",
            count: 1,
            firstAt: "2026-07-01T10:00:00.000Z",
            lastAt: "2026-07-01T10:00:00.000Z",
            samples: [],
            ...(missing.length === 0 ? {} : { missingPermissions: missing })
          }
          const outcome = status === "completed" ? "failed" : "pending"
          yield* sql`UPDATE operation_runs SET status = ${status}, outcome = ${outcome}, reason_code = ${reasonCode}, attempt = 1,
            completed_at = CASE WHEN ${status} = 'completed' THEN now() END,
            failure_summary = ${JSON.stringify([failure])}::text::jsonb`
          return [yield* get(location), yield* get("/admin/operations"), yield* get("/admin/tenants/contoso")]
        })
      for (const { text } of yield* fail("provider_timeout", [], "completed")) {
        assert.notInclude(text, "tries again")
        assert.include(text, "Start again later")
      }
      const [retried] = yield* fail("provider_timeout", [], "queued")
      assert.include(retried?.text, "Atlas tries again")
      for (const { text } of yield* fail(
        "provider_permission_denied",
        ["Group.Read.All", "User.Read.All"],
        "completed"
      )) {
        assert.include(text, "Grant Group.Read.All and User.Read.All to the app and give admin consent")
      }
      // An older version's code, from a link of today and from an old one.
      yield* fail("permission_denied", [], "completed")
      for (const reason of ["permission_denied", "provider_permission_denied"]) {
        const { text } = yield* get(`/admin/operations?reason=${reason}`)
        assert.include(text, "Reason: Permission missing")
        assert.include(text, "Check connection")
        assert.notInclude(text, "No run matches")
      }
      yield* forget
    })
  )

  it.effect("a run whose operation is registered no more is shown by its name, and can only be looked at", () =>
    Effect.gen(function* () {
      const { get, post } = yield* visitor
      const sql = yield* SqlClient.SqlClient
      const id = "01920000-0000-7000-8000-000000000001"
      const location = `/admin/operations/${id}`
      yield* sql`
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
          view_capabilities, input, max_attempts)
        VALUES (${id}::uuid, 'northwind', 'contoso', 'gone.sync', '{"id":"x","kind":"user","name":"Someone"}', 'while_active', '',
          sha256(''), '{tenant.inventory.view}', '{}', 1)`
      const viewed = yield* get(location, reader)
      assert.strictEqual(viewed.status, 200)
      for (const shown of ["gone.sync", "not registered any more", "Queued", "Someone"])
        assert.include(viewed.text, shown)
      for (const action of ["Replace this run", "Start again", "Cancel"]) assert.notInclude(viewed.text, action)
      const listed = yield* get("/admin/operations?type=gone.sync&from=2020-01-01")
      assert.include(listed.text, "Operation: gone.sync")
      assert.notInclude(listed.text, "No run matches")
      for (const action of ["cancel", "replace"]) {
        assert.strictEqual((yield* get(`${location}/${action}`)).location, location, action)
      }
      for (const [action, status] of [
        ["cancel", 409],
        ["retry", 409],
        ["replace", 404]
      ] as const) {
        assert.strictEqual((yield* post(`${location}/${action}`)).status, status, action)
      }
      assert.strictEqual((yield* get(location, "owner@fourth-coffee")).status, 404)
      yield* forget
    })
  )
})
