// `pnpm bench:directory`: how fast a directory is copied and searched, beside COPY of the same rows.
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { startPostgres } from "./Postgres.ts"
import { describeMachine } from "./machine.ts"
import { measureSyncs, type SyncFigures } from "./directorySyncs.ts"
import { measureSearches, type SearchFigures } from "./directorySearches.ts"
import { startGraph } from "./directoryGraph.ts"
import { directoryMarkdown } from "./directoryReport.ts"

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    groups: { type: "string" },
    out: { type: "string", default: fileURLToPath(new URL("../results", import.meta.url)) }
  }
})

const sizes = flags.groups === undefined ? (flags.quick ? [2_000] : [100_000, 1_000_000]) : [Number(flags.groups)]

// Told apart from the figures, which go to the standard output.
const say = (what: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${what}`)

const syncs: Array<SyncFigures> = []
let searches: ReadonlyArray<SearchFigures> = []
await using postgres = await startPostgres()
for (const size of sizes) {
  await using graph = await startGraph(size)
  const repetitions = flags.quick ? 1 : size > 100_000 ? 2 : 3
  const measured = await measureSyncs(postgres, graph, repetitions, say)
  syncs.push(measured.figures)
  if (size === sizes.at(-1)) searches = await measureSearches(measured.database, graph, flags.quick ? 20 : 200, say)
  await measured.database[Symbol.asyncDispose]()
}

const machine = await describeMachine(postgres)
const text = directoryMarkdown({ machine, syncs, searches })
await mkdir(flags.out, { recursive: true })
await writeFile(join(flags.out, "directory.json"), `${JSON.stringify({ machine, syncs, searches }, null, 2)}\n`)
await writeFile(join(flags.out, "directory.md"), text)
console.log(text)
