/**
 * Addresses of requests, and the checks that a link must pass before a bearer token is sent to it.
 *
 * @module
 */
import { type GraphContract, GraphError } from "@atlas/operations"
import { Effect } from "effect"
import type { GraphCloud } from "../wire/GraphCloud.ts"

type Contract = GraphContract.GraphContract

const refuse = (contract: Contract, reasonCode: GraphError["reasonCode"], message: string) =>
  Effect.fail(new GraphError({ reasonCode, message, contract: contract.name }))

/**
 * The path of a contract's resource, from the version on, with every parameter percent-encoded. Fails with
 * `provider_contract_violation` if a value is missing, is empty, or would climb to another resource.
 */
export const resourcePath = (
  contract: Contract,
  params: Readonly<Record<string, string>>
): Effect.Effect<string, GraphError> => {
  const names = Array.from(contract.path.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? "")
  // URL parsers resolve dot segments even if they are percent-encoded.
  const bad = names.find((name) => /^(|\.|\.\.)$/.test(params[name] ?? ""))
  if (bad !== undefined)
    return refuse(contract, "provider_contract_violation", `${contract.name} needs a value for ${bad}.`)
  const path = contract.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(params[name] ?? ""))
  return Effect.succeed(`/${contract.version}${path}`)
}

/** A value in quotes, as in `/x(appId='{id}')`, must not end them: OData doubles quotes. */
const encoded = (value: string): string => encodeURIComponent(value.replaceAll("'", "''")).replaceAll("'", "%27")

/** The first address of a request: the path from `resourcePath`, and the query of `queryOf`. */
export const firstLink = (cloud: GraphCloud, contract: Contract, path: string): string =>
  `${cloud.graphOrigin}${path}${queryOf(contract)}`

/** The query of a contract's address: `$select`, `$expand`, `$top` and `$count`. Empty if it asks for none. */
export const queryOf = (contract: Contract): string => {
  const query: Array<string> = []
  if ("select" in contract && contract.select !== undefined) query.push(`$select=${contract.select.join(",")}`)
  if ("expand" in contract && contract.expand !== undefined) query.push(`$expand=${contract.expand.join(",")}`)
  if ("pageSize" in contract && contract.pageSize !== undefined) query.push(`$top=${contract.pageSize}`)
  if ("count" in contract && contract.count) query.push("$count=true")
  return query.length === 0 ? "" : `?${query.join("&")}`
}

/** The headers that a contract needs with every page. */
export const headersOf = (contract: Contract): Readonly<Record<string, string>> => ({
  ...(("count" in contract && contract.count) || ("eventual" in contract && contract.eventual === true)
    ? { consistencylevel: "eventual" }
    : {}),
  ...("minimal" in contract && contract.minimal ? { prefer: "return=minimal" } : {})
})

/** The part of the resource's path before its first parameter. Graph may write keys as `/x/id` or as `/x('id')`. */
const fixedPrefix = (contract: Contract): string => `/${contract.version}${contract.path.split("/{", 1)[0] ?? ""}`

/**
 * Checks a link from the provider before the bearer token is sent to it: it must have the cloud's exact origin, which
 * includes the scheme, and stay below the contract's path. Returns the link unchanged, since it is opaque. Fails with
 * `provider_untrusted_link`, which does not repeat the link.
 */
export const trustedLink = (cloud: GraphCloud, contract: Contract, link: string): Effect.Effect<string, GraphError> => {
  const url = URL.parse(link)
  const prefix = fixedPrefix(contract)
  const rest = url?.pathname.startsWith(prefix) === true ? url.pathname.slice(prefix.length) : "elsewhere"
  const trusted =
    url?.origin === cloud.graphOrigin &&
    url.username === "" &&
    url.password === "" &&
    /^($|[/(])/.test(rest) &&
    // A slash that only the provider decodes could lead out of the resource.
    !/%2f|%5c|%2e/i.test(rest)
  return trusted
    ? Effect.succeed(link)
    : refuse(contract, "provider_untrusted_link", `The next page of ${contract.name} points outside its resource.`)
}

/**
 * Checks a cursor that was handed out earlier, perhaps by another cloud: connections move, and a fake Graph restarts
 * elsewhere. Fails with `provider_resync_required` if it has another origin, else as `trustedLink` does.
 */
export const knownCursor = (
  cloud: GraphCloud,
  contract: Contract,
  cursor: string
): Effect.Effect<string, GraphError> => {
  const origin = URL.parse(cursor)?.origin
  return origin === undefined || origin === cloud.graphOrigin
    ? trustedLink(cloud, contract, cursor)
    : refuse(contract, "provider_resync_required", `The cursor of ${contract.name} belongs to another cloud.`)
}
