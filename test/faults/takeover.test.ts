import { WorkerSettings } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  begun,
  completed,
  figures,
  fixture,
  median,
  openGate,
  start,
  startWorker,
  until,
  type WorkerProcess
} from "./Fixture.ts"

const kills = 50
/** Dead workers at once, and living ones at any time. */
const [dying, living] = [4, 4]

// How long a run waits beyond its lease is a matter of the poll, so that is the real one; the lease only adds to it.
const settings = { ...WorkerSettings.defaultValue(), leaseMillis: 2_000, slots: 2 }
const bound = settings.leaseMillis + 2_000

interface Held {
  readonly runId: string
  readonly fence: bigint
  readonly pid: number
}

layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })("a killed worker", (it) => {
  it.effect(
    `has its runs taken by others within lease + 2 s, ${kills} times`,
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const alive = new Map<number, WorkerProcess>()
        const join = Effect.map(startWorker({ settings }), (worker) => alive.set(worker.pid, worker))
        yield* Effect.all(
          Array.from({ length: dying + living }, () => join),
          { concurrency: dying }
        )
        const ids = yield* Effect.all(Array.from({ length: dying + living }, () => start({ gate: "end" })))
        yield* Effect.forEach(ids, (id) => begun(id))

        // A living worker that has a run, at random; nobody else kills it.
        const victim = Effect.map(
          sql<Held>`SELECT run_id, a.fence, pid FROM probe_attempts a JOIN operation_runs r ON id = run_id
          WHERE r.fence = a.fence AND lease_until > now() ORDER BY random()`,
          (all) =>
            all
              .flatMap((held) => {
                const worker = alive.get(held.pid)
                return worker === undefined ? [] : [{ ...held, worker }]
              })
              .slice(0, 1)
              .filter(({ pid }) => alive.delete(pid))
        )
        const killOne = Effect.gen(function* () {
          const { runId, fence, worker } = (yield* until(victim))[0]!
          const [killed] = yield* sql<{ at: Date }>`SELECT clock_timestamp() AS at`
          yield* worker.kill("SIGKILL")
          yield* join
          const taken = yield* until(sql<{ at: Date }>`SELECT at FROM operation_run_events
          WHERE run_id = ${runId}::uuid AND kind = 'rescued' AND (data->>'attempt')::int > ${fence} ORDER BY seq LIMIT 1`)
          return taken[0]!.at.getTime() - killed!.at.getTime()
        })
        const waits = yield* Effect.all(
          Array.from({ length: kills }, () => killOne),
          { concurrency: dying }
        )
        console.log(`Killed to taken by another, with a lease of ${settings.leaseMillis} ms: ${figures(waits)}`)
        // The longest wait is the machine's: it has to start a process for each that is killed.
        assert.isAtMost(median(waits), bound)

        yield* openGate("end")
        for (const id of ids) assert.strictEqual((yield* completed(id)).outcome, "succeeded")
      }).pipe(Effect.scoped),
    180_000
  )
})
