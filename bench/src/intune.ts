// `pnpm bench:intune`: how fast policies are inventoried, backed up and planned to be restored, beside a bare reading of them.
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { FakeGraph } from "@atlas/fake-graph"
import { ManagedRuntime } from "effect"
import { migrateIntune, permissions } from "./IntuneHost.ts"
import { describeMachine } from "./machine.ts"
import { startPostgres } from "./Postgres.ts"

/** What the host is told to do; with which backup, where it is about one. */
export interface IntuneTask {
  readonly kind: "read" | "sync" | "backUp" | "preview"
  readonly backup?: string
}

/** What a task took. */
export interface IntuneTaskResult {
  readonly millis: number
  /** Policies that it processed. */
  readonly found: number
  /** Most memory in use meanwhile, above what the process had at rest. */
  readonly mebibytes: number
  /** The longest pause of the event loop, in milliseconds. */
  readonly pauseMax: number
}

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    out: { type: "string", default: fileURLToPath(new URL("../results", import.meta.url)) }
  }
})
const count = flags.quick ? 100 : 5_000
const settingsEach = 50
const tenant = "11111111-0000-4000-8000-000000000001"

const setting = (at: number) => ({
  id: String(at),
  settingInstance: {
    "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
    settingDefinitionId: `device_vendor_msft_policy_config_browser_setting_${at}`,
    choiceSettingValue: { value: `device_vendor_msft_policy_config_browser_setting_${at}_${at % 4}`, children: [] }
  }
})
const policies = Array.from({ length: count }, (_, at) => ({
  id: `policy-${at}`,
  name: `Policy ${at}`,
  description: `The policy of department ${at}`,
  platforms: "windows10",
  technologies: "mdm",
  settingCount: settingsEach,
  roleScopeTagIds: ["0"],
  assignments: [],
  // No two policies say the same.
  settings: [{ ...setting(0), value: at }, ...Array.from({ length: settingsEach - 1 }, (_each, n) => setting(n + 1))]
}))

const graph = ManagedRuntime.make(
  FakeGraph.layerHttp({
    tenants: [
      {
        tenantId: tenant,
        entraTenantId: tenant,
        groups: 0,
        permissions,
        collections: { "deviceManagement/configurationPolicies": policies }
      }
    ]
  })
)
const { origin } = await graph.runPromise(FakeGraph)
await using postgres = await startPostgres()
const machine = await describeMachine(postgres)
await using database = await postgres.createDatabase("intune")
await migrateIntune(database.url)
const child = fork(fileURLToPath(new URL("./intuneMain.ts", import.meta.url)), [database.url, origin, tenant])
const exit = once(child, "exit")
await once(child, "message")

const perform = async (task: IntuneTask): Promise<IntuneTaskResult> => {
  const answer = once(child, "message")
  child.send(task)
  const [result] = await Promise.race([answer, exit.then(([code]) => [{ failed: code }])])
  if ("failed" in result) throw new Error(`The host ended with ${result.failed}.`)
  console.error(`${new Date().toISOString().slice(11, 19)} ${task.kind}: ${Math.round(result.millis)} ms`)
  return result
}

const limit = await perform({ kind: "read" })
const first = await perform({ kind: "sync" })
const unchanged = await perform({ kind: "sync" })
const backedUp = await perform({ kind: "backUp" })
const [set] = await database.query<{ readonly id: string }>("SELECT id::text FROM backup_sets")
const again = await perform({ kind: "backUp" })
const preview = await perform({ kind: "preview", backup: set?.id ?? "" })
const [stored] = await database.query<{ readonly raw: number; readonly kept: number }>(
  "SELECT sum(size)::float8 / 1e6 AS raw, sum(octet_length(body))::float8 / 1e6 AS kept FROM policy_snapshots"
)
child.disconnect()
await exit
await graph.dispose()

const figures = [
  ["bare reading of every page (the limit)", limit],
  ["first inventory", first],
  ["inventory, nothing changed", unchanged],
  ["backup, contents known from the inventory", backedUp],
  ["another backup, nothing changed", again],
  ["preview of restoring everything", preview]
] as const
const text = `# Policies

${machine.date}, ${machine.processor} (${machine.cores} shared cores, ${machine.memoryGiB} GiB), Node ${machine.node}, Postgres ${machine.postgres} with durable
commits. ${count.toLocaleString("en-US")} settings catalog policies of ${settingsEach} settings each (two pages of settings), a fake Graph without latency in another process. The limit reads every
page with a bare \`fetch\`, as many at once as the client does, and keeps nothing. Memory is the most in use above the process at rest.

| what | seconds | of the limit | policies per second | MiB | longest pause, ms |
| --- | --- | --- | --- | --- | --- |
${figures
  .map(
    ([name, { found, mebibytes, millis, pauseMax }]) =>
      `| ${[name, (millis / 1000).toFixed(1), `${(millis / limit.millis).toFixed(2)}×`, Math.round((found / millis) * 1000), Math.round(mebibytes), Math.round(pauseMax)].join(" | ")} |`
  )
  .join("\n")}

Contents take ${stored?.kept.toFixed(1)} MB for ${stored?.raw.toFixed(1)} MB of JSON, once for all of the above.
`
await mkdir(flags.out, { recursive: true })
const results = { machine, policies: count, settings: settingsEach, figures: Object.fromEntries(figures), stored }
await writeFile(join(flags.out, "intune.json"), `${JSON.stringify(results, null, 2)}\n`)
await writeFile(join(flags.out, "intune.md"), text)
console.log(text)
