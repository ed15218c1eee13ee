/**
 * Decides whether a request may be made and where it goes: its contract must be registered and listed by the run's operation,
 * and the tenant must have a usable connection in a known cloud.
 *
 * @module
 */
import { GraphCaller, GraphContract, GraphError, type TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import { type GraphCloud, GraphClouds, named } from "../wire/GraphCloud.ts"
import { ConnectionChoice, ProviderConnections, type UsableConnection } from "../connections/ProviderConnections.ts"

/** Where a tenant's requests go, and as whom. */
export interface Target {
  readonly usable: UsableConnection
  readonly cloud: GraphCloud
}

/**
 * Lets only registered contracts pass, and within a run only those that its operation lists. Fails with
 * `provider_contract_violation`.
 */
export const permit = (contract: unknown): Effect.Effect<void, GraphError> =>
  Effect.gen(function* () {
    if (!GraphContract.isGraphContract(contract))
      return yield* violation("The request has no registered contract: make one with GraphContract.")
    const { contracts } = yield* GraphCaller
    if (contracts === null || contracts.has(contract)) return
    return yield* violation(
      `The run's operation does not list the contract ${contract.name}: add it to the operation's contracts.`
    )
  })

const noTenant = new GraphError({
  reasonCode: "provider_request_invalid",
  message: "The request names no tenant: pass its workspaceId and tenantId."
})

const violation = (message: string) => new GraphError({ reasonCode: "provider_contract_violation", message })

/**
 * Makes the function that finds a tenant's connection and its cloud. It fails if the connection is not usable, and with
 * `provider_cloud_mismatch` if this host does not know its cloud.
 */
export const make = Effect.gen(function* () {
  const connections = yield* ProviderConnections
  const clouds = yield* GraphClouds

  return Effect.fnUntraced(function* (tenant: TenantScope) {
    const choice = yield* ConnectionChoice
    const found = choice === null ? connections.defaultFor(tenant) : connections.usable(tenant, choice)
    const usable = yield* Effect.catchTag(found, "InvalidInput", () => Effect.fail(noTenant))
    const cloud = yield* named(clouds, usable.connection.cloud)
    const target: Target = { usable, cloud }
    return target
  })
})
