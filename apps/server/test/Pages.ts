import * as Pg from "@atlas/operations/pg"
import { Console } from "@atlas/console"
import { directory } from "@atlas/console/directory"
import { graph } from "@atlas/console/graph"
import { intune } from "@atlas/console/intune"
import { legacy } from "@atlas/console/legacy"
import { ConnectionAdministration, CredentialVault, GraphCloud, ProviderConnections } from "@atlas/graph"
import { AuditLog, Operations, Operation, StartGate } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { Directory } from "@atlas/directory"
import { Intune } from "@atlas/intune"
import { LegacyRuns } from "@atlas/legacy"
import * as AccessPolicy from "../src/AccessPolicy.ts"
import { Accounts } from "../src/Accounts.ts"
import * as DemonstrationData from "../src/DemonstrationData.ts"
import { ServerSecret } from "../src/ServerSecret.ts"
import { tenantNames } from "../src/tenantNames.ts"
import { policySecrets } from "../src/policySecrets.ts"

const common = {
  description: "Copies what is configured in the tenant, so that it can be compared later.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.directory.sync", view: "tenant.directory.view" }
} as const

/** One type for each thing that pages treat differently. */
export const types = {
  checked: Operation.make({
    name: "test.check",
    ...common,
    label: "Check connection",
    identity: { rule: "while_active" },
    supersedable: true
  }),
  clicked: Operation.make({
    name: "test.backup",
    ...common,
    label: "Back up now",
    identity: { rule: "once", by: "idempotency_key" },
    concurrency: 1
  }),
  restored: Operation.make({
    name: "test.restore",
    ...common,
    label: "Restore",
    input: Schema.Struct({ backup: Schema.optionalKey(Schema.String) }),
    identity: { rule: "while_active", key: ({ backup }) => backup ?? null },
    exclusive: true
  }),
  gated: Operation.make({
    name: "test.gated",
    ...common,
    label: "Sync policies",
    identity: { rule: "while_active" },
    gates: [StartGate.providerConnection]
  }),
  nightly: Operation.make({
    name: "test.nightly",
    ...common,
    label: "Clean up backups",
    identity: { rule: "while_active" },
    startedBy: "system"
  })
}

const secret = Redacted.make("a development secret of 32 bytes!")

const vault = CredentialVault.layer(secret)

const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
  Layer.provide([AuditLog.layer, vault, GraphCloud.layerFake("http://localhost")])
)

/** What everything stands on, with the demonstration data and no worker. */
export const foundation = Layer.mergeAll(
  Layer.succeed(ServerSecret, secret),
  Directory.layer,
  Intune.layer,
  LegacyRuns.layer,
  Layer.effectDiscard(DemonstrationData.seed())
).pipe(
  Layer.provide(Layer.merge(Layer.provide(policySecrets, vault), tenantNames)),
  Layer.provideMerge(Operations.layer(...Object.values(types))),
  Layer.provide(StartGate.layer(ProviderConnections.gate)),
  Layer.provideMerge(Layer.mergeAll(Accounts.layer, AccessPolicy.layer, connections, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

const origin = "http://127.0.0.1:3000"

/** The console without sockets and sessions, for whom the header names: how people prove who they are is tested elsewhere. */
export const app = Effect.gen(function* () {
  const accounts = yield* Accounts
  const console = yield* Console.make({
    origin,
    basePath: "/admin",
    apiBasePath: "",
    actorOf: ({ headers }) => Effect.map(accounts.actor(headers.get("authorization") ?? ""), Option.getOrNull),
    tenantsOf: accounts.tenantsOf,
    secret,
    parts: [legacy, intune, directory, graph]
  })
  return {
    request: (path: string, { headers, ...init }: RequestInit = {}) =>
      console(new Request(`${origin}${path}`, { ...init, headers: { origin, ...(headers as Record<string, string>) } }))
  }
})
