import type { Actor } from "@atlas/operations"
import { assertRefusesHostileCalls, servicesOf } from "@atlas/test"
import { assert, it, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  Backups,
  BackupSchedules,
  DriftCompare,
  exportBackup,
  importBackup,
  Inventory,
  PolicyDrift,
  policySources,
  Restores
} from "../src/index.ts"
import * as index from "../src/index.ts"
import { ada, backedUp, completed, ended, intune, scopeOf } from "./Fixture.ts"

const tenant = "boundary"
const policy = { source: "scope_tags", id: "0" }
const settings = {
  name: "Nightly",
  cron: "0 2 * * *",
  timeZone: "UTC",
  skippedTime: "later",
  repeatedTime: "earlier",
  missed: "all",
  missedLimit: 3,
  types: ["scope_tags"],
  keepLast: 1,
  keepDays: 1
}

type Calls = Readonly<Record<string, ReadonlyArray<unknown>>>

interface Records {
  readonly schedule: string
  readonly backup: string
  readonly restore: string
  readonly comparison: string
}

/** A call of every method, with everything that may be given. What is not listed here fails the test. */
const callsOf = ({ backup, comparison, restore, schedule }: Records) =>
  ({
    Inventory: {
      search: [
        ada,
        tenant,
        { query: "a", types: ["scope_tags"], platform: "iOS", findings: true, cursor: null, limit: 10 }
      ],
      get: [ada, tenant, policy.source, policy.id],
      content: [ada, tenant, policy.source, policy.id],
      summary: [ada, tenant]
    },
    BackupSchedules: {
      list: [ada, tenant],
      get: [ada, tenant, schedule],
      create: [ada, tenant, settings, "key"],
      update: [ada, tenant, schedule, "any", { ...settings, paused: true }],
      pause: [ada, tenant, schedule, "any", true],
      remove: [ada, tenant, schedule, "any"],
      slots: [ada, tenant, schedule, { before: DateTime.makeUnsafe(0), limit: 10 }],
      executions: [ada, tenant, schedule, 10]
    },
    Backups: {
      list: [ada, tenant, { schedule, before: backup, limit: 10 }],
      get: [ada, tenant, backup],
      ofRun: [ada, tenant, comparison],
      items: [ada, tenant, backup, { query: "a", after: { title: "a", ...policy }, limit: 10 }],
      content: [ada, tenant, backup, policy],
      manifest: [backup],
      verify: [backup]
    },
    Restores: {
      list: [ada, tenant, { backup, before: restore, limit: 10 }],
      get: [ada, tenant, restore],
      items: [ada, tenant, restore, { after: policy, limit: 10 }],
      tally: [ada, tenant, restore],
      plan: [ada, tenant, { backup, items: [policy], withAssignments: true }, "key"],
      planAgain: [ada, tenant, restore],
      confirm: [ada, tenant, restore, { tenantName: tenant, idempotencyKey: "key" }],
      archive: [ada, tenant, restore]
    },
    PolicyDrift: { items: [ada, comparison, { after: policy, limit: 10 }] }
  }) satisfies Record<string, Calls>

/** The functions that authorise nobody, as far as callers hand them values. */
const functions = {
  importBackup,
  exportBackup: (actor: unknown, id: unknown) => exportBackup(actor as Actor, id as string, () => Effect.void)
}
const callsOfFunctions = ({ backup }: Records): Calls => ({
  importBackup: [
    ada,
    scopeOf(tenant),
    "Import",
    [{ source: policySources.scopeTags, objects: [{ id: "0", displayName: "Default" }] }]
  ],
  exportBackup: [ada, backup]
})

/** What the calls are about: all of it exists. */
const records = Effect.gen(function* () {
  const restores = yield* Restores
  const backup = yield* backedUp(tenant)
  const request = { backup: backup.id, items: [policy], withAssignments: true }
  const { restore, runId } = yield* restores.plan(ada, tenant, request, backup.id)
  yield* ended({ id: runId })
  const sides = { from: { kind: "backup", id: backup.id }, to: { kind: "live" } }
  const { id: comparison } = yield* completed(tenant, DriftCompare.operation.name, sides)
  return { schedule: backup.scheduleId!, backup: backup.id, restore: restore.id, comparison } satisfies Records
})

/** What a refused call must not add to. The worker keeps backups of what restores overwrite, in its own time. */
const recorded = SqlClient.SqlClient.use(
  (sql) => sql`
    SELECT (SELECT count(*) FROM operation_runs) AS runs, (SELECT count(*) FROM backup_schedules) AS schedules,
      (SELECT count(*) FROM backup_sets WHERE origin <> 'restore') AS backups, (SELECT count(*) FROM restores) AS restores,
      (SELECT count(*) FROM operation_audit WHERE action <> 'forbidden') AS records`
)

const tried = ["Inventory", "BackupSchedules", "Backups", "Restores", "PolicyDrift"] as const

/** Services that are not tried, and why. */
const untried = { PolicySecrets: "the host implements it", TenantNames: "the host implements it" }

it("Every service of the index is tried, or need not be", () =>
  assert.sameMembers([...servicesOf(index)], [...tried, ...Object.keys(untried)]))

layer(intune([{ tenantId: tenant }]), { excludeTestServices: true, timeout: "60 seconds" })(
  "the public functions of the package",
  (it) => {
    for (const name of tried) {
      it.effect(`answer or refuse every call of ${name} with a type`, () =>
        Effect.gen(function* () {
          const services = {
            Inventory: yield* Inventory,
            BackupSchedules: yield* BackupSchedules,
            Backups: yield* Backups,
            Restores: yield* Restores,
            PolicyDrift: yield* PolicyDrift
          }
          yield* assertRefusesHostileCalls(services[name], callsOf(yield* records)[name], { recorded })
        })
      )
    }

    it.effect("answer or refuse every import and export with a type", () =>
      Effect.gen(function* () {
        yield* assertRefusesHostileCalls(functions, callsOfFunctions(yield* records), { recorded })
      })
    )
  }
)
