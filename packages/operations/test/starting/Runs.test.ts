import { assert, layer } from "@effect/vitest"
import { Effect, PubSub, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Runs, SystemRuns } from "../../src/index.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { RunSignals } from "../../src/ledger/RunSignals.ts"
import { wholeRun } from "../../src/testing/index.ts"
import { adatum, contoso, contosoOnly, fabrikam, ledger, operator, outsider, reader, Secret, Work } from "../Fixture.ts"

const work = (key: string, tenantId: string = contoso) => ({ tenantId, input: { key } })

const countRuns = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM operation_runs`
  return row?.n
})

layer(ledger, { excludeTestServices: true })("Runs", (it) => {
  it.effect("records a queued run before any work starts", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { disposition, run } = yield* runs.start(operator, Work, work("first"))
      assert.strictEqual(disposition, "created")
      const stored = yield* runs.get(operator, run.id)
      assert.deepStrictEqual(
        [stored.status, stored.outcome, stored.actor.name, stored.workspaceId, stored.tenantId, stored.input],
        ["queued", "pending", "operator@northwind", "northwind", "contoso", { key: "first" }]
      )
    })
  )

  it.effect("answers an equal start with the active run and notes who joined", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const first = yield* runs.start(operator, Work, work("same"))
      const second = yield* runs.start(contosoOnly, Work, work("same"))
      assert.strictEqual(second.disposition, "existing")
      assert.strictEqual(second.run.id, first.run.id)
      const events = yield* runs.events(operator, first.run.id, { after: 0, limit: 10 })
      assert.deepStrictEqual(
        events.map(({ seq, kind }) => [seq, kind]),
        [
          [1, "created"],
          [2, "joined"]
        ]
      )
      assert.deepInclude(events[1]?.data["actor"], { id: contosoOnly.id })
    })
  )

  it.effect("gives a hundred simultaneous equal starts one run", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const results = yield* Effect.all(
        Array.from({ length: 100 }, () => runs.start(operator, Work, work("hundred"))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(results.map(({ run }) => run.id)).size, 1)
      assert.strictEqual(results.filter(({ disposition }) => disposition === "created").length, 1)
    })
  )

  it.effect("keeps equal starts of different tenants and workspaces apart", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const results = [
        yield* runs.start(operator, Work, work("apart", contoso)),
        yield* runs.start(operator, Work, work("apart", fabrikam)),
        yield* runs.start(outsider, Work, work("apart", adatum))
      ]
      assert.deepStrictEqual(
        results.map(({ disposition }) => disposition),
        ["created", "created", "created"]
      )
    })
  )

  it.effect("starts anew once the equal run is completed", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const writes = yield* RunLedger
      const first = yield* runs.start(operator, Work, work("again"))
      const [claim] = yield* (yield* RunQueue).claimOne({ worker: "w", types: [Work], leaseMillis: 60_000 }, first.run)
      assert.isDefined(claim)
      const done = { outcome: "succeeded", reasonCode: null, counts: {}, failures: [] } as const
      assert.isTrue(yield* writes.complete(claim, done))
      const second = yield* runs.start(operator, Work, work("again"))
      assert.strictEqual(second.disposition, "created")
    })
  )

  it.effect("hides what outsiders may not see and names the capability that members lack, recording nothing", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const before = yield* countRuns
      const unknownTenant = yield* Effect.flip(runs.start(operator, Work, work("x", "nowhere")))
      const foreignTenant = yield* Effect.flip(runs.start(operator, Work, work("x", adatum)))
      const notEntitled = yield* Effect.flip(runs.start(contosoOnly, Work, work("x", fabrikam)))
      const unknownType = yield* Effect.flip(runs.start(operator, "test.unknown", { ...work("x") }))
      for (const problem of [unknownTenant, foreignTenant, notEntitled, unknownType]) {
        assert.deepStrictEqual({ ...problem }, { ...unknownTenant })
        assert.strictEqual(problem.status, 404)
      }
      const forbidden = yield* Effect.flip(runs.start(reader, Work, work("x")))
      assert.deepInclude(forbidden, { status: 403, requiredCapability: "tenant.work.run" })
      const secret = yield* Effect.flip(runs.start(operator, Secret, { tenantId: contoso, input: {} }))
      assert.deepInclude(secret, { status: 403, requiredCapability: "tenant.secret.run" })
      assert.strictEqual(yield* countRuns, before)
    })
  )

  it.effect("refuses bad input naming every problem, recording nothing", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const before = yield* countRuns
      const input = { key: 1, size: "big", "un/known": true }
      const refused = yield* Effect.flip(runs.start(operator, Work.name, { ...work("x"), input }))
      assert.strictEqual(refused._tag, "InvalidInput")
      assert.deepStrictEqual(
        refused._tag === "InvalidInput" ? refused.errors.map(({ pointer }) => pointer).sort() : [],
        ["/input/key", "/input/size", "/input/un~1known"]
      )
      assert.strictEqual(yield* countRuns, before)
    })
  )

  it.effect("shows a run to entitled members only", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* runs.start(operator, Work, work("seen", fabrikam))
      assert.strictEqual((yield* runs.get(reader, run.id)).id, run.id)
      const missing = yield* Effect.flip(runs.get(operator, "019845e1-682f-7b02-a706-3b2422d13aec"))
      for (const actor of [outsider, contosoOnly]) {
        assert.deepStrictEqual({ ...(yield* Effect.flip(runs.get(actor, run.id))) }, { ...missing })
      }
      assert.deepStrictEqual({ ...(yield* Effect.flip(runs.get(operator, "not-an-id"))) }, { ...missing })
    })
  )

  it.effect("is JSON to hosts and handlers, without the fence that only its worker holds", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const created = yield* runs.start(operator, Work, work("as JSON"))
      const joined = yield* runs.start(operator, Work, work("as JSON"))
      const { id } = created.run
      const listed = yield* runs.list(operator, {}, { cursor: null, limit: 1 })
      const [claim] = yield* (yield* RunQueue).claimOne(
        { worker: "w", types: [Work], leaseMillis: 60_000 },
        created.run
      )
      const [got, cancelled] = [yield* runs.get(operator, id), yield* runs.cancel(operator, id)]
      for (const run of [created.run, joined.run, ...listed.runs, claim?.run, got, cancelled]) {
        assert.include(JSON.stringify(run), id)
        assert.notProperty(run, "fence")
      }
    })
  )

  it.effect("lists page by page, newest first, only what the actor may see", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const mine: Array<string> = []
      for (let n = 0; n < 5; n++) mine.unshift((yield* runs.start(operator, Work, work(`list-${n}`))).run.id)
      yield* runs.start(outsider, Work, work("list-foreign", adatum))
      const first = yield* runs.list(contosoOnly, {}, { cursor: null, limit: 3 })
      const second = yield* runs.list(contosoOnly, {}, { cursor: first.nextCursor, limit: 2 })
      assert.deepStrictEqual(
        [...first.runs, ...second.runs].map(({ id }) => id),
        mine
      )
      const everything = yield* runs.list(contosoOnly, {}, { cursor: null, limit: 200 })
      assert.isTrue(everything.runs.every(({ tenantId }) => tenantId === contoso))
      assert.isNull(everything.nextCursor)
      const none = yield* runs.list(operator, { tenant: adatum }, { cursor: null, limit: 10 })
      assert.deepStrictEqual(none.runs, [])
    })
  )

  it.effect("refuses a cursor of another listing", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      yield* Effect.forEach(["c1", "c2"], (key) => runs.start(operator, Work, work(key)))
      const page = yield* runs.list(operator, {}, { cursor: null, limit: 1 })
      const other = yield* Effect.flip(runs.list(operator, { status: "queued" }, { cursor: page.nextCursor, limit: 1 }))
      assert.strictEqual(other.status, 400)
      const nonsense = yield* Effect.flip(runs.list(operator, {}, { cursor: "nonsense", limit: 1 }))
      assert.strictEqual(nonsense.status, 400)
    })
  )

  it.effect("follows a run live until it is completed", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const writes = yield* RunLedger
      const { run } = yield* runs.start(operator, Work, work("followed"))
      const kinds = yield* runs.follow(operator, run.id, 0).pipe(
        Stream.tap(({ kind }) =>
          Effect.gen(function* () {
            const claimant = { worker: "w", types: [Work], leaseMillis: 60_000 }
            if (kind === "created") yield* (yield* RunQueue).claimOne(claimant, run)
            if (kind !== "started") return
            const done = { outcome: "succeeded", reasonCode: null, counts: {}, failures: [] } as const
            yield* writes.complete({ run, fence: 1n }, done)
          })
        ),
        Stream.map(({ kind }) => kind),
        Stream.runCollect
      )
      assert.deepStrictEqual(kinds, ["created", "started", "completed"])
    })
  )

  it.effect("refuses text that Postgres cannot store, wherever it stands", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      for (const key of ["a\0", "half \ud83d"]) {
        const refused = yield* Effect.flip(runs.start(operator, Work, { ...work("x"), input: { key } }))
        assert.deepStrictEqual(refused._tag === "InvalidInput" && refused.errors.map(({ pointer }) => pointer), [
          "/input/key"
        ])
      }
      assert.strictEqual((yield* Effect.flip(runs.start(operator, Work, work("x", "con\0toso")))).status, 404)
      assert.deepStrictEqual((yield* runs.list(operator, { type: "\0" }, { cursor: null, limit: 5 })).runs, [])
      const long = { ...operator, name: `${"Ada ".repeat(100)}\0` }
      assert.isAtMost(wholeRun((yield* runs.start(long, Work, work("long name"))).run).actor.name.length, 200)
    })
  )

  it.effect("wakes nobody before the transaction that a start is part of commits", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const signals = yield* RunSignals
      const sql = yield* SqlClient.SqlClient
      const subscription = yield* signals.subscribe
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* runs.start(operator, Work, work("in a transaction"))
          assert.strictEqual(yield* PubSub.remaining(subscription), 0)
        })
      )
      assert.isAbove(yield* PubSub.remaining(subscription), 0)
    }).pipe(Effect.scoped)
  )

  it.effect("finds runs by their reason, whichever of its spellings is stored and asked for", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Runs
      const { run: old } = yield* runs.start(operator, Work, work("old reason"))
      const { run: today } = yield* runs.start(operator, Work, work("reason of today"))
      yield* sql`UPDATE operation_runs SET reason_code = 'permission_denied' WHERE id = ${old.id}::uuid`
      yield* sql`UPDATE operation_runs SET reason_code = 'provider_permission_denied' WHERE id = ${today.id}::uuid`
      for (const reasonCode of ["permission_denied", "provider_permission_denied"]) {
        const found = yield* runs.list(operator, { reasonCode }, { cursor: null, limit: 10 })
        assert.sameMembers(
          found.runs.map(({ id }) => id),
          [old.id, today.id],
          reasonCode
        )
        assert.isTrue(found.runs.every((run) => run.reasonCode === "provider_permission_denied"))
        assert.deepStrictEqual(yield* runs.tally(operator, { reasonCode }), { queued: 2, running: 0 })
      }
      assert.isEmpty((yield* runs.list(operator, { reasonCode: "throttled" }, { cursor: null, limit: 10 })).runs)
    })
  )

  it.effect("gives of several runs those that the actor may see, and refuses nobody", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Runs
      const ids = []
      for (const tenant of [contoso, fabrikam])
        ids.push((yield* runs.start(operator, Work, work("several", tenant))).run.id)
      const { run: foreign } = yield* runs.start(outsider, Work, work("several", adatum))
      const hidden = (yield* (yield* SystemRuns).start("scheduler", Secret, {
        scope: { workspaceId: (yield* runs.get(operator, ids[0] ?? "")).workspaceId, tenantId: contoso },
        input: {}
      })).run.id
      const asked = [...ids, foreign.id, hidden, "no id", "01920000-0000-7000-8000-000000000000"]
      const refused = sql`SELECT count(*)::int AS refused FROM operation_audit WHERE action = 'forbidden'`
      const before = yield* refused
      const seen = (actor: typeof operator) =>
        Effect.map(runs.getMany(actor, asked), (found) => found.map(({ id }) => id))
      assert.sameMembers(yield* seen(operator), ids)
      assert.deepStrictEqual(yield* seen(contosoOnly), ids.slice(0, 1))
      assert.deepStrictEqual(yield* seen(outsider), [foreign.id])
      assert.isEmpty(yield* runs.getMany(operator, []))
      assert.deepStrictEqual(yield* refused, before)
    })
  )
})
