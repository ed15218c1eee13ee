import { Graph, GraphContract, type GraphError, type TenantScope } from "@atlas/operations"
import { Effect, Option, Result, Schema, Stream } from "effect"
import { type ConnectionCheckResult, found, passed, skipped } from "./ConnectionReport.ts"
import { GraphTokens } from "./GraphTokens.ts"
import type { UsableConnection } from "./ProviderConnections.ts"

type Permission = GraphContract.GraphPermission

/** Whose tenant it is. https://learn.microsoft.com/graph/api/organization-list */
export const listOrganizations = GraphContract.list({
  name: "organization.list",
  version: "v1.0",
  path: "/organization",
  schema: Schema.Struct({ id: Schema.String }),
  permissions: [{ name: "Organization.Read.All", appRoleId: "498476ce-e0fe-48b0-b801-37ba7e2685c6" }]
})

/** What was granted to the app. https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments */
export const listGrants = GraphContract.list({
  name: "servicePrincipals.appRoleAssignments.list",
  version: "v1.0",
  path: "/servicePrincipals(appId='{clientId}')/appRoleAssignments",
  schema: Schema.Struct({ appRoleId: Schema.String }),
  permissions: [{ name: "Application.Read.All", appRoleId: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30" }],
  cost: 2
})

const requestOf = ({ requestId }: GraphError) =>
  requestId === undefined ? [] : [{ what: "Graph request id", value: requestId }]

const isUuid = (text: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)

/** What the credential check found: its result, and what the token carries, where there is one that tells. */
export interface Credentials {
  readonly result: ConnectionCheckResult
  readonly roles: Option.Option<ReadonlySet<string>>
  readonly error: GraphError | null
}

/**
 * Asks for a new token.
 *
 * @param usable the connection and its credential
 */
export const credentials = Effect.fn("ConnectionChecks.credentials")(function* (usable: UsableConnection) {
  const tokens = yield* GraphTokens
  const title = "Credential"
  const issued = yield* Effect.result(tokens.inspect(usable))
  if (Result.isFailure(issued)) {
    const { failure } = issued
    return { result: found("credentials", title, failure), roles: Option.none(), error: failure }
  }
  const roles = Option.flatMap(issued.success, (claims) =>
    claims.roles === undefined ? Option.none() : Option.some(new Set(claims.roles))
  )
  const checked: Credentials = {
    result: passed("credentials", title, "Entra ID issued a token for the tenant."),
    roles,
    error: null
  }
  return checked
})

/** What asking Graph found: whether it answers, and whose tenant it is. */
export interface Organization {
  readonly results: ReadonlyArray<ConnectionCheckResult>
  /** Why Graph could not be asked, where another attempt may help. */
  readonly error: GraphError | null
}

/**
 * Asks Graph whose tenant it is.
 *
 * @param tenant the host's tenant
 * @param entraTenantId the connection's
 */
export const organization = Effect.fn("ConnectionChecks.organization")(function* (
  tenant: TenantScope,
  entraTenantId: string
) {
  const graph = yield* Graph
  const reached = passed("graph", "Microsoft Graph", "Microsoft Graph answers.")
  const asked = yield* Effect.result(Stream.runCollect(graph.list(tenant, listOrganizations, {})))
  if (Result.isFailure(asked)) {
    const { failure } = asked
    // Any refusal is an answer; permissions have a check of their own.
    const answered = failure.status !== undefined && failure.status < 500
    const unknown = skipped("tenant", "Tenant", "Whose tenant it is could not be asked.")
    const outcome: Organization = answered
      ? { results: [reached, unknown], error: null }
      : {
          results: [found("graph", "Microsoft Graph", failure, { evidence: requestOf(failure) }), unknown],
          error: failure
        }
    return outcome
  }
  const [id = ""] = asked.success.flatMap(({ items }) => items.map((item) => item.id))
  const evidence = [{ what: "Organization", value: id }]
  const isOther = isUuid(entraTenantId) && id.toLowerCase() !== entraTenantId.toLowerCase()
  const binding = isOther
    ? found(
        "tenant",
        "Tenant",
        { reasonCode: "provider_tenant_mismatch", message: "Graph answers for another tenant." },
        { evidence }
      )
    : passed("tenant", "Tenant", "Graph answers for the expected tenant.", { evidence })
  const outcome: Organization = { results: [reached, binding], error: null }
  return outcome
})

/**
 * Compares what is needed with what the token carries, and with what was granted, where the app may ask for that: a fresh
 * grant takes minutes to reach tokens.
 *
 * @param tenant the host's tenant
 * @param clientId the connection's
 * @param needed the permissions of the registered operation types
 * @param roles what the token carries; none where it does not tell
 */
export const permissions = Effect.fn("ConnectionChecks.permissions")(function* (
  tenant: TenantScope,
  clientId: string,
  needed: ReadonlyArray<Permission>,
  roles: Option.Option<ReadonlySet<string>>
) {
  const graph = yield* Graph
  const granted = yield* Stream.runCollect(graph.list(tenant, listGrants, { clientId })).pipe(
    Effect.map((pages) => Option.some(new Set(pages.flatMap(({ items }) => items.map((item) => item.appRoleId))))),
    Effect.orElseSucceed(() => Option.none<ReadonlySet<string>>())
  )
  return needed.map((permission) => permissionResult(permission, roles, granted))
})

const permissionResult = (
  { appRoleId, name }: Permission,
  roles: Option.Option<ReadonlySet<string>>,
  granted: Option.Option<ReadonlySet<string>>
): ConnectionCheckResult => {
  const id = `permission:${name}`
  const title = `Permission ${name}`
  const evidence = [{ what: "App role", value: appRoleId }]
  const carried = Option.map(roles, (names) => names.has(name))
  const assigned = Option.exists(granted, (ids) => ids.has(appRoleId))
  if (Option.contains(carried, true)) return passed(id, title, "The token carries it.", { evidence })
  if (assigned && Option.isSome(carried)) {
    const message = `${name} was granted, but tokens do not carry it yet.`
    return found(id, title, { reasonCode: "provider_permission_propagating", message }, { evidence })
  }
  if (assigned) return passed(id, title, "It was granted.", { evidence })
  if (Option.isNone(carried) && Option.isNone(granted)) {
    return skipped(id, title, "Neither the token nor Graph tells what was granted.")
  }
  return found(
    id,
    title,
    { reasonCode: "provider_permission_denied", message: `${name} is not granted.` },
    { evidence }
  )
}

const isIntune = (contract: GraphContract.GraphContract): contract is GraphContract.GraphList<string, unknown> =>
  GraphContract.kindOf(contract) === "list" &&
  /^\/(deviceManagement|deviceAppManagement)\//.test(contract.path) &&
  !contract.path.includes("{")

/**
 * Tries one listing of Intune's, where an operation type needs Intune: only its answer tells whether there is a licence.
 *
 * @param tenant the host's tenant
 * @param contracts of the registered operation types
 */
export const licence = Effect.fn("ConnectionChecks.licence")(function* (
  tenant: TenantScope,
  contracts: ReadonlyArray<GraphContract.GraphContract>
) {
  const contract = contracts.find(isIntune)
  if (contract === undefined) return []
  const graph = yield* Graph
  const title = "Licence for Intune"
  const probed = yield* Effect.result(Stream.runHead(graph.list(tenant, contract, {})))
  if (Result.isSuccess(probed)) return [passed("licence", title, "Intune answers.")]
  const { failure } = probed
  return failure.reasonCode === "provider_license_required"
    ? [found("licence", title, failure, { evidence: requestOf(failure) })]
    : [skipped("licence", title, "Intune could not be asked.")]
})
