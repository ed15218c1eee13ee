import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AuditLog, Problems, type Run, Runs, type Started, SystemRuns, WorkspaceId } from "../../src/index.ts"
import { RunQueries } from "../../src/ledger/reads/RunQueries.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { fenceOf, withRun } from "../../src/testing/index.ts"
import { contoso, fabrikam, operator, Work } from "../Fixture.ts"
import { Check, Click, Gated, kinds, ledgerOfKinds, otherHost, Restore, Slot } from "../Kinds.ts"

const scope = { workspaceId: WorkspaceId.make("northwind"), tenantId: contoso }
const slotAt = DateTime.makeUnsafe("2026-10-25T00:30:00Z")

/** The same call from four processes at once, each with its own connections. */
const race = Effect.fnUntraced(function* <A, E>(
  times: number,
  work: (n: number) => Effect.Effect<A, E, AuditLog | RunQueue | Runs | SystemRuns | SqlClient.SqlClient>
) {
  const hosts = yield* Effect.all([otherHost, otherHost, otherHost, otherHost])
  return yield* Effect.forEach(
    Array.from({ length: times }, (_, n) => n),
    (n) => Effect.provideContext(work(n), hosts[n % hosts.length]!),
    { concurrency: "unbounded" }
  )
}, Effect.scoped)

const count = <A>(values: ReadonlyArray<A>, value: A) => values.filter((other) => other === value).length

/** What the database says of one run: how often each event and each audit record is there. */
const recordsOf = Effect.fnUntraced(function* ({ id }: Pick<Run, "id">) {
  const run = yield* Runs.use((runs) => runs.get(operator, id))
  const events = yield* RunQueries.use((queries) => queries.events(run, { after: 0, limit: 200 }))
  const records = yield* AuditLog.use((audit) => audit.ofRun(id, 200))
  assert.deepStrictEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: run.lastEvent }, (_, index) => index + 1)
  )
  return {
    run,
    fence: yield* fenceOf(id),
    events: events.map(({ kind }) => kind),
    records: records.map(({ action }) => action)
  }
})

const runsOf = (type: string) =>
  SqlClient.SqlClient.use((sql) => sql`SELECT id FROM operation_runs WHERE type = ${type}`)

const start = (type: string, key: string, idempotencyKey?: string) =>
  Runs.use((runs) =>
    runs.start(operator, type, {
      tenantId: contoso,
      input: { key },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey })
    })
  ).pipe(Effect.map(withRun))

const equalStarts: Record<string, (n: number) => Effect.Effect<Started, unknown, Runs | SystemRuns>> = {
  [Check.name]: () => start(Check.name, "equal"),
  [Click.name]: () => start(Click.name, "equal", "one click"),
  [Slot.name]: (n) =>
    SystemRuns.use((runs) =>
      runs.start(`scheduler-${n % 20}`, Slot, { scope, input: { key: "equal" }, fireTime: slotAt })
    ).pipe(Effect.map(withRun)),
  [Restore.name]: () => start(Restore.name, "equal", "one click")
}

