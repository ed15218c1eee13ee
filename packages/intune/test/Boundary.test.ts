import { hostileCalls } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Predicate, Result } from "effect"
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
      create: [ada, tenant, settings],
      update: [ada, tenant, schedule, settings],
      pause: [ada, tenant, schedule, true],
      remove: [ada, tenant, schedule],
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
      confirm: [ada, tenant, restore, { tenantName: tenant, nonce: "key" }],
      archive: [ada, tenant, restore]
    },
    PolicyDrift: { items: [ada, comparison, { after: policy, limit: 10 }] }
  }) satisfies Record<string, Calls>

/** The functions that authorise nobody, as far as callers hand them values. */
const functions = {
  importBackup,
  exportBackup: (id: unknown) => exportBackup(id as string, () => Effect.void)
}
const callsOfFunctions = ({ backup }: Records): Calls => ({
  importBackup: [scopeOf(tenant), "Import", [{ source: policySources.scopeTags, objects: [{ id: "0" }] }]],
  exportBackup: [backup]
})

/** What the calls are about: all of it exists. */
const records = Effect.gen(function* () {
  const restores = yield* Restores
  const backup = yield* backedUp(tenant)
  const request = { backup: backup.id, items: [policy], withAssignments: true }
  const { restore, runId } = yield* restores.plan(ada, tenant, request, backup.id)
  yield* ended({ id: runId })
  const sides = { from: { kind: "backup", id: backup.id }, to: { kind: "inventory" } }
  const { id: comparison } = yield* completed(tenant, DriftCompare.type.name, sides)
  return { schedule: backup.scheduleId!, backup: backup.id, restore: restore.id, comparison } satisfies Records
})

const refusals = [
  "NotFound",
  "Forbidden",
  "InvalidInput",
  "InvalidCursor",
  "IdempotencyKeyRequired",
  "IdempotencyKeyReused",
  "RestoreConflict"
]

type Called = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown, any>

/** Each hostile call of a function is answered, or refused with a type, a few problems and short sentences. */
const withstands = Effect.fnUntraced(function* (name: string, called: Called, call: ReadonlyArray<unknown>) {
  const fair = yield* Effect.result(called(...call))
  if (Result.isFailure(fair)) {
    assert.notStrictEqual((fair.failure as { readonly _tag: string })._tag, "InvalidInput", name)
  }
  for (const { args, what } of hostileCalls(call)) {
    const exit = yield* Effect.exit(called(...args))
    if (Exit.isSuccess(exit)) continue
    const said = `${name}, ${what}: ${Cause.pretty(exit.cause).slice(0, 500)}`
    const error = Cause.squash(exit.cause)
    assert.isTrue(exit.cause.reasons.every(Cause.isFailReason), said)
    assert.isTrue(Predicate.hasProperty(error, "_tag") && refusals.includes(String(error._tag)), said)
    if (Predicate.hasProperty(error, "errors")) assert.isBelow(JSON.stringify(error.errors).length, 10_000, said)
  }
})

layer(intune([{ tenantId: tenant }]), { excludeTestServices: true, timeout: "60 seconds" })(
  "the public functions of the package",
  (it) => {
    for (const name of ["Inventory", "BackupSchedules", "Backups", "Restores", "PolicyDrift"] as const) {
      it.effect(`answer or refuse every call of ${name} with a type`, () =>
        Effect.gen(function* () {
          const services = {
            Inventory: yield* Inventory,
            BackupSchedules: yield* BackupSchedules,
            Backups: yield* Backups,
            Restores: yield* Restores,
            PolicyDrift: yield* PolicyDrift
          }
          const service = services[name] as unknown as Readonly<Record<string, Called>>
          const methods: Calls = callsOf(yield* records)[name]
          assert.sameMembers(Object.keys(methods), Object.keys(service))
          for (const [method, call] of Object.entries(methods)) {
            yield* withstands(`${name}.${method}`, service[method]!, call)
          }
        })
      )
    }

    it.effect("answer or refuse every import and export with a type", () =>
      Effect.gen(function* () {
        for (const [name, call] of Object.entries(callsOfFunctions(yield* records))) {
          yield* withstands(name, functions[name as keyof typeof functions] as Called, call)
        }
      })
    )
  }
)
