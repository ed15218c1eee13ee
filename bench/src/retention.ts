// `pnpm bench:retention`: 100,000 runs through a ledger that keeps a thousand: whether its tables stay small, and what removing costs.
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Operations, Operation, RunHandler, Runs, Worker, WorkerSettings } from "@atlas/operations"
import { RunHours, RunRetention } from "@atlas/operations/testing"
import * as Pg from "@atlas/operations/pg"
import { Effect, Fiber, Layer, ManagedRuntime, Redacted, Schema } from "effect"
import { accessWith, actor } from "./hosts.ts"
import { describeMachine } from "./machine.ts"
import { startPostgres } from "./Postgres.ts"

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    out: { type: "string", default: fileURLToPath(new URL("../results", import.meta.url)) }
  }
})
const total = flags.quick ? 2_000 : 100_000
const steps = 10
const tenants = Array.from({ length: 50 }, (_, index) => `tenant-${index}`)
const keptEach = 20

const Noop = Operation.make({
  name: "bench.kept",
  label: "Nothing",
  description: "Does nothing.",
  category: "Benchmark",
  input: Schema.Struct({ key: Schema.String }),
  capabilities: { start: "tenant.bench.run", view: "tenant.bench.view" },
  identity: { rule: "while_active", key: ({ key }) => key },
  retention: { count: keptEach }
})

await using postgres = await startPostgres()
const machine = await describeMachine(postgres)
// A vacuum looks every ten seconds instead of every minute: 100,000 runs are through in less than a few minutes here.
await postgres.admin.query("ALTER SYSTEM SET autovacuum_naptime = '10s'")
await postgres.admin.query("SELECT pg_reload_conf()")
await using database = await postgres.createDatabase("retention")
const client = Pg.layer({ url: Redacted.make(database.url), maxConnections: 30 })

const worker = Worker.layer(Noop.toLayer(() => Effect.succeed(RunHandler.succeeded))).pipe(
  Layer.provide(
    Layer.effect(
      WorkerSettings,
      Effect.map(WorkerSettings, (defaults) => ({ ...defaults, slots: 16 }))
    )
  )
)
const capabilities = new Set([Noop.capabilities.start, Noop.capabilities.view])
const runtime = ManagedRuntime.make(
  worker.pipe(
    Layer.provideMerge(Operations.layer(Noop)),
    Layer.provide(accessWith(capabilities)),
    Layer.provideMerge(client)
  )
)

/** What workers do every five minutes, here each second. */
let removed = 0
let removing = 0
const clean = Effect.gen(function* () {
  yield* RunHours.use(({ count }) => count)
  const begun = performance.now()
  removed += yield* RunRetention.use(({ remove }) => remove)
  removing += performance.now() - begun
  // What an interruption cut off after its commit would be missing in the count.
}).pipe(Effect.uninterruptible)

interface Sizes {
  readonly runs: number
  readonly ledger: number
  readonly timelines: number
}
const sizes = async (): Promise<Sizes> => {
  const [row] = await database.query<Sizes>(`
    SELECT (SELECT count(*)::int FROM operation_runs) AS runs,
      pg_total_relation_size('operation_runs')::float8 / 1e6 AS ledger,
      pg_total_relation_size('operation_run_events')::float8 / 1e6 AS timelines`)
  return row!
}

const through = (from: number, count: number) =>
  Effect.gen(function* () {
    const runs = yield* Runs
    yield* Effect.forEach(
      Array.from({ length: count }, (_, index) => from + index),
      (index) =>
        runs.start(actor, Noop, {
          tenantId: tenants[index % tenants.length]!,
          input: { key: String(index) }
        }),
      { concurrency: 32, discard: true }
    )
    yield* Effect.promise(async () => {
      const [row] = await database.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM operation_runs WHERE status <> 'completed'"
      )
      return row!.n
    }).pipe(Effect.delay("20 millis"), Effect.repeat({ until: (active) => active === 0 }))
  })

const cleaning = await runtime.runPromise(
  Effect.forkDetach(Effect.forever(Effect.andThen(clean, Effect.sleep("1 second"))))
)
const samples: Array<{ readonly after: number; readonly seconds: number } & Sizes> = []
for (let step = 0; step < steps; step++) {
  const begun = performance.now()
  await runtime.runPromise(through((step * total) / steps, total / steps))
  const seconds = (performance.now() - begun) / 1_000
  samples.push({ after: ((step + 1) * total) / steps, seconds, ...(await sizes()) })
  console.error(`${samples.at(-1)!.after} runs`)
}
await runtime.runPromise(Fiber.interrupt(cleaning))
await runtime.runPromise(clean)
await database.query("VACUUM operation_runs, operation_run_events")
const last = await sizes()
await runtime.dispose()

const figures = { samples, last, removed, millisPerThousandRemoved: (removing / removed) * 1_000 }
const text = `# Retention

${machine.date}, ${machine.processor} (${machine.cores} shared cores, ${machine.memoryGiB} GiB), Node ${machine.node}, Postgres ${machine.postgres} with durable
commits, autovacuum looking every 10 seconds. ${total.toLocaleString("en-US")} runs that do nothing, in ${tenants.length} tenants, are started by 32 callers and executed in 16 slots, while what is beyond the newest ${keptEach} of each
tenant is removed once a second. Sizes are those of tables with all indexes.

| After runs | Runs there | Ledger, MB | Timelines, MB | Runs/s |
|---|---|---|---|---|
${samples.map(({ after, runs, ledger, timelines, seconds }) => `| ${after.toLocaleString("en-US")} | ${runs.toLocaleString("en-US")} | ${ledger.toFixed(1)} | ${timelines.toFixed(1)} | ${Math.round(total / steps / seconds).toLocaleString("en-US")} |`).join("\n")}
| the end, removed and vacuumed | ${last.runs.toLocaleString("en-US")} | ${last.ledger.toFixed(1)} | ${last.timelines.toFixed(1)} | – |

Removing a thousand runs took ${Math.round(figures.millisPerThousandRemoved)} ms, beside all else.
`
await mkdir(flags.out, { recursive: true })
await writeFile(join(flags.out, "retention.json"), `${JSON.stringify({ machine, figures }, null, 2)}\n`)
await writeFile(join(flags.out, "retention.md"), text)
console.log(text)
