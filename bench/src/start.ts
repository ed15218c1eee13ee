// `pnpm bench:start`: how fast runs are started and executed, beside the limit and beside other engines.
import { parseArgs } from "node:util"
import type { Contestant } from "./Contestant.ts"
import { measureEndToEnd } from "./endToEnd.ts"
import { engines } from "./engines.ts"
import { measureLatency } from "./latency.ts"
import { describeMachine } from "./machine.ts"
import { full, quick } from "./Plan.ts"
import { startPostgres } from "./Postgres.ts"
import { write } from "./startReport.ts"
import { measureStarts } from "./startThroughput.ts"

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string" } }
})
const plan = flags.quick ? quick : full

// Told apart from the figures, which go to the standard output.
const say = (what: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${what}`)

await using postgres = await startPostgres()
const contestants: Array<Contestant> = []
await using databases = new AsyncDisposableStack()
for (const engine of engines) {
  const database = databases.use(
    await postgres.createDatabase(`bench_${engine.name.toLowerCase().replaceAll("-", "_")}`)
  )
  await engine.prepare(database.url)
  contestants.push({ engine, database })
}
const [atlas, ...peers] = contestants as [Contestant, ...Array<Contestant>]

say("starts")
const starts = await measureStarts(atlas, peers, plan)
say("latency")
const latency = await measureLatency(contestants, plan)
say("end to end")
const endToEnd = await measureEndToEnd(postgres, contestants, plan)

await write({ machine: await describeMachine(postgres), plan, starts, latency, endToEnd }, flags.out)
