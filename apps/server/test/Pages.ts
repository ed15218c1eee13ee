import * as Pg from "@atlas/operations/pg"
import { ConnectionAdministration, CredentialVault, GraphCloud, ProviderConnections } from "@atlas/graph"
import { AuditLog, Operations, OperationsHttp, OperationType, StartGate } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Redacted, Schema } from "effect"
import { Directory } from "@atlas/directory"
import { Intune } from "@atlas/intune"
import { Hono } from "hono"
import * as AccessPolicy from "../src/AccessPolicy.ts"
import { Accounts } from "../src/Accounts.ts"
import { Confirmations } from "../src/Confirmations.ts"
import * as DemonstrationData from "../src/DemonstrationData.ts"
import { Identity } from "../src/Identity.ts"
import { ServerSecret } from "../src/ServerSecret.ts"
import { tenantNames } from "../src/tenantNames.ts"
import { policySecrets } from "../src/policySecrets.ts"
import { nameRequests } from "../src/RequestIds.ts"
import { makeRunActionRoutes } from "../src/RunActionRoutes.ts"
import { makeLegacyRoutes } from "../src/LegacyRoutes.ts"
import { makeRunListRoutes } from "../src/RunListRoutes.ts"
import { makeRunRoutes } from "../src/RunRoutes.ts"
import { makeTenantRoutes } from "../src/TenantRoutes.ts"

const common = {
  description: "Copies what is configured in the tenant, so that it can be compared later.",
  category: "Test",
  input: OperationType.NoInput,
  capabilities: { start: "tenant.directory.sync", view: "tenant.directory.view" }
} as const

/** One type for each thing that pages treat differently. */
export const types = {
  checked: OperationType.make("test.check", {
    ...common,
    label: "Check connection",
    identity: { rule: "while_active" },
    supersedable: true
  }),
  clicked: OperationType.make("test.backup", {
    ...common,
    label: "Back up now",
    identity: { rule: "once", by: "nonce" },
    concurrency: 1
  }),
  restored: OperationType.make("test.restore", {
    ...common,
    label: "Restore",
    input: Schema.Struct({ backup: Schema.optionalKey(Schema.String) }),
    identity: { rule: "while_active", key: ({ backup }) => backup ?? null },
    class: "exclusive_write"
  }),
  gated: OperationType.make("test.gated", {
    ...common,
    label: "Sync policies",
    identity: { rule: "while_active" },
    gates: [StartGate.providerConnection]
  }),
  nightly: OperationType.make("test.nightly", {
    ...common,
    label: "Clean up backups",
    identity: { rule: "while_active" },
    startedBy: "system"
  })
}

// Whom the header names; how people prove who they are is tested elsewhere.
const identity = Layer.effect(
  Identity,
  Effect.map(Accounts, (accounts) =>
    Identity.of({ development: true, actor: ({ authorization = "" }) => accounts.actor(authorization) })
  )
)

const secret = Redacted.make("a development secret of 32 bytes!")

const vault = CredentialVault.layer(secret)

const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
  Layer.provide([AuditLog.layer, vault, GraphCloud.layerFake("http://localhost")])
)

/** What everything stands on, with the demonstration data and no worker. */
export const foundation = Layer.mergeAll(
  Confirmations.layer.pipe(Layer.provideMerge(Layer.succeed(ServerSecret, secret))),
  Directory.layer,
  Intune.layer,
  Layer.succeed(OperationsHttp.PublicUrl, { origin: "http://127.0.0.1:3000" }),
  Layer.effectDiscard(DemonstrationData.seed())
).pipe(
  Layer.provide(Layer.merge(Layer.provide(policySecrets, vault), tenantNames)),
  Layer.provideMerge(Operations.layer(...Object.values(types))),
  Layer.provide(StartGate.layer(ProviderConnections.gate)),
  Layer.provideMerge(Layer.mergeAll(Accounts.layer, AccessPolicy.layer, connections, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

/** What the pages stand on. */
export const pages = identity.pipe(Layer.provideMerge(foundation))

/** The pages of tenants and runs, without sockets and sessions. */
export const app = Effect.gen(function* () {
  const hono = new Hono().use(nameRequests)
  for (const add of [
    yield* makeTenantRoutes,
    yield* makeLegacyRoutes,
    yield* makeRunListRoutes,
    yield* makeRunRoutes,
    yield* makeRunActionRoutes
  ])
    add(hono)
  return hono
})
