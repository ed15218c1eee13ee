import { isDeepStrictEqual } from "node:util"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Schema, Struct } from "effect"
import { SqlClient } from "effect/sql"
import { RunId, runIdOf, Runs, type StartResult, SystemRuns, WorkspaceId } from "../../src/index.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import { RunQueue } from "../../src/ledger/RunQueue.ts"
import { observed } from "../../src/run/Failure.ts"
import { RunSweeps } from "../../src/ledger/RunSweeps.ts"
import { type Transition, transitions } from "../../src/ledger/transition.ts"
import { contoso, operator } from "../Fixture.ts"
import { Check, kinds, ledgerOfKinds, Restore, Slot } from "../Kinds.ts"
import { type Entry, makeModel, Step, tours, type Wish } from "./LedgerModel.ts"

const claimant = { worker: "w", types: kinds, leaseMillis: 60_000 }
const failure = observed({ reasonCode: "provider_unavailable", message: "Down." }, DateTime.makeUnsafe(0))
const completion = { reasonCode: null, counts: {}, failures: [] } as const
const types = { check: Check, restore: Restore, slot: Slot }
const scope = { workspaceId: WorkspaceId.make("northwind"), tenantId: contoso }

/** Answers as the model words them. */
const answerOf = <R>(start: Effect.Effect<StartResult, { readonly _tag: string }, R>) =>
  Effect.match(start, {
    onSuccess: (started) => ({ answer: started.disposition as string, run: runIdOf(started) as string | null }),
    onFailure: (problem) => ({ answer: wordOf(problem), run: null })
  })

const wordOf = (problem: { readonly _tag: string; readonly runStatus?: unknown; readonly runOutcome?: unknown }) =>
  problem._tag === "RunConflict"
    ? `conflict: ${String(problem.runStatus)} ${String(problem.runOutcome)}`
    : ({ OperationBusy: "busy", IdempotencyKeyReused: "reused", NotSupported: "not supported" }[problem._tag] ??
      problem._tag)

const startIt = Effect.fnUntraced(function* (wish: Wish, ids: ReadonlyArray<string>) {
  const runs = yield* Runs
  const { key, idempotencyKey, size, supersedes } = wish
  const input = size === null ? { key } : { key, size }
  const type = types[wish.type].name
  if (wish.type === "slot") {
    const fireTime = DateTime.makeUnsafe("2026-10-25T00:30:00Z")
    return yield* answerOf(SystemRuns.use(({ start }) => start("scheduler", type, { scope, input, fireTime })))
  }
  return yield* answerOf(
    runs.start(operator, type, {
      tenantId: contoso,
      input,
      ...(idempotencyKey === null ? {} : { idempotencyKey }),
      ...(supersedes === null ? {} : { supersedes: ids[supersedes]! })
    })
  )
})

const writeIt = Effect.fnUntraced(function* (
  id: RunId,
  fence: bigint,
  write: Extract<Step, { _tag: "write" }>["write"]
) {
  const ledger = yield* RunLedger
  const writer = { run: { id }, fence }
  switch (write) {
    case "heartbeat":
      return yield* ledger.heartbeat(writer, 60_000)
    case "progress":
    case "quiet":
      return yield* ledger.progress(
        writer,
        60_000,
        { counts: { processed: 1 }, failures: null, report: null },
        write === "progress"
      )
    case "succeed":
      return yield* ledger.complete(writer, { ...completion, outcome: "succeeded" })
    case "fail":
      return yield* ledger.complete(writer, { ...completion, outcome: "failed", reasonCode: failure.reasonCode })
    case "retryLater":
      return yield* ledger.retryLater(writer, { failure, failures: [failure], counts: {}, delayMillis: 0 })
    case "giveBack":
      return yield* ledger.giveBack(writer)
  }
})

