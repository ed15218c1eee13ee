// `pnpm bench:graph`: how fast a large directory is read, beside Microsoft's client and the bare loop.
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { readers } from "./GraphReaders.ts"
import { measureReading, type Reading, type Setting, startFake } from "./graphReading.ts"
import { type Host, describeHost } from "./machine.ts"

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    out: { type: "string", default: fileURLToPath(new URL("../results", import.meta.url)) }
  }
})

const setting = (groups: number, latencyMillis: number, consumerMillis = 0): Setting => ({
  groups,
  latencyMillis,
  consumerMillis
})
const settings = flags.quick
  ? [setting(5_000, 0), setting(5_000, 1, 1)]
  : [
      setting(100_000, 0),
      setting(100_000, 20),
      setting(100_000, 100),
      setting(100_000, 20, 20),
      setting(1_000_000, 0),
      setting(1_000_000, 20),
      setting(1_000_000, 100)
    ]

// Told apart from the figures, which go to the standard output.
const say = (what: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${what}`)

const readings: Array<Reading> = []
for (const each of settings) {
  say(`${each.groups} groups, ${each.latencyMillis} ms, consumer ${each.consumerMillis} ms`)
  await using fake = await startFake(each)
  // A first reading fills the fake's own cache of serialised groups.
  await measureReading("bare fetch", fake.directory, { ...each, consumerMillis: 0 })
  for (const reader of Object.keys(readers)) readings.push(await measureReading(reader, fake.directory, each))
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US")

const bareOf = (reading: Reading): Reading | undefined =>
  readings.find(
    (other) =>
      other.reader === "bare fetch" &&
      other.groups === reading.groups &&
      other.latencyMillis === reading.latencyMillis &&
      other.consumerMillis === reading.consumerMillis
  )

const row = (reading: Reading): ReadonlyArray<string> => [
  whole(reading.groups),
  `${reading.latencyMillis} ms`,
  `${reading.consumerMillis} ms`,
  reading.reader,
  whole(reading.perSecond),
  `${(reading.perSecond / (bareOf(reading)?.perSecond ?? Number.NaN)).toFixed(2)}×`,
  whole(reading.mebibytes),
  reading.pauseP99.toFixed(0),
  reading.pauseMax.toFixed(0)
]

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const markdown = ({ cores, date, node, packages, processor }: Host) => `# Reading a large directory

${date}, ${processor} (${cores} shared cores), Node ${node}, ${Object.entries(packages)
  .map(([name, version]) => `${name} ${version}`)
  .join(", ")}.

Every group from a fake Graph in another process on the same machine, 999 to a page; one reading each, in processes of their own, after one that
warms the fake up. The latency is added to every answer; the consumer takes its time with every page, as a database does. Atlas decodes and
checks every group against its contract; the others parse JSON. Memory is the most in use above the process at rest, with a set of all ids that the
benchmark itself keeps to prove that each reading is exact; pauses are of the event loop, in milliseconds.

${table(["groups", "latency", "consumer", "reader", "groups per second", "of the bare fetch", "MiB", "pause p99", "longest pause"], readings.map(row))}
`

const host = describeHost(["effect", "@microsoft/microsoft-graph-client"])
const text = markdown(host)
await mkdir(flags.out, { recursive: true })
await writeFile(join(flags.out, "graph.json"), `${JSON.stringify({ host, readings }, null, 2)}\n`)
await writeFile(join(flags.out, "graph.md"), text)
console.log(text)
