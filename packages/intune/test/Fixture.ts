import { TestOperations, withRun } from "@atlas/operations/testing"
import * as Pg from "@atlas/operations/pg"
import { CredentialVault } from "@atlas/graph"
import { FakeGraph, type FakeGraphOptions, type FakeTenantOptions } from "@atlas/fake-graph"
import {
  type Actor,
  type Capability,
  Operations,
  type Run,
  Runs,
  StartGate,
  TenantId,
  type TenantScope,
  Worker,
  WorkspaceId
} from "@atlas/operations"
import { promptGraph, promptWorker, TestDatabase } from "@atlas/test"
import { Effect, Layer, Redacted, Stream } from "effect"
import {
  Backups,
  BackupSchedules,
  BackupOperations,
  DirectoryObjects,
  Intune,
  manageBackups,
  PolicySecrets,
  TenantNames,
  viewBackups
} from "../src/index.ts"

/** May do everything in every tenant. */
export const ada: Actor = { id: "ada", kind: "user", name: "Ada" }

/** A member without any right. */
export const powerless: Actor = { id: "powerless", kind: "user", name: "Bo" }

/** Is a member of nothing. */
export const stranger: Actor = { id: "stranger", kind: "user", name: "Eve" }

/** Each tenant is in the one workspace. */
export const scopeOf = (tenant: string): TenantScope => ({
  workspaceId: WorkspaceId.make("northwind"),
  tenantId: TenantId.make(tenant)
})

/** Every capability that something of the package asks for. */
export const everyCapability: ReadonlyArray<Capability> = [
  ...new Set<Capability>([
    viewBackups,
    manageBackups,
    ...Intune.operations.flatMap(({ capabilities: { start, view } }) => [start, view])
  ])
]

const members = new Map<string, ReadonlySet<Capability>>([[ada.id, new Set(everyCapability)]])

/** A member whom nobody has seen before, with these capabilities and no others. */
export const memberWith = (...capabilities: ReadonlyArray<Capability>): Actor => {
  const id = `member-${members.size}`
  members.set(id, new Set(capabilities))
  return { id, kind: "user", name: "Somebody" }
}

const capabilitiesOf = (who: Actor): ReadonlySet<Capability> => members.get(who.id) ?? new Set()

const access = TestOperations.accessIn(scopeOf("any").workspaceId, (who) =>
  who.id === stranger.id ? undefined : capabilitiesOf(who)
)

/** Tenants without a provider connection, as long as a test has them in here. */
export const disconnected = new Set<string>()

const gates = StartGate.layer(
  StartGate.make(StartGate.providerConnection, ({ scope }) =>
    Effect.sync(() =>
      disconnected.has(scope.tenantId ?? "")
        ? StartGate.blocked("provider_connection_missing", "The tenant has no provider connection.")
        : StartGate.open
    )
  ),
  ...Intune.gates
)

/** Secrets that are sealed with a host's secret, and opened with earlier ones too. */
export const secretsOf = (secret: string, ...previous: ReadonlyArray<string>) =>
  Layer.effect(PolicySecrets, Effect.map(CredentialVault, PolicySecrets.sealedBy)).pipe(
    Layer.provide(
      CredentialVault.layer(
        Redacted.make(secret),
        previous.map((each) => Redacted.make(each))
      )
    ),
    Layer.orDie
  )

const secrets = secretsOf("a secret of at least 32 bytes, for tests")

/** Everything that reading policies needs in a tenant. */
const permissions = [
  ...new Set(
    Intune.operations.flatMap(({ contracts }) => contracts.flatMap((each) => each.permissions.map(({ name }) => name)))
  )
]

/** A group that the directory cache knows to be gone. */
export const goneGroup = "99999999-0000-4000-8000-000000000009"

/** A group that the directory cache knows. */
export const pilotGroup = "11111111-0000-4000-8000-000000000001"

const known = [
  { id: goneGroup, name: "Former staff", exists: false },
  { id: pilotGroup, name: "Pilot", exists: true },
  { id: "22222222-0000-4000-8000-000000000001", name: "Twice", exists: true },
  { id: "22222222-0000-4000-8000-000000000002", name: "Twice", exists: true }
]

/** A role that the directory cache knows. */
export const adminRole = "62e90394-69f5-4237-9190-012177145e10"

const roles = [{ id: adminRole, name: "Global Administrator", exists: true }]

/** The cache of a directory; of the tenant `complete`, it has everything. */
const directory = Layer.succeed(DirectoryObjects, {
  find: ({ tenantId }, { ids, kind, names }) =>
    Effect.succeed({
      objects: (kind === "group" ? known : roles).filter(({ id, name }) => ids.includes(id) || names.includes(name)),
      isComplete: tenantId === "complete"
    })
})

/** The package on a database of its own, with a worker that reads the fake Graph. */
export const intune = (tenants: ReadonlyArray<FakeTenantOptions>, graph: Omit<FakeGraphOptions, "tenants"> = {}) =>
  Worker.layer(...Intune.handlers).pipe(
    Layer.provide([directory, promptWorker]),
    Layer.provideMerge(Intune.layer),
    Layer.provideMerge(Operations.layer(...Intune.operations).pipe(Layer.provide(gates))),
    Layer.provideMerge(
      Layer.mergeAll(
        access,
        Pg.listener,
        secrets,
        Layer.succeed(TenantNames, TenantNames.of({ nameOf: ({ tenantId }) => Effect.succeed(tenantId) })),
        FakeGraph.layer({
          ...graph,
          tenants: tenants.map((tenant) => ({ entraTenantId: tenant.tenantId ?? "", permissions, ...tenant }))
        }).pipe(Layer.provide(promptGraph))
      )
    ),
    Layer.provideMerge(TestDatabase.layer)
  )

/** Starts an operation and yields its completed run. */
export const completed = Effect.fnUntraced(function* (
  tenant: string,
  type: string,
  input: object = {},
  idempotencyKey?: string
): Effect.fn.Return<Run, never, Runs> {
  const runs = yield* Runs
  const started = yield* runs
    .start(ada, type, { tenantId: tenant, input, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) })
    .pipe(Effect.orDie)
  return yield* ended(withRun(started).run)
})

/** Waits until a run is completed. */
export const ended = Effect.fnUntraced(function* ({ id }: Pick<Run, "id">): Effect.fn.Return<Run, never, Runs> {
  const runs = yield* Runs
  yield* runs.follow(ada, id, 0).pipe(Stream.runDrain, Effect.timeout("60 seconds"), Effect.orDie)
  return yield* runs.get(ada, id).pipe(Effect.orDie)
})

/** Backs a tenant up, by a schedule of its own. */
export const backedUp = Effect.fnUntraced(function* (tenant: string, idempotencyKey?: string) {
  const schedules = yield* BackupSchedules
  const { id } = yield* schedules
    .create(ada, tenant, { name: "Nightly", cron: "0 2 * * *", timeZone: "UTC" })
    .pipe(Effect.orDie)
  const run = yield* completed(tenant, BackupOperations.runNow.name, { schedule: id }, idempotencyKey ?? id)
  const backups = yield* Backups
  const set = yield* Effect.orDie(backups.ofRun(ada, tenant, run.id))
  return yield* Effect.orDie(Effect.fromOption(set))
})
