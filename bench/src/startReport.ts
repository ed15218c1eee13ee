import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { EndToEndFigure } from "./endToEnd.ts"
import { engines } from "./engines.ts"
import { connections } from "./Engine.ts"
import type { LatencyFigure } from "./latency.ts"
import type { Machine } from "./machine.ts"
import type { Plan } from "./Plan.ts"
import type { StartFigure } from "./startThroughput.ts"

/** Everything that `pnpm bench:start` found out. */
export interface StartReport {
  readonly machine: Machine
  readonly plan: Plan
  readonly starts: ReadonlyArray<StartFigure>
  readonly latency: ReadonlyArray<LatencyFigure>
  readonly endToEnd: ReadonlyArray<EndToEndFigure>
}

const results = fileURLToPath(new URL("../results", import.meta.url))

const whole = (value: number) => Math.round(value).toLocaleString("en-US")
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const ofBestPeer = ({ endToEnd }: StartReport, { engine, place, perSecond }: EndToEndFigure) => {
  const peers = endToEnd.filter((other) => other.place === place && other.engine !== engines[0]!.name)
  return engine === engines[0]!.name
    ? `${(perSecond / Math.max(...peers.map((peer) => peer.perSecond))).toFixed(2)}×`
    : ""
}

const startTable = ({ starts }: StartReport) => {
  const concurrencies = starts.map(({ concurrency }) => concurrency)
  return table(
    [
      "",
      ...[...new Set(concurrencies)].flatMap((concurrency) => [`${concurrency} at once, per second`, "of the limit"])
    ],
    [...new Set(starts.map(({ what }) => what))].map((what) => [
      what,
      ...starts
        .filter((figure) => figure.what === what)
        .flatMap(({ perSecond, ofLimit }) => [whole(perSecond), ofLimit.toFixed(2)])
    ])
  )
}

const markdown = (report: StartReport): string => {
  const { machine, plan, latency, endToEnd } = report
  const list = (values: Readonly<Record<string, string>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")
  return `# Starting and executing runs

${machine.date}, ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node},
Postgres ${machine.postgres}. ${list(machine.packages)}.

Client, workers and database share the machine. Postgres: ${list(machine.postgresSettings)}.
Figures per second are the medians of ${plan.rounds} rounds in which the contenders take turns, after a warm-up.
Every process of every engine may open ${connections} connections; a worker executes ${plan.slots} jobs at once.

${engines.map(({ name, settings }) => `- ${name}: ${settings}.`).join("\n")}

## Starts

Without a worker. The limit is the bare insert of the same row into the same table, on the same client.

${startTable(report)}

## From the start to the handler

An idle worker, ${plan.latencies} starts one after the other, from the call until the handler runs; milliseconds.

${table(
  ["", "worker in the", "p50", "p95", "p99"],
  latency.map(({ engine, place, p50, p95, p99 }) => [engine, place, p50.toFixed(1), p95.toFixed(1), p99.toFixed(1)])
)}

## From end to end

${whole(plan.jobs)} jobs that do nothing, started 32 at once while the worker runs, until all are recorded as done. Cost is for one job, start
included; commits are those that write.

${table(
  ["", "worker in the", "jobs per second", "of the best peer", "statements", "commits", "WAL bytes"],
  endToEnd.map((figure) => [
    figure.engine,
    figure.place,
    whole(figure.perSecond),
    ofBestPeer(report, figure),
    ...(figure.cost === null
      ? ["", "", ""]
      : [figure.cost.statements.toFixed(1), figure.cost.commits.toFixed(1), whole(figure.cost.walBytes)])
  ])
)}
`
}

/**
 * Writes the report as JSON and Markdown, and prints the latter.
 *
 * @param directory where to; by default `bench/results`
 */
export const write = async (report: StartReport, directory = results): Promise<void> => {
  const text = markdown(report)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, "start.json"), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(join(directory, "start.md"), text)
  console.log(text)
}
