import { type Actor, type Capability, Problems, Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  Backups,
  BackupSchedules,
  BackupOperations,
  DriftCompare,
  Inventory,
  InventorySync,
  manageBackups,
  PolicyDrift,
  restorePolicies,
  Restores,
  RestoreOperations,
  viewBackups,
  viewInventory,
  viewRestores
} from "../src/index.ts"
import { ada, backedUp, completed, ended, everyCapability, intune, memberWith, stranger } from "./Fixture.ts"

type Refusing = Effect.Effect<unknown, { readonly _tag: string }>

/** What the calls are about: all of it exists. */
interface Records {
  readonly schedule: string
  readonly backup: string
  readonly restore: string
  readonly comparison: string
}

/** A method: which capabilities it takes, and a call that succeeds with them as far as they go. */
interface Door<Service> {
  readonly needs: ReadonlyArray<Capability>
  readonly call: (service: Service, actor: Actor, records: Records) => Refusing
}

/** Each method has a door, or is for whoever holds the database. */
type Doors<Service> = { readonly [Method in keyof Service]: Door<Service> | "trusted" }

const tenant = "doors"
const nightly = { name: "Nightly", cron: "0 2 * * *", timeZone: "UTC" }
const policy = { source: "device_configurations", id: "wifi" }
const page = { before: null, limit: 1 }
const after = { after: null, limit: 1 }
const change = [restorePolicies, viewRestores]

const inventory: Doors<Inventory["Service"]> = {
  search: { needs: [viewInventory], call: (all, actor) => all.search(actor, tenant) },
  get: { needs: [viewInventory], call: (all, actor) => all.get(actor, tenant, policy.source, policy.id) },
  content: { needs: [viewInventory], call: (all, actor) => all.content(actor, tenant, policy.source, policy.id) },
  summary: { needs: [viewInventory], call: (all, actor) => all.summary(actor, tenant) }
}

const schedules: Doors<BackupSchedules["Service"]> = {
  list: { needs: [viewBackups], call: (all, actor) => all.list(actor, tenant) },
  get: { needs: [viewBackups], call: (all, actor, { schedule }) => all.get(actor, tenant, schedule) },
  create: { needs: [manageBackups], call: (all, actor) => all.create(actor, tenant, nightly) },
  update: {
    needs: [manageBackups],
    call: (all, actor, { schedule }) => all.update(actor, tenant, schedule, "any", {})
  },
  pause: {
    needs: [manageBackups],
    call: (all, actor, { schedule }) => all.pause(actor, tenant, schedule, "any", true)
  },
  remove: {
    needs: [manageBackups],
    call: (all, actor) =>
      Effect.flatMap(all.create(ada, tenant, nightly), ({ id }) => all.remove(actor, tenant, id, "any"))
  },
  slots: { needs: [viewBackups], call: (all, actor, { schedule }) => all.slots(actor, tenant, schedule, page) },
  executions: { needs: [viewBackups], call: (all, actor, { schedule }) => all.executions(actor, tenant, schedule, 1) }
}

const backups: Doors<Backups["Service"]> = {
  list: { needs: [viewBackups], call: (all, actor) => all.list(actor, tenant, page) },
  get: { needs: [viewBackups], call: (all, actor, { backup }) => all.get(actor, tenant, backup) },
  ofRun: { needs: [viewBackups], call: (all, actor, { comparison }) => all.ofRun(actor, tenant, comparison) },
  items: {
    needs: [viewBackups],
    call: (all, actor, { backup }) => all.items(actor, tenant, backup, { query: "", ...after })
  },
  content: { needs: [viewBackups], call: (all, actor, { backup }) => all.content(actor, tenant, backup, policy) },
  manifest: "trusted",
  verify: "trusted"
}

const restores: Doors<Restores["Service"]> = {
  list: { needs: [viewRestores], call: (all, actor) => all.list(actor, tenant, page) },
  get: { needs: [viewRestores], call: (all, actor, { restore }) => all.get(actor, tenant, restore) },
  items: { needs: [viewRestores], call: (all, actor, { restore }) => all.items(actor, tenant, restore, after) },
  tally: { needs: [viewRestores], call: (all, actor, { restore }) => all.tally(actor, tenant, restore) },
  plan: {
    needs: change,
    call: (all, actor, { backup }) => all.plan(actor, tenant, { backup, items: null, withAssignments: false }, "doors")
  },
  planAgain: { needs: change, call: (all, actor, { restore }) => all.planAgain(actor, tenant, restore) },
  confirm: {
    needs: change,
    call: (all, actor, { restore }) =>
      all.confirm(actor, tenant, restore, { tenantName: tenant, idempotencyKey: "doors" })
  },
  archive: { needs: change, call: (all, actor, { restore }) => all.archive(actor, tenant, restore) }
}

const drift: Doors<PolicyDrift["Service"]> = {
  items: {
    needs: [viewBackups, viewInventory],
    call: (all, actor, { comparison }) => all.items(actor, comparison, after)
  }
}