layer(ledgerOfKinds, { excludeTestServices: true, timeout: "60 seconds" })("simultaneous starts", (it) => {
  for (const [type, startEqual] of Object.entries(equalStarts)) {
    it.effect(`give a hundred equal ones of ${type} one run`, () =>
      Effect.gen(function* () {
        const results = yield* race(100, startEqual)
        const answers = results.map(({ disposition }) => disposition)
        assert.deepStrictEqual([count(answers, "created"), count(answers, "existing")], [1, 99])
        assert.strictEqual(new Set(results.map(({ run }) => run.id)).size, 1)
        assert.strictEqual((yield* runsOf(type)).length, 1)
        const { events, fence, records, run } = yield* recordsOf(results[0]!.run)
        assert.deepStrictEqual([events.length, count(events, "joined")], [100, 99])
        assert.deepStrictEqual([records.length, count(records, "joined")], [99, 99])
        assert.deepStrictEqual([run.status, run.version, fence], ["queued", 100, 0n])
        if (type === Restore.name) yield* Runs.use((runs) => runs.cancel(operator, run.id))
      })
    )
  }

  it.effect("give a scope one exclusive run: those equal to it join, the others are told who holds it", () =>
    Effect.gen(function* () {
      const started = (yield* runsOf(Restore.name)).length
      // Two restores; of each, half of the starts are one click and the others are clicks of their own.
      const keyOf = (n: number) => (n % 2 === 0 ? "a" : "b")
      const results = yield* race(100, (n) =>
        Effect.result(start(Restore.name, keyOf(n), n < 50 ? `one click of ${keyOf(n)}` : `click ${n}`))
      )
      const [created] = results.flatMap((result) =>
        result._tag === "Success" && result.success.disposition === "created" ? [result.success.run] : []
      )
      assert.isDefined(created)
      const winner = (created.input as { readonly key: string }).key
      let existing = 0
      for (const [n, result] of results.entries()) {
        if (result._tag === "Success") {
          assert.deepStrictEqual([result.success.run.id, keyOf(n)], [created.id, winner])
          existing += result.success.disposition === "existing" ? 1 : 0
        } else {
          assert.instanceOf(result.failure, Problems.OperationBusy)
          assert.deepInclude(result.failure, { holder: { id: created.id, type: Restore.name, status: "queued" } })
          assert.notStrictEqual(keyOf(n), winner)
        }
      }
      assert.strictEqual(existing, 49)
      assert.strictEqual((yield* runsOf(Restore.name)).length, started + 1)
      const { events, records } = yield* recordsOf(created)
      assert.strictEqual(count(events, "joined"), 49)
      assert.deepStrictEqual([records.length, count(records, "joined"), count(records, "busy")], [99, 49, 50])
      yield* Runs.use((runs) => runs.cancel(operator, created.id))
    })
  )

  it.effect("replace a run once, however many want to", () =>
    Effect.gen(function* () {
      const old = (yield* start(Check.name, "replaced")).run
      const request = { tenantId: contoso, input: { key: "replaced" }, supersedes: old.id }
      const results = yield* race(20, (n) =>
        Runs.use((runs) => runs.start({ ...operator, name: `${n}` }, Check, request))
      )
      const answers = results.map(({ disposition }) => disposition)
      assert.deepStrictEqual([count(answers, "created"), count(answers, "existing")], [1, 19])
      const [replacement, ...more] = new Set(results.map(({ run }) => run.id))
      assert.deepStrictEqual(more, [])
      const before = yield* recordsOf(old)
      assert.deepInclude({ ...before.run }, { outcome: "cancelled", reasonCode: "run_superseded" })
      assert.strictEqual(before.fence, 1n)
      assert.strictEqual(before.run.supersededBy, replacement)
      assert.deepStrictEqual([before.events, before.records], [["created", "superseded"], ["superseded"]])
      const after = yield* recordsOf({ id: replacement! })
      assert.deepStrictEqual([count(after.events, "joined"), count(after.records, "joined")], [19, 19])
    })
  )
})

