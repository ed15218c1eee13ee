// A host with a worker in a process of its own, so that its memory and event loop are its own. Does what it is told, until
// its parent is gone.
import { once } from "node:events"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { DirectoryGroups, GroupsSync } from "@atlas/directory"
import { Runs } from "@atlas/operations"
import { Effect, ManagedRuntime, Stream } from "effect"
import { actor } from "./hosts.ts"
import { directoryHost } from "./DirectoryHost.ts"
import type { Task, TaskResult } from "./DirectoryProcess.ts"

const [url = "", graphOrigin = "", tenant = ""] = process.argv.slice(2)
const runtime = ManagedRuntime.make(directoryHost(url, graphOrigin, tenant))

const sync = Effect.gen(function* () {
  const runs = yield* Runs
  const { run } = yield* runs.start(actor, GroupsSync.operation, { tenantId: tenant, input: {} })
  yield* Stream.runDrain(runs.follow(actor, run.id, 0))
  return yield* runs.get(actor, run.id)
})

const timed = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const begun = performance.now()
  const result = yield* work
  return { millis: performance.now() - begun, result }
})

const perform = Effect.fnUntraced(function* (task: Task) {
  const groups = yield* DirectoryGroups
  switch (task.kind) {
    case "sync": {
      const { millis, result } = yield* timed(sync)
      if (result.outcome !== "succeeded") return yield* Effect.die(new Error(`The sync ended as ${result.outcome}.`))
      return { millis: [millis], found: [result.summaryCounts.processed ?? 0] }
    }
    case "search": {
      const all = yield* Effect.forEach(task.searches, (options) => timed(groups.search(actor, tenant, options)))
      return { millis: all.map(({ millis }) => millis), found: all.map(({ result }) => result.items.length) }
    }
    case "labels": {
      const all = yield* Effect.forEach(task.ids, (ids) => timed(groups.labels(actor, tenant, ids)))
      return {
        millis: all.map(({ millis }) => millis),
        found: all.map(({ result }) => result.labels.filter(({ state }) => state === "exists").length)
      }
    }
  }
})

await runtime.runPromise(DirectoryGroups)
const idle = process.memoryUsage().rss
process.on("message", (task: Task) => {
  let most = process.memoryUsage().rss
  const sampler = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 20)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const answered = runtime.runPromise(perform(task)).then((answer): TaskResult => {
    delay.disable()
    clearInterval(sampler)
    const { max } = delay
    return {
      ...answer,
      mebibytes: (most - idle) / 2 ** 20,
      pauseP99: delay.percentile(99) / 1e6 - 5,
      pauseMax: max / 1e6 - 5
    }
  })
  answered.then(
    (result) => process.send?.(result),
    (error) => {
      console.error(error)
      process.exit(1)
    }
  )
})
process.send?.("ready")
await once(process, "disconnect")
await runtime.dispose()
process.exit()
