/**
 * Listing, counting and reading groups. `FakeGroupsDelta` has their history.
 *
 * @module
 */
import type { FakeCall } from "./FakeCall.ts"
import { serialise } from "../tenant/FakeDirectory.ts"
import { fakeGroup, type FakeGroup } from "../tenant/FakeGroups.ts"
import { badRequest, isReply, pageReply, positionOf, sizeOf, unsupported } from "./FakePaging.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"

const properties = Object.keys(fakeGroup({ id: "", displayName: "" })) as Array<keyof FakeGroup>
const known: ReadonlySet<string> = new Set(properties)
const supported: ReadonlySet<string> = new Set(["$select", "$top", "$count", "$skiptoken"])

/** The properties that a request selects: all if it names none, a refusal if one does not exist. */
export const selectOf = ({ request }: FakeCall): ReadonlyArray<keyof FakeGroup> | FakeReply => {
  const names = request.url.searchParams.get("$select")?.split(",") ?? properties
  const wrong = names.find((name) => !known.has(name))
  return wrong === undefined
    ? (names as Array<keyof FakeGroup>)
    : badRequest(
        `Parsing OData Select and Expand failed: Could not find a property named '${wrong}' on type 'microsoft.graph.group'.`
      )
}

/**
 * `GET /groups`.
 *
 * @see https://learn.microsoft.com/graph/api/group-list
 */
export const list = (call: FakeCall): FakeReply => {
  const { fault, request, tenant } = call
  const query = request.url.searchParams
  const foreign = [...query.keys()].find((name) => !supported.has(name))
  if (foreign !== undefined) return unsupported(`Unsupported Query: '${foreign}'.`)
  const counted = query.get("$count") === "true"
  if (counted && request.headers["consistencylevel"] !== "eventual") {
    return unsupported("$count is only supported with the header 'ConsistencyLevel: eventual'.")
  }
  const select = selectOf(call)
  if (isReply(select)) return select
  const size = sizeOf(call, { standard: 100, most: 999 })
  if (isReply(size)) return size
  const start = positionOf(call)
  if (isReply(start)) return start
  const page = tenant.directory.page(start, fault?._tag === "EmptyPage" ? 0 : size, select)
  const count = counted && !query.has("$skiptoken") ? tenant.directory.size : undefined
  return pageReply(call, { ...page, count, context: "groups" })
}

/** `GET /groups/$count`: text, and only with `ConsistencyLevel: eventual`. */
export const count = ({ request, tenant }: FakeCall): FakeReply =>
  request.headers["consistencylevel"] === "eventual"
    ? { ...jsonReply(200, String(tenant.directory.size)), headers: { "content-type": "text/plain" } }
    : errorReply(400, "Request_BadRequest", "$count is not currently supported.")

/** `GET /groups/{id}`, with the id as the path has it, decoded. */
export const get = (call: FakeCall, id: string): FakeReply => {
  const select = selectOf(call)
  if (isReply(select)) return select
  const group = call.tenant.directory.get(id)
  return group === undefined
    ? errorReply(404, "Request_ResourceNotFound", `Resource '${id}' does not exist.`)
    : jsonReply(200, serialise(group, select))
}
