import { GraphCaller, GraphContract, GraphError, type TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import { type GraphCloud, GraphClouds, named } from "./GraphCloud.ts"
import { ConnectionChoice, ProviderConnections, type UsableConnection } from "./ProviderConnections.ts"

/** Where a tenant's requests go, and as whom. */
export interface Target {
  readonly usable: UsableConnection
  readonly cloud: GraphCloud
}

/**
 * Lets only registered contracts pass, and within a run only those that its operation lists.
 *
 * @param contract as the flow handed it in
 * @returns nothing; fails with `provider_contract_violation`
 */
export const permit = (contract: unknown): Effect.Effect<void, GraphError> =>
  Effect.gen(function* () {
    if (!GraphContract.isGraphContract(contract))
      return yield* violation("Graph is asked through registered contracts only.")
    const { contracts } = yield* GraphCaller
    if (contracts === null || contracts.has(contract)) return
    return yield* violation(`The run's operation does not list the contract ${contract.name}.`)
  })

const noTenant = new GraphError({
  reasonCode: "provider_request_invalid",
  message: "Graph was asked on behalf of what is no tenant."
})

const violation = (message: string) => new GraphError({ reasonCode: "provider_contract_violation", message })

/**
 * Makes the function that finds a tenant's target.
 *
 * @returns for a tenant its connection and cloud; fails where the connection is not usable, or with
 * `provider_cloud_mismatch` where its cloud is not known here
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
