import { type GraphContract, GraphError } from "@atlas/operations"
import { Effect } from "effect"
import type { GraphCloud } from "./GraphCloud.ts"

type Contract = GraphContract.GraphContract

const refuse = (contract: Contract, reasonCode: GraphError["reasonCode"], message: string) =>
  Effect.fail(new GraphError({ reasonCode, message, contract: contract.name }))

/**
 * The path of a contract's resource, with every parameter percent-encoded.
 *
 * @param contract the contract
 * @param params its placeholders' values
 * @returns the path from the version on; fails with `provider_contract_violation` when a value is missing, empty, or
 * would climb to another resource
 */
export const resourcePath = (
  contract: Contract,
  params: Readonly<Record<string, string>>
): Effect.Effect<string, GraphError> => {
  const names = Array.from(contract.path.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? "")
  // URL parsers resolve dot segments even where they are percent-encoded.
  const bad = names.find((name) => /^(|\.|\.\.)$/.test(params[name] ?? ""))
  if (bad !== undefined)
    return refuse(contract, "provider_contract_violation", `${contract.name} needs a value for ${bad}.`)
  const path = contract.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(params[name] ?? ""))
  return Effect.succeed(`/${contract.version}${path}`)
}

/** A key in quotes, as in `/x(appId='{id}')`, must not end its quotes: OData doubles them. */
const encoded = (value: string): string => encodeURIComponent(value.replaceAll("'", "''")).replaceAll("'", "%27")

/**
 * The first address of a request.
 *
 * @param cloud whose Graph is asked
 * @param contract decides `$select`, `$expand`, `$top` and `$count`
 * @param path from `resourcePath`
 */
export const firstLink = (cloud: GraphCloud, contract: Contract, path: string): string =>
  `${cloud.graphOrigin}${path}${queryOf(contract)}`

/**
 * What a contract asks for beyond the path, as the query of an address; empty where that is nothing.
 *
 * @param contract the contract
 */
export const queryOf = (contract: Contract): string => {
  const query: Array<string> = []
  if ("select" in contract && contract.select !== undefined) query.push(`$select=${contract.select.join(",")}`)
  if ("expand" in contract && contract.expand !== undefined) query.push(`$expand=${contract.expand.join(",")}`)
  if ("pageSize" in contract && contract.pageSize !== undefined) query.push(`$top=${contract.pageSize}`)
  if ("count" in contract && contract.count) query.push("$count=true")
  return query.length === 0 ? "" : `?${query.join("&")}`
}

/**
 * What a contract asks for by headers, with every page.
 *
 * @param contract the contract
 */
export const headersOf = (contract: Contract): Readonly<Record<string, string>> => ({
  ...(("count" in contract && contract.count) || ("eventual" in contract && contract.eventual === true)
    ? { consistencylevel: "eventual" }
    : {}),
  ...("minimal" in contract && contract.minimal ? { prefer: "return=minimal" } : {})
})

/** The part of the resource's path that no parameter decides. Graph may write keys as `/x/id` or as `/x('id')`. */
const fixedPrefix = (contract: Contract): string => `/${contract.version}${contract.path.split("/{", 1)[0] ?? ""}`

/**
 * Checks a link that came from outside before the bearer token is sent to it.
 *
 * @param cloud whose origin it must have, exactly; this decides the scheme too
 * @param contract whose path it must stay under
 * @param link as the provider sent it
 * @returns the link, unchanged, since it is opaque; fails with `provider_untrusted_link`, which does not repeat the link
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
    // A slash that only the provider would decode could lead out of the resource again.
    !/%2f|%5c|%2e/i.test(rest)
  return trusted
    ? Effect.succeed(link)
    : refuse(contract, "provider_untrusted_link", `The next page of ${contract.name} points outside its resource.`)
}

/**
 * Checks a place in a listing that was handed out earlier, perhaps by another cloud: connections move, and a fake Graph starts
 * anew elsewhere.
 *
 * @param cloud whose origin it must have
 * @param contract whose path it must stay under
 * @param cursor where a listing goes on
 * @returns the cursor; fails with `provider_resync_required` where it is another origin's, otherwise as `trustedLink` does
 */
export const knownCursor = (
  cloud: GraphCloud,
  contract: Contract,
  cursor: string
): Effect.Effect<string, GraphError> => {
  const origin = URL.parse(cursor)?.origin
  return origin === undefined || origin === cloud.graphOrigin
    ? trustedLink(cloud, contract, cursor)
    : refuse(contract, "provider_resync_required", `The place in ${contract.name} is one of another cloud.`)
}
