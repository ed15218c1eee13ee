/**
 * The reference server: the composition of every package by the settings of the process. It starts, serves and works according
 * to its role, and gives running work back when it is asked to end.
 *
 * @module
 */

import { Directory } from "@atlas/directory"
import {
  ConnectionCheck,
  ConnectionAdministration,
  CredentialRotation,
  CredentialVault,
  GraphCloud,
  LiveGraph,
  ProviderConnections
} from "@atlas/graph"
import { Intune, PolicySecretRotation } from "@atlas/intune"
import { LegacyRuns } from "@atlas/legacy"
import {
  AuditLog,
  DefaultRetention,
  InputResolver,
  Operations,
  Redaction,
  StartGate,
  Worker,
  WorkerSettings
} from "@atlas/operations"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Duration, Effect, Exit, Layer, Runtime } from "effect"
import * as AccessPolicy from "./AccessPolicy.ts"
import { Accounts } from "./Accounts.ts"
import * as Database from "./Database.ts"
import * as DemonstrationData from "./DemonstrationData.ts"
import { EntraId } from "./EntraId.ts"
import { failureText } from "./failureText.ts"
import { Front } from "./Front.ts"
import { SignIn } from "./SignIn.ts"
import { registeredOperations } from "./RegisteredOperations.ts"
import { tenantNames } from "./tenantNames.ts"
import { directoryObjects } from "./directoryObjects.ts"
import { policySecrets } from "./policySecrets.ts"
import * as MachineIdentity from "./MachineIdentity.ts"
import { ServerSecret } from "./ServerSecret.ts"
import { Sessions } from "./Sessions.ts"
import { Settings } from "./Settings.ts"
import { SignInAttempts } from "./SignInAttempts.ts"
import * as Telemetry from "./Telemetry.ts"
import * as WebApp from "./WebApp.ts"

const vault = Layer.unwrap(
  Effect.gen(function* () {
    return CredentialVault.layer(yield* ServerSecret, (yield* Settings).previousSecrets)
  })
)

const retention = Layer.effect(
  DefaultRetention,
  Effect.map(Settings, ({ runRetentionDays }) => (runRetentionDays === 0 ? {} : { days: runRetentionDays }))
)

/** The ledger and what is built on it, the same in every role. */
const operations = Layer.mergeAll(Directory.layer, Intune.layer, LegacyRuns.layer).pipe(
  Layer.provide(Layer.merge(Layer.provide(policySecrets, vault), tenantNames)),
  Layer.provideMerge(Operations.layer(...registeredOperations)),
  Layer.provide(StartGate.layer(ProviderConnections.gate, ...Intune.gates)),
  Layer.provide(InputResolver.layer(ConnectionCheck.resolver)),
  Layer.provide(retention),
  Layer.provideMerge(AccessPolicy.layer)
)

/** The clouds that connections may name; outside production also the fake Graph's, wherever it is. */
const knownClouds = Layer.unwrap(
  Effect.map(Settings, ({ production }) => (production ? Layer.empty : GraphCloud.layerFake("http://localhost")))
)

/** Seals again what earlier values of `ATLAS_SECRET` sealed, before anything uses it. */
const rotation = Layer.effectDiscard(
  Effect.gen(function* () {
    if ((yield* Settings).previousSecrets.length === 0) return
    for (const [what, reseal] of [
      ["credentials", CredentialRotation.reseal],
      ["secrets of policies", PolicySecretRotation.reseal]
    ] as const) {
      const { resealed, unreadable } = yield* reseal
      yield* Effect.logInfo(`Sealed ${resealed} ${what} with ATLAS_SECRET; ${unreadable} could not be opened`)
    }
  })
)
const connections = Layer.mergeAll(ProviderConnections.layer, ConnectionAdministration.layer, rotation).pipe(
  Layer.provide([AuditLog.layer, Layer.provide(policySecrets, vault), vault, knownClouds])
)

/** Graph, or in development the fake one behind the same live client. */
const graphCloud = Layer.unwrap(
  Effect.gen(function* () {
    const { graph } = yield* Settings
    if (graph.kind === "live") return Layer.empty
    const { layer } = yield* Effect.promise(() => import("./DevelopmentGraph.ts"))
    return layer(graph)
  })
)
const graph = LiveGraph.layer.pipe(
  Layer.provide(Layer.mergeAll(graphCloud, MachineIdentity.layer, NodeHttpClient.layerUndici))
)

const workerSettings = Layer.effect(
  WorkerSettings,
  Effect.map(Settings, ({ lease, workerSlots }) => ({
    slots: workerSlots,
    leaseMillis: Duration.toMillis(lease),
    pollMillis: 2_000,
    sweepMillis: 5_000
  }))
)

const worker = Layer.merge(
  Worker.layer(...Directory.handlers, ...Intune.handlers, ConnectionCheck.handler).pipe(
    Layer.provide(Layer.mergeAll(graph, workerSettings, directoryObjects))
  ),
  Intune.scheduler
)

const entraId = EntraId.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))

const web = WebApp.layer.pipe(
  Layer.provide(
    SignIn.layer.pipe(Layer.provideMerge(Layer.mergeAll(Accounts.layer, Sessions.layer, SignInAttempts.layer, entraId)))
  )
)

/** What a worker without pages answers: whether it can work. */
const health = Layer.effectDiscard(
  Effect.gen(function* () {
    const front = yield* Front
    yield* front.mount(null, yield* Database.databaseAnswers)
  })
)

const demonstration = Layer.effectDiscard(
  Effect.gen(function* () {
    const { production } = yield* Settings
    if (!production && (yield* DemonstrationData.seed()))
      yield* Effect.logInfo("Filled the empty database with demonstration data")
  })
)

const welcome = Layer.effectDiscard(
  Effect.gen(function* () {
    const { entra, role, production, publicUrl: origin } = yield* Settings
    const people = DemonstrationData.demonstrationAccounts.map(({ id }) => id).join(", ")
    const serves = role === "worker" ? "The Atlas worker is ready" : `Atlas is ready: open ${origin}`
    const isReal = production || role === "worker" || entra !== null
    yield* Console.log(isReal ? serves : `${serves} and sign in as one of ${people}`)
  })
)

const roles = Layer.unwrap(
  Effect.map(Settings, ({ role }) => {
    const parts = { all: Layer.mergeAll(web, worker), web, worker: Layer.mergeAll(health, worker) }[role]
    return welcome.pipe(Layer.provideMerge(parts))
  })
)

const telemetry = Telemetry.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))

const server = roles.pipe(
  Layer.provide(demonstration),
  Layer.provide(operations),
  Layer.provide(connections),
  Layer.provide(Database.layer),
  Layer.provide(Layer.mergeAll(Front.layer, ServerSecret.layer, telemetry)),
  Layer.provide(Settings.layer),
  Layer.provide(Redaction.redactingLogger())
)

const reportFailure = (cause: Cause.Cause<{ readonly message: string }>) => {
  const text = failureText(cause)
  return text === null ? Effect.void : Console.error(Redaction.redact(text))
}

// A server runs until it is told to end: that it did so, in order, is no failure.
const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit)

NodeRuntime.runMain(Layer.launch(server).pipe(Effect.tapCause(reportFailure)), {
  disableErrorReporting: true,
  teardown
})
