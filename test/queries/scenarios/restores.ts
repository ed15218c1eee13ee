import { withRun } from "@atlas/operations/testing"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import { importBackup, policySources, Restores } from "@atlas/intune"
import { Runs } from "@atlas/operations"
import { Effect } from "effect"
import { ada, configurations, tenant, wifi } from "../Host.ts"
import { as } from "../Watched.ts"
import { ended } from "./Runs.ts"

const { tenantId } = tenant

const reading = Effect.fnUntraced(function* (backup: string, restore: string) {
  const all = yield* Restores
  yield* all.list(ada, tenantId, { before: null, limit: 50 }).pipe(as("of a tenant"))
  yield* all.list(ada, tenantId, { backup, before: restore, limit: 50 }).pipe(as("of a backup, the next page"))
  yield* all.get(ada, tenantId, restore)
  const [first] = yield* all.items(ada, tenantId, restore, { after: null, limit: 50 })
  yield* all.items(ada, tenantId, restore, { after: first!, limit: 50 }).pipe(as("the next page"))
  yield* all.items(ada, tenantId, restore, { actions: ["create"], after: null, limit: 50 }).pipe(as("of an action"))
  yield* all.tally(ada, tenantId, restore)
})

/** A plan with the value that an imported policy lacks. */
const giving = Effect.gen(function* () {
  const id = "lacking"
  const preSharedKey = { $secret: "0".repeat(64) }
  const { id: backup } = yield* importBackup(ada, tenant, "Lacking", [
    { source: policySources.deviceConfigurations, objects: [{ ...wifi, id, displayName: "Lacking", preSharedKey }] }
  ])
  const values = [{ source: "device_configurations", id, path: "preSharedKey", value: "given" }]
  const request = { backup, items: null, withAssignments: false, values }
  const { runId } = yield* Restores.use((all) => all.plan(ada, tenantId, request, "given"))
  yield* ended({ id: runId })
})

/** Restores from a backup: of what was changed, and of what is gone, by a write whose answer is lost. */
export const restores = Effect.fnUntraced(function* (backup: string) {
  const fake = yield* FakeGraph
  const all = yield* Restores
  const plan = (key: string, items: ReadonlyArray<{ readonly source: string; readonly id: string }> | null) =>
    all.plan(ada, tenantId, { backup, items, withAssignments: true }, key)
  const execute = Effect.fnUntraced(function* (restore: string, idempotencyKey: string) {
    const confirmed = yield* all.confirm(ada, tenantId, restore, { tenantName: tenantId, idempotencyKey })
    yield* ended(withRun(confirmed).run)
  })

  const changed = yield* plan("changed", null).pipe(as("of everything"))
  yield* plan("changed", null).pipe(as("once more"))
  yield* ended({ id: changed.runId })
  yield* execute(changed.restore.id, "first restore")

  yield* fake.removeItem(tenantId, configurations, wifi.id)
  const gone = yield* plan("gone", [{ source: "device_configurations", id: wifi.id }]).pipe(as("of some policies"))
  yield* ended({ id: gone.runId })
  yield* fake.inject({ fault: Fault.writeThenReset, path: `/beta/${configurations}`, method: "POST", tenant: tenantId })
  yield* execute(gone.restore.id, "second restore")
  yield* fake.clearFaults
  yield* reading(backup, changed.restore.id)

  // A preview that ends without a plan.
  yield* fake.inject({ fault: Fault.latency(60_000), path: `/beta/${configurations}`, tenant: tenantId })
  const again = yield* plan("again", null)
  yield* Runs.use((runs) => runs.cancel(ada, again.runId))
  yield* ended({ id: again.runId })
  yield* fake.clearFaults
  yield* all.planAgain(ada, tenantId, again.restore.id)
  yield* all.archive(ada, tenantId, gone.restore.id)
  yield* giving
})
