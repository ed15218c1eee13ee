/**
 * The checks of a verification, a function each. `ConnectionCheck` calls them in the order of `plan`.
 *
 * @module
 */
import { Graph, GraphContract, type GraphError, type TenantScope } from "@atlas/operations"
import { Effect, Option, Result, Schema, Stream } from "effect"
import { type CheckName, type ConnectionCheckResult, found, passed, skipped } from "./ConnectionReport.ts"
import { GraphTokens } from "../tokens/GraphTokens.ts"
import type { UsableConnection } from "../connections/ProviderConnections.ts"

type Permission = GraphContract.GraphPermission

/** The organization that a tenant belongs to. https://learn.microsoft.com/graph/api/organization-list */
export const listOrganizations = GraphContract.list({
  name: "organization.list",
  version: "v1.0",
  path: "/organization",
  schema: Schema.Struct({ id: Schema.String }),
  permissions: [{ name: "Organization.Read.All", appRoleId: "498476ce-e0fe-48b0-b801-37ba7e2685c6" }]
})

/** The permissions granted to the app. https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments */
export const listGrants = GraphContract.list({
  name: "servicePrincipals.appRoleAssignments.list",
  version: "v1.0",
  path: "/servicePrincipals(appId='{clientId}')/appRoleAssignments",
  schema: Schema.Struct({ appRoleId: Schema.String }),
  permissions: [{ name: "Application.Read.All", appRoleId: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30" }],
  cost: 2
})

/** The contracts and permissions that a host's operations need, each once. */
export interface Needs {
  readonly contracts: ReadonlyArray<GraphContract.GraphContract>
  readonly permissions: ReadonlyArray<Permission>
}

const names = {
  credentials: { id: "credentials", title: "Credential" },
  graph: { id: "graph", title: "Microsoft Graph" },
  tenant: { id: "tenant", title: "Tenant" },
  licence: { id: "licence", title: "Licence for Intune" }
} as const

const permissionName = ({ name }: Permission): CheckName => ({ id: `permission:${name}`, title: `Permission ${name}` })

/** Every check that a verification makes, in the order of its report. */
export const plan = ({ contracts, permissions: needed }: Needs): ReadonlyArray<CheckName> => [
  names.credentials,
  names.graph,
  names.tenant,
  ...needed.map(permissionName),
  ...(contracts.some(isIntune) ? [names.licence] : [])
]

const requestOf = ({ requestId }: GraphError) =>
  requestId === undefined ? [] : [{ what: "Graph request id", value: requestId }]

const isUuid = (text: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)

/** What the credential check found. `roles` are the token's permissions, if there is a token and it lists them. */
export interface CredentialFinding {
  readonly result: ConnectionCheckResult
  readonly roles: Option.Option<ReadonlySet<string>>
  readonly error: GraphError | null
}

/** Asks for a new token. */
export const credentials = Effect.fn("ConnectionChecks.credentials")(function* (usable: UsableConnection) {
  const tokens = yield* GraphTokens
  const issued = yield* Effect.result(tokens.inspect(usable))
  if (Result.isFailure(issued)) {
    const { failure } = issued
    return { result: found(names.credentials, failure), roles: Option.none(), error: failure }
  }
  const roles = Option.flatMap(issued.success, (claims) =>
    claims.roles === undefined ? Option.none() : Option.some(new Set(claims.roles))
  )
  const checked: CredentialFinding = {
    result: passed(names.credentials, "Entra ID issued a token for the tenant."),
    roles,
    error: null
  }
  return checked
})

/** What a question to Graph found: whether it answers, and whose tenant it is. */
export interface Organization {
  readonly results: ReadonlyArray<ConnectionCheckResult>
  /** Why Graph did not answer, if another attempt may help. */
  readonly error: GraphError | null
}

/** Asks Graph whose tenant it is, and compares the answer with the connection's `entraTenantId`. */
export const organization = Effect.fn("ConnectionChecks.organization")(function* (
  tenant: TenantScope,
  entraTenantId: string
) {
  const graph = yield* Graph
  const reached = passed(names.graph, "Microsoft Graph answers.")
  const asked = yield* Effect.result(Stream.runCollect(graph.list(tenant, listOrganizations, {})))
  if (Result.isFailure(asked)) {
    const { failure } = asked
    // A refusal is an answer too. Permissions have a check of their own.
    const answered = failure.status !== undefined && failure.status < 500
    const unknown = skipped(names.tenant, "Graph did not say whose tenant it is.")
    const outcome: Organization = answered
      ? { results: [reached, unknown], error: null }
      : {
          results: [found(names.graph, failure, { evidence: requestOf(failure) }), unknown],
          error: failure
        }
    return outcome
  }
  const [id = ""] = asked.success.flatMap(({ items }) => items.map((item) => item.id))
  const evidence = [{ what: "Organization", value: id }]
  const isOther = isUuid(entraTenantId) && id.toLowerCase() !== entraTenantId.toLowerCase()
  const binding = isOther
    ? found(
        names.tenant,
        { reasonCode: "provider_tenant_mismatch", message: "Graph answers for another tenant." },
        { evidence }
      )
    : passed(names.tenant, "Graph answers for the expected tenant.", { evidence })
  const outcome: Organization = { results: [reached, binding], error: null }
  return outcome
})

/**
 * Compares the permissions that operations need with those in the token, and with those granted if the app may read its
 * grants: a new grant takes minutes to reach tokens.
 *
 * @param roles the token's permissions; none if it does not list them
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
  permission: Permission,
  roles: Option.Option<ReadonlySet<string>>,
  granted: Option.Option<ReadonlySet<string>>
): ConnectionCheckResult => {
  const { appRoleId, name } = permission
  const check = permissionName(permission)
  const evidence = [{ what: "App role", value: appRoleId }]
  const carried = Option.map(roles, (carriedNames) => carriedNames.has(name))
  const assigned = Option.exists(granted, (ids) => ids.has(appRoleId))
  if (Option.contains(carried, true)) return passed(check, "The token carries it.", { evidence })
  if (assigned && Option.isSome(carried)) {
    const message = `${name} was granted, but tokens do not carry it yet.`
    return found(check, { reasonCode: "provider_permission_propagating", message }, { evidence })
  }
  if (assigned) return passed(check, "It was granted.", { evidence })
  if (Option.isNone(carried) && Option.isNone(granted)) {
    return skipped(check, "Neither the token nor Graph says what was granted.")
  }
  const message = `The app lacks the permission ${name}.`
  return found(check, { reasonCode: "provider_permission_denied", message, missingPermission: name }, { evidence })
}

const isIntune = (contract: GraphContract.GraphContract): contract is GraphContract.GraphList<string, unknown> =>
  GraphContract.kindOf(contract) === "list" &&
  /^\/(deviceManagement|deviceAppManagement)\//.test(contract.path) &&
  !contract.path.includes("{")

/** Tries one listing of Intune, if an operation needs Intune: only its answer tells whether there is a licence. */
export const licence = Effect.fn("ConnectionChecks.licence")(function* (
  tenant: TenantScope,
  contracts: ReadonlyArray<GraphContract.GraphContract>
) {
  const contract = contracts.find(isIntune)
  if (contract === undefined) return []
  const graph = yield* Graph
  const probed = yield* Effect.result(Stream.runHead(graph.list(tenant, contract, {})))
  if (Result.isSuccess(probed)) return [passed(names.licence, "Intune answers.")]
  const { failure } = probed
  return failure.reasonCode === "provider_license_required"
    ? [found(names.licence, failure, { evidence: requestOf(failure) })]
    : [skipped(names.licence, "Intune refused the request or did not answer, so the licence is unknown.")]
})
