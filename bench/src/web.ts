// `pnpm bench:web`: how quick the pages and the API stay above a large ledger, and under load.
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { timed } from "./clock.ts"
import { describeMachine, type Machine } from "./machine.ts"
import { startPostgres } from "./Postgres.ts"
import { counted, fillLedger } from "./webLedger.ts"
import { type LoadFigure, measureLoad, measureReads, type ReadFigure } from "./webLoad.ts"
import { startWebServer } from "./webServer.ts"

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string" } }
})
const plan = flags.quick
  ? { runs: 2_000, events: 10_000, times: 5, viewers: 20, rate: 20, seconds: 2 }
  : { runs: 1_000_000, events: 10_000, times: 200, viewers: 200, rate: 100, seconds: 60 }

interface Results {
  readonly machine: Machine
  readonly plan: typeof plan
  readonly countingSeconds: number
  readonly reads: ReadonlyArray<ReadFigure>
  readonly load: LoadFigure
}

const ms = (value: number) => value.toFixed(1)
const row = (name: string, { p50, p95, p99 }: { p50: number; p95: number; p99: number }) =>
  `| ${name} | ${ms(p50)} | ${ms(p95)} | ${ms(p99)} |`

const report = ({ countingSeconds, load, machine, plan: { events, runs }, reads }: Results) => `# Pages and API

${machine.date}, ${machine.processor} (${machine.cores} shared cores, ${machine.memoryGiB} GiB), Node ${machine.node}, Postgres ${machine.postgres}.

A server with its worker in one process, Postgres beside it, and whoever asks in a third. The ledger has ${runs.toLocaleString("en")} runs of ninety days, which the
worker counted into their hours in ${countingSeconds.toFixed(1)} s; the viewer shows a run with ${events.toLocaleString("en")} events. Milliseconds, until the whole answer is there.

## One after the other

|  | p50 | p95 | p99 |
| --- | --- | --- | --- |
${reads.map((figure) => row(figure.read, figure)).join("\n")}

## Under load

${load.viewers} watch a run live, and ${load.requests.toLocaleString("en")} requests arrive evenly over ${load.seconds} seconds: ${load.errors} errors, ${load.lostViewers} streams lost.

|  | p50 | p95 | p99 |
| --- | --- | --- | --- |
${row("viewer", load.viewer)}
${row("all", load.all)}
`

const out = flags.out ?? fileURLToPath(new URL("../results", import.meta.url))
const say = (what: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${what}`)

await using postgres = await startPostgres()
await using database = await postgres.createDatabase("bench_web")
await using server = await startWebServer(database.url)
say("filling the ledger")
await fillLedger(database, plan.runs, plan.events)
say("counting")
const counting = await timed(() => counted(database))
await database.query("VACUUM ANALYZE operation_runs")
say("reads")
const reads = await measureReads(server.origin, plan.times)
say("load")
const load = await measureLoad(server.origin, plan.viewers, plan.rate, plan.seconds)

const results: Results = {
  machine: await describeMachine(postgres),
  plan,
  countingSeconds: counting / 1000,
  reads,
  load
}
const text = report(results)
await mkdir(out, { recursive: true })
await writeFile(join(out, "web.json"), `${JSON.stringify(results, null, 2)}\n`)
await writeFile(join(out, "web.md"), text)
console.log(text)
