import { WorkerSettings } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  begun,
  completed,
  figures,
  fixture,
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

        // Which living worker has which run, in no particular order.
        const held = Effect.map(
          sql<Held>`SELECT run_id, a.fence, pid FROM probe_attempts a JOIN operation_runs r ON id = run_id
          WHERE r.fence = a.fence AND lease_until > now() ORDER BY random()`,
          (all) => all.filter(({ pid }) => alive.has(pid))
        )
        const killOne = Effect.gen(function* () {
          const { runId, fence, pid } = (yield* until(held))[0]!
          const victim = alive.get(pid)
          // Another one was faster.
          if (!alive.delete(pid) || victim === undefined) return yield* Effect.die("Killed twice")
          const [killed] = yield* sql<{ at: Date }>`SELECT clock_timestamp() AS at`
          yield* victim.kill("SIGKILL")
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
        assert.isAtMost(Math.max(...waits), bound)

        yield* openGate("end")
        for (const id of ids) assert.strictEqual((yield* completed(id)).outcome, "succeeded")
      }).pipe(Effect.scoped),
    180_000
  )
})