const announce = Effect.fnUntraced(function* (are: Extract<Step, { _tag: "workers" }>["are"]) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DELETE FROM operation_workers`
  if (are === "none") return
  const names = are === "of another type" ? ["test.other"] : kinds.map(({ name }) => name)
  const silentFor = { live: "0", "of another type": "0", recent: "1 minute", gone: "2 days" }[are]
  yield* sql`INSERT INTO operation_workers (id, types, slots, last_seen)
    VALUES ('w', ${names}::text[], 1, now() - ${silentFor}::interval)`
})

/** What the database shows of every run, in the order of creation. */
const snapshot = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string; supersededBy: string | null; retryOf: string | null; whole: string }>`
    SELECT r.id, status, outcome, reason_code AS reason, fence::int AS fence, version, attempt,
      cancel_requested_at IS NOT NULL AS asked, started_at IS NOT NULL AS started, superseded_by, retry_of,
      last_event, queued_at <= now() AND (started_at IS NULL) = (deadline IS NULL)
        AND (completed_at IS NULL OR completed_at >= coalesce(started_at, queued_at)) AS sound,
      r::text AS whole,
      ARRAY(SELECT e.seq FROM operation_run_events e WHERE e.run_id = r.id ORDER BY e.seq) AS seqs,
      ARRAY(SELECT e.kind FROM operation_run_events e WHERE e.run_id = r.id ORDER BY e.seq) AS kinds,
      ARRAY(SELECT a.action FROM operation_audit a WHERE a.run_id = r.id ORDER BY a.id) AS audit
    FROM operation_runs r`
  const number = (id: string | null) => (id === null ? null : ids.indexOf(id))
  return rows
    .map(({ id, supersededBy, retryOf, ...row }) => ({
      ...row,
      n: ids.indexOf(id),
      supersededBy: number(supersededBy),
      retryOf: number(retryOf)
    }))
    .sort((a, b) => a.n - b.n)
})

const shown = [
  ...(["n", "status", "outcome", "reason", "fence", "version", "attempt"] as const),
  ...(["asked", "started", "supersededBy", "retryOf", "audit"] as const)
]

const expected = (entries: ReadonlyArray<Entry>) =>
  entries.map((run) => ({
    ...Struct.pick(run, shown),
    lastEvent: run.events.length,
    sound: true,
    seqs: run.events.slice(1).map((_, index) => index + 2),
    kinds: run.events.slice(1)
  }))

const legal: ReadonlyArray<Transition> = Object.values(transitions)

/** What holds whatever the model says. */
const checkInvariants = (before: ReadonlyArray<Entry>, after: ReadonlyArray<Entry>) => {
  for (const old of before) {
    const now = after[old.n]!
    assert.isTrue(now.fence >= old.fence && now.version >= old.version && now.attempt >= old.attempt)
    const event = now.events[old.events.length] ?? null
    const fence = now.fence > old.fence
    const attempt = now.attempt > old.attempt
    const moved = legal.some(
      (made) =>
        made.event === event &&
        made.leaves.includes(old.status) &&
        (made.enters ?? old.status) === now.status &&
        made.fence.endsWith("rises") === fence &&
        (made.attempt === "counted if failed" ? now.outcome === "failed" : made.attempt === "counted") === attempt
    )
    assert.isTrue(moved, `${event}: ${old.status} → ${now.status}`)
    assert.isAtMost(now.events.length - old.events.length, 1)
    if (old.status === "completed") {
      assert.deepStrictEqual([now.outcome, now.reason, now.fence], [old.outcome, old.reason, old.fence])
    }
  }
  const active = after.filter(({ status }) => status !== "completed")
  const unique = (values: ReadonlyArray<string>) => assert.strictEqual(new Set(values).size, values.length)
  unique(active.filter(({ type }) => type !== "slot").map(({ type, key }) => `${type} ${key}`))
  assert.isAtMost(active.filter(({ type }) => type === "restore").length, 1)
  unique(after.flatMap(({ once }) => once ?? []))
}

/** One ledger and the model of it, driven side by side. */
const makeDriver = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const runs = yield* Runs
  const queue = yield* RunQueue
  const sweeps = yield* RunSweeps
  const model = makeModel()
  const ids: Array<string> = []

  const starting = Effect.fnUntraced(function* (
    wanted: { readonly answer: string; readonly run: Entry },
    got: { readonly answer: string; readonly run: string | null }
  ) {
    assert.strictEqual(got.answer, wanted.answer)
    if (got.answer === "created") ids.push(got.run!)
    if (got.run !== null) assert.strictEqual(got.run, ids[wanted.run.n])
  })

  const start = Effect.fnUntraced(function* (wish: Wish) {
    const real = yield* startIt(wish, ids)
    yield* starting(model.start(wish), real)
  })

  const onRun = Effect.fnUntraced(function* (step: Extract<Step, { readonly target: number }>, run: Entry) {
    const id = RunId.make(ids[run.n]!)
    switch (step._tag) {
      case "retry": {
        const size = run.request === null ? null : (JSON.parse(run.request) as [string, number])[1]
        const { type, key, n: retryOf } = run
        const real = yield* answerOf(runs.retry(operator, id, step.idempotencyKey))
        return yield* starting(
          model.retry(run, { type, key, idempotencyKey: step.idempotencyKey, size, supersedes: null, retryOf }),
          real
        )
      }
      case "claim": {
        const [claim] = yield* queue.claimOne(claimant, { ...scope, id, type: types[run.type].name })
        return assert.strictEqual(claim ? `claimed with ${claim.fence}` : "nothing", model.claim(run))
      }
      case "write": {
        const fence = BigInt(step.stale ? run.fence - 1 : run.fence)
        return assert.strictEqual(String(yield* writeIt(id, fence, step.write)), model.write(run, step))
      }
      case "cancel": {
        const answer = yield* Effect.match(runs.cancel(operator, id), {
          onSuccess: ({ status }) => status,
          onFailure: wordOf
        })
        return assert.strictEqual(answer, model.cancel(run))
      }
      case "lapse":
        yield* sql`UPDATE operation_runs SET lease_until = now() - interval '1 second' WHERE id = ${id}::uuid AND status = 'running'`
        return model.lapse(run)
      case "timeUp":
        yield* sql`UPDATE operation_runs SET started_at = started_at - interval '7 hours', deadline = now() - interval '1 second'
          WHERE id = ${id}::uuid AND status <> 'completed' AND deadline IS NOT NULL`
        return model.timeUp(run)
      case "age":
        yield* sql`UPDATE operation_runs SET available_at = now() - interval '2 days' WHERE id = ${id}::uuid AND status = 'queued'`
        return model.age(run)
    }
  })

  const take = Effect.fnUntraced(function* (step: Step) {
    const newest = (target: number) => model.entries.at(-1 - (target % Math.max(model.entries.length, 1)))
    switch (step._tag) {
      case "check": {
        const supersedes = step.supersedes === null ? null : (newest(step.supersedes)?.n ?? null)
        return yield* start({
          type: "check",
          key: step.key,
          idempotencyKey: null,
          size: null,
          supersedes,
          retryOf: null
        })
      }
      case "restore":
        return yield* start({ type: "restore", ...step, supersedes: null, retryOf: null })
      case "slot":
        return yield* start({
          type: "slot",
          key: step.key,
          idempotencyKey: null,
          size: null,
          supersedes: null,
          retryOf: null
        })
      case "workers":
        yield* announce(step.are)
        return model.workers(step.are)
      case "claimNext": {
        const [claim] = yield* queue.claimer(claimant)(1)
        const run = model.entries[ids.indexOf(claim?.run.id ?? "")]
        if (run === undefined) return assert.isFalse(model.entries.some(model.isClaimable))
        return assert.strictEqual(`claimed with ${claim?.fence}`, model.claim(run))
      }
      case "endLapsed":
        yield* sweeps.endLapsed
        return model.endLapsed()
      case "failStale":
        yield* sweeps.failStale
        return model.failStale()
      default: {
        const run = newest(step.target)
        if (run !== undefined) yield* onRun(step, run)
      }
    }
  })

  return { model, take, snapshot: Effect.suspend(() => snapshot(ids)) }
})

/** A step after which a run that is as before is so to the last column: no lease, due time or count was set. */
const leavesAlone = (step: Step) =>
  step._tag === "write"
    ? step.write !== "heartbeat" && step.write !== "quiet"
    : step._tag !== "lapse" && step._tag !== "timeUp" && step._tag !== "age"

const empty = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE operation_keys DISABLE TRIGGER USER`
  yield* sql`DELETE FROM operation_keys`
  yield* sql`DELETE FROM operation_runs`
  yield* sql`DELETE FROM operation_workers`
})

