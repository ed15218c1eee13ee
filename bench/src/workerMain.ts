// Executes jobs of one engine until its parent is gone. Told a number, it answers with as many jobs once it handled them.
import { once } from "node:events"
import { now } from "./clock.ts"
import { engines } from "./engines.ts"
import type { Handled } from "./WorkerProcess.ts"

const [name, url = "", slots] = process.argv.slice(2)
const engine = engines.find((candidate) => candidate.name === name)!

const jobs: Array<Handled> = []
let wanted = Infinity
const answer = () => {
  if (jobs.length < wanted) return
  process.send!(jobs.splice(0, wanted))
  wanted = Infinity
}

process.on("message", (count: number) => {
  wanted = count
  answer()
})

const worker = await engine.open(url, {
  slots: Number(slots),
  handled: (key) => {
    jobs.push({ key, at: now() })
    answer()
  }
})
process.send!("ready")
await once(process, "disconnect")
await worker[Symbol.asyncDispose]()
process.exit()
