import * as Pg from "@atlas/operations/pg"
import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { bundle, TestDatabase } from "@atlas/test"
import { type RunEventKind, type RunId, Runs, Worker, WorkerSettings } from "@atlas/operations"
import { DatabaseClock } from "@atlas/operations/testing"
import type { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import { Deferred, Effect, Layer, Redacted, Schedule, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { createTables, handler, ledger, operator, Probe, tenantId } from "./Probe.ts"
import type { WorkerOptions } from "./WorkerOptions.ts"

/** No machine is so busy that it loses these leases; `lapse` ends them. */
export const settings: WorkerSettings = { slots: 8, leaseMillis: 120_000, pollMillis: 200, sweepMillis: 200 }

/** For tests that wait until a lease is over: as short as a busy machine can keep it. */
export const shortLease: WorkerSettings = { ...settings, leaseMillis: 6_000 }

/** Ends the leases of workers that no longer renew them, by the database's clock. */
export const lapse = DatabaseClock.advance(settings.leaseMillis)

/** The ledger and the tables in which probes leave their traces, on a migrated database. */
export const fixtureOn = <E, R>(database: Layer.Layer<TestDatabase | PgClient.PgClient | SqlClient.SqlClient, E, R>) =>
  Layer.mergeAll(ledger, Layer.effectDiscard(createTables)).pipe(
    Layer.provideMerge(Pg.listener),
    Layer.provideMerge(database)
  )

/** The same on a database of its own. */
export const fixture = fixtureOn(TestDatabase.layer)

const jumpingClock = fileURLToPath(new URL("./jumpingClock.ts", import.meta.url))

/** A worker that runs as a process of its own. */
export interface WorkerProcess {
  readonly pid: number
  readonly kill: (signal: "SIGKILL" | "SIGTERM") => Effect.Effect<void>
  /** Once its fault has struck. */
  readonly struck: Effect.Effect<void>
  /** Ends its fault, if that can be. */
  readonly goOn: Effect.Effect<void>
  /** Once it has ended: by which signal, if by one. */
  readonly ended: Effect.Effect<NodeJS.Signals | null>
}

const ended = (child: ChildProcess) =>
  Effect.callback<NodeJS.Signals | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.succeed(child.signalCode))
    child.once("exit", (_, signal) => resume(Effect.succeed(signal)))
  })

/** Ends what hangs; a busy machine takes its time. */
const patience = "90 seconds"

const awaited = <A>(effect: Effect.Effect<A>) => effect.pipe(Effect.timeout(patience), Effect.orDie)

const temporaryFile = Effect.acquireRelease(
  Effect.sync(() => join(tmpdir(), `atlas-probe-${randomUUID()}`)),
  (file) => Effect.promise(() => rm(file, { force: true }))
)

const spawnWorker = Effect.fnUntraced(function* (options: WorkerOptions, clockJumps: boolean) {
  const program = yield* bundle("test/faults/worker.ts")
  return yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [...(clockJumps ? ["--import", jumpingClock] : []), program], {
        env: { PROBE_WORKER: JSON.stringify(options) },
        stdio: ["pipe", "pipe", "inherit"]
      })
    ),
    (child) => Effect.suspend(() => (child.kill("SIGKILL"), ended(child)))
  )
})

/**
 * Starts a worker on the test's database; it ends with the scope.
 *
 * @param options a fault and where it strikes, and settings other than the usual ones
 */
export const startWorker = Effect.fnUntraced(function* ({
  clockJumps = false,
  ...options
}: Partial<WorkerOptions> & { readonly clockJumps?: boolean } = {}): Effect.fn.Return<
  WorkerProcess,
  never,
  Scope.Scope | TestDatabase
> {
  const databaseUrl = Redacted.value(yield* TestDatabase.url)
  const goOnFile = yield* temporaryFile
  const defaults = { settings, maxConnections: 20, deaf: false }
  const child = yield* spawnWorker({ ...defaults, databaseUrl, goOnFile, ...options }, clockJumps)
  const said = { ready: Deferred.makeUnsafe<void>(), struck: Deferred.makeUnsafe<void>() }
  createInterface({ input: child.stdout }).on("line", (line) =>
    line === "ready" || line === "struck" ? Deferred.doneUnsafe(said[line], Effect.void) : console.log(line)
  )
  yield* awaited(Deferred.await(said.ready))
  return {
    pid: child.pid ?? 0,
    kill: (signal) => Effect.sync(() => void child.kill(signal)),
    struck: awaited(Deferred.await(said.struck)),
    goOn: Effect.andThen(
      Effect.promise(() => writeFile(goOnFile, "")),
      Effect.sync(() => void child.kill("SIGCONT"))
    ),
    ended: awaited(ended(child))
  }
})

