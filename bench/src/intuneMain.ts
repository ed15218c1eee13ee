// A host with a worker in a process of its own, so that its memory and event loop are its own. Does what it is told, until
// its parent is gone.
import { once } from "node:events"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { BackupSchedules, BackupOperations, InventorySync, Restores } from "@atlas/intune"
import { runIdOf, Runs } from "@atlas/operations"
import { Effect, ManagedRuntime, Stream } from "effect"
import { actor } from "./hosts.ts"
import { intuneHost } from "./IntuneHost.ts"
import type { IntuneTask, IntuneTaskResult } from "./intune.ts"

const [url = "", graphOrigin = "", tenant = ""] = process.argv.slice(2)
const runtime = ManagedRuntime.make(intuneHost(url, graphOrigin, tenant))
const types = ["settings_catalog"]

/** Follows a run to its end. */
const finish = Effect.fnUntraced(function* (id: string) {
  const runs = yield* Runs
  yield* Stream.runDrain(runs.follow(actor, id, 0))
  const run = yield* runs.get(actor, id)
  if (run.outcome !== "succeeded") return yield* Effect.die(new Error(JSON.stringify(run.failureSummary)))
  return run.summaryCounts.processed ?? 0
})

let schedule: string | undefined
let backup = ""
let idempotencyKey = 0

const backUp = Effect.gen(function* () {
  const runs = yield* Runs
  const schedules = yield* BackupSchedules
  schedule ??= (yield* schedules.create(actor, tenant, { name: "Bench", cron: "0 0 1 1 *", timeZone: "UTC", types })).id
  const started = yield* runs.start(actor, BackupOperations.runNow, {
    tenantId: tenant,
    input: { schedule },
    idempotencyKey: String(idempotencyKey++)
  })
  return yield* finish(runIdOf(started))
})

const preview = Effect.gen(function* () {
  const restores = yield* Restores
  const request = { backup, items: null, withAssignments: true }
  const { runId } = yield* restores.plan(actor, tenant, request, String(idempotencyKey++))
  return yield* finish(runId)
})

const sync = Effect.gen(function* () {
  const runs = yield* Runs
  const { run } = yield* runs.start(actor, InventorySync.operation, { tenantId: tenant, input: { types } })
  return yield* finish(run.id)
})

/** The limit: every page with a bare `fetch`, parsed, and nothing done with it; as many at once as the client reads. */
const read = async () => {
  const answer = await fetch(`${graphOrigin}/${tenant}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "22222222-0000-4000-8000-000000000001",
      client_secret: "fake-secret-1",
      scope: `${graphOrigin}/.default`
    })
  })
  const { access_token: token } = await answer.json()
  const get = async (link: string) => (await fetch(link, { headers: { authorization: `Bearer ${token}` } })).json()
  const all = async (first: string) => {
    const items: Array<{ readonly id: string }> = []
    for (let link: string | undefined = first; link !== undefined;) {
      const page: any = await get(link)
      items.push(...page.value)
      link = page["@odata.nextLink"]
    }
    return items
  }
  const base = `${graphOrigin}/beta/deviceManagement/configurationPolicies`
  const policies = await all(`${base}?$expand=assignments`)
  const waiting = [...policies]
  const reader = async () => {
    for (let policy = waiting.pop(); policy !== undefined; policy = waiting.pop())
      await all(`${base}/${policy.id}/settings`)
  }
  await Promise.all(Array.from({ length: 4 }, reader))
  return policies.length
}

const perform = (task: IntuneTask): Promise<number> => {
  backup = task.backup ?? backup
  if (task.kind === "read") return read()
  if (task.kind === "sync") return runtime.runPromise(Effect.orDie(sync))
  return task.kind === "backUp" ? runtime.runPromise(Effect.orDie(backUp)) : runtime.runPromise(Effect.orDie(preview))
}

await runtime.runPromise(Runs)
const idle = process.memoryUsage().rss
process.on("message", (task: IntuneTask) => {
  let most = process.memoryUsage().rss
  const sampler = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 20)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const begun = performance.now()
  perform(task).then(
    (found) => {
      const millis = performance.now() - begun
      delay.disable()
      clearInterval(sampler)
      const result: IntuneTaskResult = {
        millis,
        found,
        mebibytes: (most - idle) / 2 ** 20,
        pauseMax: delay.max / 1e6 - 5
      }
      process.send?.(result)
    },
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
