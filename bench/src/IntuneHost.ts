import { CredentialVault } from "@atlas/graph"
import { Intune, PolicySecrets, TenantNames } from "@atlas/intune"
import * as IntuneMigrations from "@atlas/intune/migrations"
import { type Capability, Operations, StartGate, Worker } from "@atlas/operations"
import * as OperationsMigrations from "@atlas/operations/migrations"
import * as Pg from "@atlas/operations/pg"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { accessWith, liveGraph, openGate } from "./hosts.ts"

/** What the app of the tenant was granted: everything that the package asks for. */
export const permissions = [
  ...new Set(
    Intune.operations.flatMap(({ contracts }) => contracts.flatMap((each) => each.permissions.map(({ name }) => name)))
  )
]

const capabilities: ReadonlySet<Capability> = new Set([
  "tenant.inventory.view",
  "tenant.backups.view",
  "tenant.backups.manage",
  ...Intune.operations.flatMap(({ capabilities: { start, view } }) => [start, view])
])

const access = accessWith(capabilities)

const gates = StartGate.layer(openGate, ...Intune.gates)

const secrets = Layer.effect(PolicySecrets, Effect.map(CredentialVault, PolicySecrets.sealedBy)).pipe(
  Layer.provide(CredentialVault.layer(Redacted.make("a secret of 32 bytes for benchmarks"))),
  Layer.orDie
)

const names = Layer.succeed(TenantNames, TenantNames.of({ nameOf: ({ tenantId }) => Effect.succeed(tenantId) }))

/** The tables of the ledger and of the policies. */
export const migrateIntune = (url: string): Promise<void> =>
  Effect.runPromise(
    Effect.andThen(OperationsMigrations.run, IntuneMigrations.run).pipe(
      Effect.asVoid,
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))
    )
  )

/**
 * The ledger, policies, backups and restores, and a worker with the live client, as a host has them.
 *
 * @param url of the database
 * @param graphOrigin where the fake Graph is
 * @param tenant its only tenant, by all of its ids
 */
export const intuneHost = (url: string, graphOrigin: string, tenant: string) => {
  return Worker.layer(...Intune.handlers).pipe(
    Layer.provide(liveGraph(graphOrigin, tenant)),
    Layer.provideMerge(Intune.layer),
    Layer.provideMerge(Operations.layer(...Intune.operations).pipe(Layer.provide(gates))),
    Layer.provideMerge(Layer.mergeAll(access, Pg.listener, secrets, names)),
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), maxConnections: 10 }))
  )
}