layer(ledgerOfKinds, { excludeTestServices: true, timeout: "60 seconds" })("at the same time", (it) => {
  const claimant = (worker: string) => ({ worker, types: kinds, leaseMillis: 60_000 })

  it.effect("one of many workers gets a run, assigned or from the queue", () =>
    Effect.gen(function* () {
      const keys = Array.from({ length: 20 }, (_, n) => `claimed ${n}`)
      const runs = yield* Effect.forEach(keys, (key) => Effect.map(start(Work.name, key), ({ run }) => run))
      // Twenty workers want each run at the same moment; every fourth takes what is next instead.
      const claims = yield* race(400, (n) =>
        RunQueue.use((queue) =>
          n % 4 === 3
            ? queue.claimer(claimant(`w${n}`))(1)
            : queue.claimOne(claimant(`w${n}`), runs[Math.floor(n / 20)]!)
        )
      )
      const claimed = claims.flat().map(({ fence, run }) => `${run.id} ${fence}`)
      assert.sameMembers(
        claimed,
        runs.map(({ id }) => `${id} 1`)
      )
      for (const run of runs) assert.deepStrictEqual((yield* recordsOf(run)).events, ["created", "started"])
    })
  )

  it.effect("fifty cancellations of a queued run end it once and tell the others so", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Work.name, "cancelled")
      const answers = yield* race(50, () => Effect.result(Runs.use((runs) => runs.cancel(operator, run.id))))
      const refusals = answers.flatMap((answer) => (answer._tag === "Failure" ? [answer.failure] : []))
      assert.strictEqual(refusals.length, 49)
      for (const refusal of refusals) {
        assert.deepInclude(refusal, { _tag: "RunConflict", runStatus: "completed", runOutcome: "cancelled" })
      }
      const { events, fence, records, run: ended } = yield* recordsOf(run)
      assert.deepStrictEqual([events, records], [["created", "completed"], ["cancel_requested"]])
      assert.deepStrictEqual([fence, ended.version], [1n, 2])
    })
  )

  it.effect("fifty cancellations of a running run ask its worker once, and all are answered", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Work.name, "stopped")
      yield* RunQueue.use((queue) => queue.claimOne(claimant("w"), run))
      const answers = yield* race(50, () => Runs.use((runs) => runs.cancel(operator, run.id)))
      for (const answer of answers) {
        assert.deepStrictEqual([answer.status, answer.cancelRequestedBy], ["running", operator])
      }
      const { events, records } = yield* recordsOf(run)
      assert.deepStrictEqual([events, records], [["created", "started", "cancel_requested"], ["cancel_requested"]])
    })
  )
})

layer(ledgerOfKinds, { excludeTestServices: true })("a start in the caller's transaction", (it) => {
  const everything = SqlClient.SqlClient.use(
    (sql) => sql<{ table: string; n: number }>`
      SELECT 'runs' AS table, count(*)::int AS n FROM operation_runs UNION ALL
      SELECT 'events', count(*)::int FROM operation_run_events UNION ALL
      SELECT 'audit', count(*)::int FROM operation_audit`
  )

  it.effect("leaves nothing when that is rolled back, whatever it was answered with", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const held = yield* start(Restore.name, "held", "held")
      const before = yield* everything
      const work = Effect.gen(function* () {
        yield* start(Check.name, "rolled back")
        assert.strictEqual((yield* start(Check.name, "rolled back")).disposition, "existing")
        yield* start(Click.name, "rolled back", "n")
        assert.strictEqual((yield* start(Gated.name, "rolled back")).disposition, "blocked")
        yield* Effect.flip(start(Restore.name, "other", "n"))
        assert.strictEqual((yield* start(Restore.name, "held", "n")).run.id, held.run.id)
        return yield* Effect.fail("the caller's own failure")
      })
      assert.strictEqual(yield* Effect.flip(sql.withTransaction(work)), "the caller's own failure")
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("may be refused as busy without spoiling it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const request = { tenantId: fabrikam, input: { key: "a" }, idempotencyKey: "1" }
      const runs = yield* Runs
      yield* runs.start(operator, Restore, request)
      const kept = yield* sql.withTransaction(
        Effect.gen(function* () {
          const busy = yield* Effect.flip(
            runs.start(operator, Restore, { ...request, input: { key: "b" }, idempotencyKey: "2" })
          )
          assert.strictEqual(busy._tag, "OperationBusy")
          return yield* start(Check.name, "beside it")
        })
      )
      assert.strictEqual((yield* runs.get(operator, kept.run.id)).status, "queued")
    })
  )
})
