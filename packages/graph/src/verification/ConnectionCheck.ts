/**
 * The operation `provider.connection.check`. It verifies a connection's credential and tenant, every permission that the
 * host's registered operations need, and the licence for Intune. A host registers `type` and `resolver`, and gives `handler`
 * to its worker. The results go to the run's report, a `ConnectionReport`.
 *
 * @module
 */
import {
  type GraphContract,
  type FailureReport,
  GraphCaller,
  InputResolver,
  OperationCatalog,
  Operation,
  reasonInfo,
  RunFailure,
  RunHandler,
  Uuid
} from "@atlas/operations"
import { Effect, Option, Schema } from "effect"
import * as ConnectionChecks from "./ConnectionChecks.ts"
import { type ConnectionCheckResult, type ConnectionReport, skipped } from "./ConnectionReport.ts"
import { ConnectionChoice, ProviderConnections } from "../connections/ProviderConnections.ts"

/** The operation: verifies that a provider connection works, and reports what is missing. */
export const operation = Operation.make({
  name: "provider.connection.check",
  label: "Verify connection",
  description: "Checks the credential, the tenant, each permission that operations need, and licences.",
  category: "Connections",
  input: Schema.Struct({
    /** Default: the tenant's default connection. */
    connectionId: Schema.optionalKey(Uuid)
  }),
  capabilities: { start: "tenant.providers.verify", view: "tenant.providers.view" },
  identity: { rule: "while_active", key: ({ connectionId }) => connectionId ?? null },
  contracts: [ConnectionChecks.listOrganizations],
  timeLimit: "15 minutes",
  resolves: true,
  supersedable: true
})

/** Every request that a verification itself makes. Reading the app's grants is no need of the operation: without the right, the check says so. */
export const ownContracts: ReadonlyArray<GraphContract.GraphContract> = [
  ...operation.contracts,
  ConnectionChecks.listGrants
]

/**
 * Fills in the tenant's default connection, so a start that names it equals one that names none. Without a default, the
 * input stays empty.
 */
export const resolver = InputResolver.make(
  operation,
  Effect.fnUntraced(function* (input, { tenantId, workspaceId }) {
    if (input.connectionId !== undefined || tenantId === null) return input
    const connections = yield* ProviderConnections
    const found = yield* Effect.orDie(connections.defaultId({ workspaceId, tenantId }))
    return Option.match(found, { onNone: () => input, onSome: (connectionId) => ({ ...input, connectionId }) })
  })
)

/** The contracts and permissions that this host's operations need, each once. */
const makeNeeds = Effect.map(OperationCatalog, ({ operations }) => {
  const contracts = [...new Set(operations.flatMap((known) => known.contracts))]
  const permissions = new Map(contracts.flatMap((each) => each.permissions).map((each) => [each.name, each]))
  return { contracts, permissions: [...permissions.values()] }
})

/** The problems found. Those with the reason that decides the run's end come first: a blocking reason, else the first one. */
const problemsIn = (checks: ReadonlyArray<ConnectionCheckResult>): ReadonlyArray<FailureReport> => {
  const problems = checks.flatMap(({ message, missingPermission, reasonCode }): ReadonlyArray<FailureReport> =>
    reasonCode === null
      ? []
      : [{ message, reasonCode, ...(missingPermission === undefined ? {} : { missingPermission }) }]
  )
  const decisive = (problems.find(({ reasonCode }) => reasonInfo(reasonCode).blocking) ?? problems[0])?.reasonCode
  return [
    ...problems.filter(({ reasonCode }) => reasonCode === decisive),
    ...problems.filter(({ reasonCode }) => reasonCode !== decisive)
  ]
}

/** Ends the run with every problem among its failures: failed for a blocking reason, else partially succeeded. */
const conclude = Effect.fnUntraced(function* (
  run: Pick<RunHandler.RunContext<unknown>, "failed">,
  checks: ReadonlyArray<ConnectionCheckResult>
) {
  const [first, ...others] = problemsIn(checks)
  if (first === undefined) return RunHandler.succeeded
  yield* Effect.forEach(others, run.failed)
  if (reasonInfo(first.reasonCode).blocking) return yield* new RunFailure(first)
  yield* run.failed(first)
  return RunHandler.partiallySucceeded(first.reasonCode)
})

/** Makes the checks one after the other and reports each as soon as it is made. The connection need not be enabled. */
export const handler = operation.toLayer(
  Effect.fn("ConnectionCheck")(function* (run: RunHandler.RunContext<Operation.Input<typeof operation>>) {
    const tenant = run.scope
    const connections = yield* ProviderConnections
    const needs = yield* makeNeeds
    const found =
      run.input.connectionId === undefined
        ? connections.defaultFor(tenant)
        : connections.usable(tenant, run.input.connectionId)
    // The run's scope and input are already decoded.
    const usable = yield* Effect.catchTag(found, "InvalidInput", Effect.die)
    const { connection } = usable
    const caller = yield* GraphCaller
    // The checks use the contracts of other operations, to see whether those could.
    const allowed = {
      ...caller,
      contracts: new Set([...ownContracts, ...needs.contracts])
    }
    const asConnection = <A, E, R>(asking: Effect.Effect<A, E, R>) =>
      asking.pipe(Effect.provideService(ConnectionChoice, connection.id), Effect.provideService(GraphCaller, allowed))
    const plan = ConnectionChecks.plan(needs)
    const made = new Map<string, ConnectionCheckResult>()
    // Only planned checks, each once, so there are never more than the total.
    const checks = () => plan.flatMap(({ id }) => made.get(id) ?? [])
    const tell = Effect.fnUntraced(function* (...results: ReadonlyArray<ConnectionCheckResult>) {
      for (const result of results) made.set(result.id, result)
      const report: ConnectionReport = {
        kind: "provider.connection.check",
        version: 1,
        connectionId: connection.id,
        connectionName: connection.displayName,
        checks: checks()
      }
      yield* run.report({ ...report })
      yield* run.progress({ total: plan.length, processed: report.checks.length })
    })

    const credentials = yield* ConnectionChecks.credentials(usable)
    yield* tell(credentials.result)
    if (credentials.result.status !== "passed") {
      yield* tell(
        ...plan
          .filter(({ id }) => !made.has(id))
          .map((check) => skipped(check, "This cannot be checked without a token."))
      )
      if (credentials.error !== null) return yield* credentials.error
      return yield* conclude(run, checks())
    }
    const organization = yield* asConnection(ConnectionChecks.organization(tenant, connection.entraTenantId))
    yield* tell(...organization.results)
    if (organization.error !== null) return yield* organization.error
    const { clientId } = connection
    yield* tell(
      ...(yield* asConnection(ConnectionChecks.permissions(tenant, clientId, needs.permissions, credentials.roles)))
    )
    yield* tell(...(yield* asConnection(ConnectionChecks.licence(tenant, needs.contracts))))
    return yield* conclude(run, checks())
  })
)
