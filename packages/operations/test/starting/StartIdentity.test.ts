import { withRun } from "../../src/testing/index.ts"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Operations, Runs, StartGate, SystemRuns } from "../../src/index.ts"
import {
  claim,
  Click,
  complete,
  contoso,
  defaultRecord,
  fabrikam,
  Gated,
  get,
  kinds,
  ledger,
  OfRecord,
  other,
  owner,
  Plain,
  Report,
  Scheduled,
  start,
  whileDoor,
  workspace
} from "./StartTypes.ts"

const fireTime = DateTime.makeUnsafe("2026-11-23T02:30:00Z")
const scheduled = (key: string, at = fireTime, tenantId = contoso) =>
  SystemRuns.use((runs) =>
    runs.start("scheduler", Scheduled, {
      scope: { workspaceId: workspace, tenantId },
      input: { key },
      fireTime: at,
      context: { schedule: key }
    })
  ).pipe(Effect.map(withRun))
const closed = StartGate.blocked("provider_connection_missing", "Contoso has no provider connection.")

layer(ledger, { excludeTestServices: true })("the identity of a start", (it) => {
  it.effect("takes two sends of one click for one start, also when its run is completed", () =>
    Effect.gen(function* () {
      const first = yield* start(Click, "double click", { idempotencyKey: "n-1" })
      const second = yield* start(Click, "double click", { idempotencyKey: "n-1" })
      assert.deepStrictEqual([first.disposition, second.disposition], ["created", "existing"])
      yield* complete(yield* claim(Click, first.run))
      const third = yield* start(Click, "double click", { idempotencyKey: "n-1" })
      assert.deepStrictEqual([third.disposition, third.run.id], ["existing", first.run.id])
      assert.deepStrictEqual(yield* kinds(first.run), ["created", "joined", "started", "completed", "joined"])
    })
  )

  it.effect("takes two clicks, and the clicks of two people, for different starts", () =>
    Effect.gen(function* () {
      const runs = [
        yield* start(Click, "clicks", { idempotencyKey: "a" }),
        yield* start(Click, "clicks", { idempotencyKey: "b" }),
        yield* start(Click, "clicks", { idempotencyKey: "a" }, other),
        yield* start(Click, "clicks", { idempotencyKey: "a", tenantId: fabrikam })
      ]
      assert.deepStrictEqual(new Set(runs.map(({ disposition }) => disposition)), new Set(["created"]))
    })
  )

  it.effect("refuses a key that stands for another request, and leaves the first one's run as it is", () =>
    Effect.gen(function* () {
      const { run } = yield* start(Click, "request", { idempotencyKey: "reused" })
      const input = { key: "request", note: "not what was sent first" }
      const refused = yield* Effect.flip(start(Click, "request", { idempotencyKey: "reused", input }))
      assert.strictEqual(refused._tag, "IdempotencyKeyReused")
      assert.deepStrictEqual(yield* kinds(run), ["created"])
    })
  )

  it.effect("asks for a key where each click is a run of its own, and ignores it elsewhere", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(start(Click, "no key")))._tag, "IdempotencyKeyRequired")
      for (const idempotencyKey of ["", "x".repeat(201), "a\0b"]) {
        assert.strictEqual((yield* Effect.flip(start(Click, "bad key", { idempotencyKey })))._tag, "InvalidInput")
      }
      const first = yield* start(Plain, "keyless", { idempotencyKey: "1" })
      assert.strictEqual((yield* start(Plain, "keyless", { idempotencyKey: "2" })).run.id, first.run.id)
    })
  )

  it.effect("runs a schedule once for each fire time, for ever, also when the start was blocked", () =>
    Effect.gen(function* () {
      const first = yield* scheduled("nightly")
      assert.deepStrictEqual([first.run.actor.kind, first.run.context], ["system", { schedule: "nightly" }])
      yield* complete(yield* claim(Scheduled, first.run))
      assert.strictEqual((yield* scheduled("nightly")).run.id, first.run.id)
      const later = DateTime.add(fireTime, { days: 1 })
      const blocked = yield* whileDoor(closed, scheduled("nightly", later))
      assert.strictEqual(blocked.disposition, "blocked")
      const replayed = yield* scheduled("nightly", later)
      assert.deepStrictEqual([replayed.disposition, replayed.run.id], ["existing", blocked.run.id])
      assert.strictEqual((yield* scheduled("nightly", fireTime, fabrikam)).disposition, "created")
    })
  )

  it.effect("takes an id in either case, and the default that is named or left out, for one start", () =>
    Effect.gen(function* () {
      const inputs = [{}, { record: defaultRecord }, { record: defaultRecord.toUpperCase() }]
      const starts = yield* Effect.forEach(inputs, (input) => start(OfRecord, "", { input }))
      assert.deepStrictEqual(
        starts.map(({ disposition }) => disposition),
        ["created", "existing", "existing"]
      )
      const run = yield* get(starts[0]!.run)
      assert.deepStrictEqual([run.input, run.context], [{ record: defaultRecord }, { record: defaultRecord }])
      const other = yield* start(OfRecord, "", { input: { record: "0A000000-0000-4000-8000-00000000000C" } })
      assert.deepStrictEqual((yield* get(other.run)).input, { record: "0a000000-0000-4000-8000-00000000000c" })
      const without = yield* start(OfRecord, "", { input: {}, tenantId: fabrikam })
      assert.deepStrictEqual((yield* get(without.run)).input, {})
    })
  )

  it.effect("takes the id of a run in either case", () =>
    Effect.gen(function* () {
      const { run } = yield* start(OfRecord, "", { input: {}, tenantId: "adatum" })
      const shouted = run.id.toUpperCase()
      assert.strictEqual((yield* Runs.use((runs) => runs.get(owner, shouted))).id, run.id)
      const next = yield* start(OfRecord, "", { input: {}, tenantId: "adatum", supersedes: shouted })
      assert.strictEqual(next.disposition, "created")
      assert.strictEqual((yield* get(run)).supersededBy, next.run.id)
    })
  )

  it.effect("needs the resolver of a type whose input is resolved", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(Layer.build(Layer.fresh(Operations.layer(OfRecord))))
      assert.strictEqual(refused._tag, "UnregisteredInputResolver")
      assert.include(refused.message, OfRecord.name)
    }).pipe(Effect.scoped)
  )

  it.effect("lets nobody start by hand what only the system starts, and leaves no run behind", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(start(Scheduled, "by hand"))
      assert.strictEqual(refused._tag, "Forbidden")
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT id FROM operation_runs WHERE input->>'key' = 'by hand'`, [])
    })
  )

  it.effect("starts in a workspace what belongs to no tenant, and only there", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const input = { key: "w" }
      const { run } = yield* runs.start(owner, Report, { workspaceId: workspace, input })
      assert.isNull(run.tenantId)
      const wrong = [
        runs.start(owner, Plain, { workspaceId: workspace, input }),
        runs.start(owner, Report, { tenantId: contoso, input }),
        runs.start(owner, Report, { workspaceId: "elsewhere", input })
      ]
      for (const start of wrong) assert.strictEqual((yield* Effect.flip(start))._tag, "NotFound")
    })
  )

  it.effect("does not take the identity of a blocked start", () =>
    Effect.gen(function* () {
      const blocked = yield* whileDoor(closed, start(Gated, "later"))
      assert.deepStrictEqual(
        [blocked.disposition, blocked.run.status, blocked.run.outcome, blocked.run.reasonCode],
        ["blocked", "completed", "blocked", "provider_connection_missing"]
      )
      assert.strictEqual(blocked.run.failureSummary[0]?.message, "Contoso has no provider connection.")
      assert.deepStrictEqual(yield* kinds(blocked.run), ["created", "completed"])
      const open = yield* start(Gated, "later")
      assert.deepStrictEqual([open.disposition, (yield* get(open.run)).status], ["created", "queued"])
    })
  )
})
