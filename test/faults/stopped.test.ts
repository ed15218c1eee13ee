import type { RunId } from "@atlas/operations"
import { fenceOf } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  attempts,
  begun,
  completed,
  fixture,
  openGate,
  pages,
  settings,
  start,
  startWorker,
  timeline,
  until,
  workHere
} from "./Fixture.ts"
import type { Step } from "./Probe.ts"
import type { Fault } from "./WorkerOptions.ts"

const refusals = (id: RunId) =>
  SqlClient.SqlClient.use(
    (sql) => sql`SELECT FROM operation_run_events WHERE run_id = ${id}::uuid AND kind = 'stale_write_refused'`
  )

// It is lost in any case. Whoever takes the run over keeps it, however busy the machine is.
const doomed = { ...settings, leaseMillis: 2_000 }

const standstills: ReadonlyArray<{ readonly name: string; readonly fault: Fault }> = [
  { name: "stopped", fault: "SIGSTOP" },
  { name: "whose event loop stands still", fault: "stall" }
]

const steps: ReadonlyArray<{ readonly at: Step; readonly where: string }> = [
  { at: "handling", where: "outside a transaction" },
  { at: "writing", where: "in a transaction that has written" },
  { at: "fenced", where: "in a transaction, after the fenced update" },
  { at: "completing", where: "right before completion" }
]

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a worker", (it) => {
  for (const { name, fault } of standstills) {
    for (const { at, where } of steps) {
      it.effect(`${name} ${where} for longer than its lease is refused when it goes on`, () =>
        Effect.gen(function* () {
          const gate = at === "completing" ? {} : { gate: `${name} ${at}` }
          const worker = yield* startWorker({ at, fault, settings: doomed })
          const id = yield* start(gate)
          yield* begun(id)
          // The other one has the run, and its first page: the gate holds it back from the second.
          yield* workHere()
          yield* begun(id, 2)
          if (gate.gate === undefined) yield* completed(id)
          else yield* until(Effect.map(pages(id), (all) => all.filter((fence) => fence === 2n)))
          yield* worker.goOn
          yield* until(refusals(id))
          if (gate.gate !== undefined) {
            assert.strictEqual(yield* fenceOf(id), 2n)
            assert.deepStrictEqual(yield* pages(id), [2n])
            yield* openGate(gate.gate)
          }
          const done = yield* completed(id)
          assert.deepStrictEqual([done.outcome, done.attempt, yield* fenceOf(id)], ["succeeded", 1, 2n])
          const end = ["stale_write_refused", "completed"] as const
          const ends = gate.gate === undefined ? end.toReversed() : end
          assert.deepStrictEqual(yield* timeline(id), ["created", "started", "rescued", ...ends])
          assert.deepStrictEqual(yield* pages(id), [2n, 2n])
          assert.strictEqual((yield* attempts(id)).length, 2)
        }).pipe(Effect.scoped)
      )
    }
  }
})
