import { FakeGraph } from "@atlas/fake-graph"
import { DriftCompare, Inventory, InventorySync, PolicyDrift, PolicySecretRotation } from "@atlas/intune"
import { Effect } from "effect"
import { ada, configurations, sealing, tenant, wifi } from "../Host.ts"
import { as } from "../Watched.ts"
import { backups, scheduler } from "./backups.ts"
import { restores } from "./restores.ts"
import { completed } from "./Runs.ts"

const { tenantId } = tenant

const inventory = Effect.gen(function* () {
  const policies = yield* Inventory
  const search = (name: string, options: Parameters<typeof policies.search>[2]) =>
    policies.search(ada, tenantId, options).pipe(as(name))
  const { nextCursor } = yield* search("all", { limit: 10 })
  yield* search("all, the next page", { limit: 10, cursor: nextCursor })
  yield* search("by a part", { query: "policy 1" })
  yield* search("of a kind", { types: ["kind-1"] })
  yield* search("of several kinds", { types: ["kind-1", "kind-2"] })
  yield* search("of a platform", { platform: "ios" })
  yield* search("findings", { findings: true })
  yield* completed(InventorySync.operation, { confirmRemovals: 1_000_000 })
  yield* policies.get(ada, tenantId, "device_configurations", wifi.id)
  yield* policies.content(ada, tenantId, "device_configurations", wifi.id)
  yield* policies.summary(ada, tenantId)
})

const drift = Effect.fnUntraced(function* (backup: string) {
  const fake = yield* FakeGraph
  yield* fake.putItem(tenantId, configurations, { ...wifi, displayName: "Another name", roleScopeTagIds: ["7"] })
  yield* completed(InventorySync.operation, { confirmRemovals: 1_000_000 })
  const side = { kind: "backup", id: backup }
  const run = yield* completed(DriftCompare.operation, { from: side, to: { kind: "live" } })
  yield* completed(DriftCompare.operation, { from: { kind: "inventory" }, to: side })
  const found = yield* PolicyDrift
  const [first] = yield* found.items(ada, run.id, { after: null, limit: 50 })
  yield* found.items(ada, run.id, { after: first!, limit: 50 }).pipe(as("the next page"))
})

/** Inventory, backups, comparisons and restores. */
export const intune = Effect.gen(function* () {
  yield* inventory
  const { backup, schedule } = yield* backups
  yield* drift(backup)
  yield* restores(backup)
  yield* scheduler(schedule)
  yield* Effect.provide(PolicySecretRotation.reseal, sealing("later"))
})