/** Takes the steps one by one and compares the whole ledger with the model after each. */
const compare = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  yield* empty
  const { model, take, snapshot } = yield* makeDriver
  let rows: ReadonlyArray<string> = []
  for (const [index, step] of steps.entries()) {
    const before = structuredClone(model.entries)
    yield* take(step)
    const after = yield* snapshot
    const what = `step ${index}, ${JSON.stringify(step)}`
    assert.deepStrictEqual(
      after.map((row) => Struct.omit(row, ["whole"])),
      expected(model.entries),
      what
    )
    checkInvariants(before, model.entries)
    for (const [n, row] of rows.entries()) {
      if (leavesAlone(step) && isDeepStrictEqual(before[n], model.entries[n])) {
        assert.strictEqual(after[n]?.whole, row, what)
      }
    }
    rows = after.map(({ whole }) => whole)
  }
})

layer(ledgerOfKinds, { excludeTestServices: true })("the ledger does exactly what the rules say", (it) => {
  for (const [name, steps] of Object.entries(tours)) {
    it.effect(`of a run: ${name}`, () => compare(steps))
  }

  it.effect.prop(
    "whatever happens, in whichever order",
    [Schema.Array(Step).check(Schema.isMaxLength(40))],
    ([steps]) => compare(steps),
    { timeout: 60_000, arbitrary: { runs: 100, size: 400 } }
  )
})