/**
 * A worker in this process, without faults, until the scope closes.
 *
 * @param other settings than the usual ones
 */
export const workHere = (other: Partial<WorkerSettings> = {}) =>
  Worker.layer(handler(() => Effect.void)).pipe(
    Layer.provide(Layer.succeed(WorkerSettings, { ...settings, ...other })),
    Layer.fresh,
    Layer.build
  )

let started = 0

/** Starts a probe. */
export const start = (input: Omit<typeof Probe.input.Type, "key"> = {}) =>
  Runs.use((runs) => runs.start(operator, Probe, { tenantId, input: { key: `probe-${started++}`, ...input } })).pipe(
    Effect.map(({ run }) => run.id),
    Effect.orDie
  )

/** Asks a run to stop. */
export const cancel = (id: RunId) => Runs.use((runs) => runs.cancel(operator, id)).pipe(Effect.orDie)

/** The run once it is completed. */
export const completed = (id: RunId) =>
  Runs.use((runs) => runs.get(operator, id)).pipe(
    Effect.repeat({ until: ({ status }) => status === "completed", schedule: Schedule.spaced("25 millis") }),
    Effect.timeout(patience),
    Effect.orDie
  )

/** The kinds of a run's events but for progress; their numbers have no gap. */
export const timeline = (id: RunId) =>
  Runs.use((runs) => runs.events(operator, id, { after: 0, limit: 200 })).pipe(
    Effect.orDie,
    Effect.map((events): ReadonlyArray<RunEventKind> => {
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1)
      )
      return events.map(({ kind }) => kind).filter((kind) => kind !== "progress")
    })
  )

/** Waits until a question to the database is answered by at least one row. */
export const until = <A, E, R>(rows: Effect.Effect<ReadonlyArray<A>, E, R>) =>
  rows.pipe(
    Effect.repeat({ until: (found) => found.length > 0, schedule: Schedule.spaced("25 millis") }),
    Effect.timeout(patience),
    Effect.orDie
  )

/** What a handler left of each of its attempts at a run, oldest first. */
export interface Attempt {
  readonly fence: bigint
  readonly pid: number
  readonly beganAt: Date
  readonly finalizedAt: Date | null
}

/** The attempts of which a run's handlers left a trace. */
export const attempts = (id: RunId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<Attempt>`SELECT * FROM probe_attempts WHERE run_id = ${id}::uuid ORDER BY fence`
  ).pipe(Effect.orDie)

/** The pages of a run, as the fences with which they were written. */
export const pages = (id: RunId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ fence: bigint }>`SELECT fence FROM probe_pages WHERE run_id = ${id}::uuid ORDER BY page`
  ).pipe(
    Effect.map((rows) => rows.map(({ fence }) => fence)),
    Effect.orDie
  )

/** Lets whoever waits at a gate pass. */
export const openGate = (name: string) =>
  SqlClient.SqlClient.use((sql) => sql`INSERT INTO probe_gates VALUES (${name})`).pipe(Effect.orDie)

/** Waits until this many attempts at a run have begun. */
export const begun = (id: RunId, count = 1) =>
  until(Effect.map(attempts(id), (all) => (all.length >= count ? all : [])))

/** Durations in milliseconds, for people. */
export const figures = (millis: ReadonlyArray<number>): string => {
  const sorted = millis.toSorted((a, b) => a - b)
  return `n ${sorted.length}, p50 ${Math.round(median(sorted))} ms, max ${Math.round(sorted.at(-1) ?? Number.NaN)} ms`
}

/** The middle one, the upper of two. */
export const median = (millis: ReadonlyArray<number>): number =>
  millis.toSorted((a, b) => a - b)[Math.floor(millis.length / 2)] ?? Number.NaN
