import { randomUUID } from "node:crypto"
import type { FakeGroup } from "./FakeGroups.ts"
import { fakeGroup } from "./FakeGroups.ts"
import { serialise } from "./FakeDirectory.ts"
import type { Fault } from "./Fault.ts"
import { errorReply, type FakeReply, type FakeRequest, jsonReply } from "./FakeRequest.ts"
import type { FakeTenant } from "./FakeTenant.ts"

const properties = Object.keys(fakeGroup({ id: "", displayName: "" })) as Array<keyof FakeGroup>
const known: ReadonlySet<string> = new Set(properties)
const supported: ReadonlySet<string> = new Set(["$select", "$top", "$count", "$skiptoken"])

const badRequest = (message: string) => errorReply(400, "BadRequest", message)
const unsupported = (message: string) => errorReply(400, "Request_UnsupportedQuery", message)

const selectOf = (query: URLSearchParams): ReadonlyArray<keyof FakeGroup> | FakeReply => {
  const names = query.get("$select")?.split(",") ?? properties
  const wrong = names.find((name) => !known.has(name))
  return wrong === undefined
    ? (names as Array<keyof FakeGroup>)
    : badRequest(
        `Parsing OData Select and Expand failed: Could not find a property named '${wrong}' on type 'microsoft.graph.group'.`
      )
}

const sizeOf = (query: URLSearchParams): number | FakeReply => {
  const top = query.get("$top") ?? "100"
  const size = /^\d{1,6}$/.test(top) ? Number(top) : 0
  return size >= 1 && size <= 999
    ? size
    : unsupported(`Invalid page size specified: '${top}'. Must be between 1 and 999 inclusive.`)
}

/** Opaque, and another one each time, as Graph's are. */
const skipToken = (tenant: FakeTenant, position: number): string =>
  Buffer.from(`${tenant.entraTenantId}|${position}|${randomUUID()}`).toString("base64url")

const positionOf = (query: URLSearchParams, tenant: FakeTenant): number | FakeReply => {
  const token = query.get("$skiptoken")
  if (token === null) return 0
  const [owner, position = ""] = Buffer.from(token, "base64url").toString().split("|")
  return owner === tenant.entraTenantId && /^\d+$/.test(position)
    ? Number(position)
    : errorReply(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and is no longer usable."
      )
}

const linkTo = (request: FakeRequest, tenant: FakeTenant, position: number): string => {
  const kept = [...request.url.searchParams].filter(([name]) => name !== "$skiptoken")
  const query = [...kept, ["$skiptoken", skipToken(tenant, position)]].map(([name, value]) => `${name}=${value}`)
  return `${request.url.origin}${request.url.pathname}?${query.join("&")}`
}

const nextOf = (
  request: FakeRequest,
  tenant: FakeTenant,
  position: number | undefined,
  fault: Fault | undefined
): string | undefined => {
  if (fault?._tag === "NextLink") return fault.link
  if (fault?._tag === "NextLinkCycle") return request.url.href
  return position === undefined ? undefined : linkTo(request, tenant, position)
}

/**
 * `GET /v1.0/groups`.
 *
 * @param request the request
 * @param tenant whose groups
 * @param fault one that concerns pages, if any strikes
 * @see https://learn.microsoft.com/graph/api/group-list
 */
export const list = (request: FakeRequest, tenant: FakeTenant, fault: Fault | undefined): FakeReply => {
  const query = request.url.searchParams
  const foreign = [...query.keys()].find((name) => !supported.has(name))
  if (foreign !== undefined) return unsupported(`Unsupported Query: '${foreign}'.`)
  const counted = query.get("$count") === "true"
  if (counted && request.headers["consistencylevel"] !== "eventual") {
    return unsupported("$count is only supported with the header 'ConsistencyLevel: eventual'.")
  }
  const select = selectOf(query)
  if ("status" in select) return select
  const size = sizeOf(query)
  if (typeof size !== "number") return size
  const start = positionOf(query, tenant)
  if (typeof start !== "number") return start
  const page = tenant.directory.page(start, fault?._tag === "EmptyPage" ? 0 : size, select)
  const next = nextOf(request, tenant, page.next, fault)
  const count = counted && !query.has("$skiptoken") ? `"@odata.count":${tenant.directory.size},` : ""
  const link = next === undefined ? "" : `"@odata.nextLink":${JSON.stringify(next)},`
  const context = `"@odata.context":"${request.url.origin}/v1.0/$metadata#groups",`
  return jsonReply(200, `{${context}${count}${link}"value":[${page.items.join(",")}]}`)
}

/** `GET /v1.0/groups/$count`: text, and only with `ConsistencyLevel: eventual`. */
export const count = (request: FakeRequest, tenant: FakeTenant): FakeReply =>
  request.headers["consistencylevel"] === "eventual"
    ? { ...jsonReply(200, String(tenant.directory.size)), headers: { "content-type": "text/plain" } }
    : errorReply(400, "Request_BadRequest", "$count is not currently supported.")

/**
 * `GET /v1.0/groups/{id}`.
 *
 * @param request the request
 * @param tenant whose group
 * @param id from the path, decoded
 */
export const get = (request: FakeRequest, tenant: FakeTenant, id: string): FakeReply => {
  const select = selectOf(request.url.searchParams)
  if ("status" in select) return select
  const group = tenant.directory.get(id)
  return group === undefined
    ? errorReply(404, "Request_ResourceNotFound", `Resource '${id}' does not exist.`)
    : jsonReply(200, serialise(group, select))
}
