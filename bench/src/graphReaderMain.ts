// One reader in a process of its own, so that its memory and event loop are its own.
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"
import { readers } from "./GraphReaders.ts"

const [name = "", origin = "", tenantId = "", clientId = "", clientSecret = "", consumerMillis = "0"] =
  process.argv.slice(2)
const read = readers[name]
if (read === undefined) throw new Error(`There is no reader "${name}".`)

const ids = new Set<string>()
let groups = 0
const idle = process.memoryUsage().rss
let most = idle
const sampler = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss)
}, 20)
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
const begun = performance.now()
await read({ origin, tenantId, clientId, clientSecret }, async (page) => {
  groups += page.length
  for (const { id } of page) ids.add(id.slice(0, 18))
  if (consumerMillis !== "0") await setTimeout(Number(consumerMillis))
})
const seconds = (performance.now() - begun) / 1000
delay.disable()
clearInterval(sampler)
process.send?.({
  groups,
  distinct: ids.size,
  seconds,
  mebibytes: (most - idle) / 2 ** 20,
  pauseP99: delay.percentile(99) / 1e6 - 5,
  pauseMax: delay.max / 1e6 - 5
})
process.disconnect?.()