const records = Effect.gen(function* () {
  const plans = yield* Restores
  yield* completed(tenant, InventorySync.operation.name)
  const backup = yield* backedUp(tenant)
  const request = { backup: backup.id, items: [policy], withAssignments: false }
  const { restore, runId } = yield* plans.plan(ada, tenant, request, backup.id)
  yield* ended({ id: runId })
  const sides = { from: { kind: "backup", id: backup.id }, to: { kind: "inventory" } }
  const { id: comparison } = yield* completed(tenant, DriftCompare.operation.name, sides)
  return { schedule: backup.scheduleId!, backup: backup.id, restore: restore.id, comparison } satisfies Records
})

/** The refusals of a person that are on record. */
const refusals = ({ id }: Actor) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ tenant: string; capability: string }>`
      SELECT tenant_id AS tenant, data ->> 'capability' AS capability FROM operation_audit
      WHERE action = 'forbidden' AND actor ->> 'id' = ${id}`
  )

const without = (missing: Capability) => memberWith(...everyCapability.filter((capability) => capability !== missing))

const policies = [{ id: policy.id, displayName: "Office Wi-Fi" }]
const tenants = [{ tenantId: tenant, collections: { "deviceManagement/deviceConfigurations": policies } }]

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })("every method for people", (it) => {
  const check = <Service extends object>(
    name: string,
    service: Effect.Effect<Service, never, any>,
    doors: Doors<Service>
  ) =>
    it.effect(`of ${name} refuses members who lack a capability, on record, and knows nothing for outsiders`, () =>
      Effect.gen(function* () {
        const all = yield* service
        const known = yield* records
        assert.sameMembers(Object.keys(doors), Object.keys(all), "a method has no door in this test")
        for (const [method, door] of Object.entries<Door<Service> | "trusted">(doors)) {
          if (door === "trusted") continue
          for (const missing of door.needs) {
            const member = without(missing)
            const refused: unknown = yield* Effect.flip(door.call(all, member, known))
            assert.instanceOf(refused, Problems.Forbidden, `${method} without ${missing}`)
            assert.strictEqual(refused.requiredCapability, missing, method)
            assert.deepStrictEqual([...(yield* refusals(member))], [{ tenant, capability: missing }], method)
          }
          const hidden: unknown = yield* Effect.flip(door.call(all, stranger, known))
          assert.instanceOf(hidden, Problems.NotFound, `${method} for an outsider`)
          // Whoever has what is named is not refused for want of a right.
          const sufficient = memberWith(...door.needs)
          const answer = yield* Effect.result(door.call(all, sufficient, known))
          if (answer._tag === "Failure") {
            assert.include(
              ["RestoreConflict", "InvalidInput"],
              answer.failure._tag,
              `${method} with ${door.needs.join()}`
            )
          }
          assert.lengthOf(yield* refusals(sufficient), 0, method)
        }
        assert.lengthOf(yield* refusals(stranger), 0)
      }).pipe(Effect.orDie)
    )

  check(
    "Inventory",
    Effect.suspend(() => Inventory),
    inventory
  )
  check(
    "BackupSchedules",
    Effect.suspend(() => BackupSchedules),
    schedules
  )
  check(
    "Backups",
    Effect.suspend(() => Backups),
    backups
  )
  check(
    "Restores",
    Effect.suspend(() => Restores),
    restores
  )
  check(
    "PolicyDrift",
    Effect.suspend(() => PolicyDrift),
    drift
  )

  it.effect("that starts a comparison takes the right to see both of its sides", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { backup } = yield* records
      const sides = {
        inventory: [{ kind: "inventory" }, viewInventory],
        live: [{ kind: "live" }, viewInventory],
        backup: [{ kind: "backup", id: backup }, viewBackups]
      } as const
      const { start } = DriftCompare.operation.capabilities
      for (const [from, seeFrom] of Object.values(sides)) {
        for (const [to, seeTo] of Object.values(sides)) {
          const request = { tenantId: tenant, input: { from, to } }
          const started = yield* runs.start(memberWith(start, seeFrom, seeTo), DriftCompare.operation, request)
          yield* ended(started.run)
          assert.deepStrictEqual(
            (yield* runs.get(ada, started.run.id)).viewCapabilities,
            [...new Set([seeFrom, seeTo])].sort()
          )
          for (const missing of new Set([start, seeFrom, seeTo])) {
            const refused = yield* Effect.flip(runs.start(without(missing), DriftCompare.operation, request))
            assert.instanceOf(refused, Problems.Forbidden)
            assert.strictEqual(refused.requiredCapability, missing)
            if (missing === start) continue
            const unseen = yield* Effect.flip(runs.get(without(missing), started.run.id))
            assert.instanceOf(unseen, Problems.Forbidden)
            assert.strictEqual(unseen.requiredCapability, missing)
          }
        }
      }
    })
  )

  it.effect("that shows runs takes the right to see what they are about", () =>
    Effect.sync(() => {
      for (const { capabilities } of BackupOperations.backupOperations)
        assert.strictEqual(capabilities.view, viewBackups)
      assert.strictEqual(BackupOperations.retention.capabilities.view, viewBackups)
      for (const { capabilities } of [RestoreOperations.preview, RestoreOperations.execute]) {
        assert.strictEqual(capabilities.view, viewRestores)
      }
      assert.strictEqual(InventorySync.operation.capabilities.view, viewInventory)
    })
  )
})
