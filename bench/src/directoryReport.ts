import type { SearchFigures } from "./directorySearches.ts"
import type { SyncFigures } from "./directorySyncs.ts"
import type { Machine } from "./machine.ts"

interface Figures {
  readonly machine: Machine
  readonly syncs: ReadonlyArray<SyncFigures>
  readonly searches: ReadonlyArray<SearchFigures>
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US")
const seconds = (millis: number) => `${(millis / 1000).toFixed(1)} s`
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const syncRow = (figures: SyncFigures): ReadonlyArray<string> => [
  whole(figures.groups),
  seconds(figures.copy),
  seconds(figures.full),
  figures.ratios.map((ratio) => `${ratio.toFixed(2)}×`).join(", "),
  whole((figures.groups / figures.full) * 1000),
  whole(figures.mebibytes),
  `${figures.pauseP99.toFixed(0)} / ${figures.pauseMax.toFixed(0)}`
]

const deltaRow = ({ changed, groups, nothing }: SyncFigures): ReadonlyArray<string> => [
  whole(groups),
  `${nothing.millis.toFixed(0)} ms`,
  `${nothing.requests} / ${nothing.statements}`,
  whole(changed.groups),
  `${changed.millis.toFixed(0)} ms`,
  String(changed.requests)
]

const searchRow = ({ found, kind, max, p50, p95, p99 }: SearchFigures): ReadonlyArray<string> => [
  kind,
  ...[p50, p95, p99, max].map((millis) => millis.toFixed(1)),
  String(found)
]

/** The figures for people. */
export const directoryMarkdown = ({ machine, searches, syncs }: Figures): string => `# The directory cache

${machine.date}, ${machine.processor} (${machine.cores} shared cores, ${machine.memoryGiB} GiB), Node ${machine.node}, Postgres ${machine.postgres} with
${Object.entries(machine.postgresSettings)
  .map(([name, value]) => `${name} ${value}`)
  .join(", ")}.

## Syncs

A host with its worker in one process, a fake Graph without latency in another (200 groups to a page), Postgres beside them. The first sync, from the
click to the completed run, into a fresh database; then COPY of the rows it stored into the same table with the same indexes in another fresh database,
from a file of the server's own. Memory is the most in use above the process at rest; pauses are of its event loop, in milliseconds.

${table(["groups", "COPY", "first sync", "of COPY, each time", "groups per second", "MiB", "pause p99 / longest"], syncs.map(syncRow))}

${table(["groups", "nothing changed", "requests / statements", "changed", "those", "requests"], syncs.map(deltaRow))}

## Reads

In the largest of these directories, beside a neighbour with as many groups of the same names, through the service: with authorisation, freshness and decoding.
Milliseconds.

${table(["", "p50", "p95", "p99", "longest", "found at most"], searches.map(searchRow))}
`
