/**
 * Pages, their links, and the tokens in them.
 *
 * @module
 */
import type { FakeCall } from "./FakeCall.ts"
import { uuidFrom } from "../FakeRandom.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"

/** The refusal of a query that an endpoint does not support. */
export const unsupported = (message: string): FakeReply => errorReply(400, "Request_UnsupportedQuery", message)

/** The refusal of a request that is wrong in itself. */
export const badRequest = (message: string): FakeReply => errorReply(400, "BadRequest", message)

/** Whether something is already an answer. */
export const isReply = (value: unknown): value is FakeReply =>
  typeof value === "object" && value !== null && "status" in value && "delivery" in value

/** Makes a token of what a link must remember: opaque, and another text each time, as Graph's are. No part may hold `|`. */
export const sealToken = ({ random, tenant }: FakeCall, ...parts: ReadonlyArray<string | number>): string =>
  Buffer.from([tenant.entraTenantId, ...parts, uuidFrom(random)].join("|")).toString("base64url")

/** The parts of a token that `sealToken` made for the same tenant; undefined for anything else. */
export const openToken = ({ tenant }: FakeCall, token: string): ReadonlyArray<string> | undefined => {
  const [owner, ...parts] = Buffer.from(token, "base64url").toString().split("|")
  return owner === tenant.entraTenantId ? parts.slice(0, -1) : undefined
}

/** Where a page begins, or the refusal of a token that `sealToken` did not make. */
export const positionOf = (call: FakeCall): number | FakeReply => {
  const token = call.request.url.searchParams.get("$skiptoken")
  if (token === null) return 0
  const [position = ""] = openToken(call, token) ?? []
  return /^\d+$/.test(position)
    ? Number(position)
    : errorReply(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and is no longer usable."
      )
}

/**
 * How many items a page holds, by `$top`; a refusal if that is out of range.
 *
 * @param limits the size without `$top`, and the largest
 */
export const sizeOf = (
  { request }: FakeCall,
  limits: { readonly standard: number; readonly most: number }
): number | FakeReply => {
  const top = request.url.searchParams.get("$top")
  if (top === null) return limits.standard
  const size = /^\d{1,6}$/.test(top) ? Number(top) : 0
  return size >= 1 && size <= limits.most
    ? size
    : unsupported(`Invalid page size specified: '${top}'. Must be between 1 and ${limits.most} inclusive.`)
}

/** The request's own address with one parameter replaced. */
export const linkWith = ({ request }: FakeCall, name: string, value: string): string => {
  const kept = [...request.url.searchParams].filter(([key]) => key !== name)
  const query = [...kept, [name, value]].map(([key, text]) => `${key}=${text}`)
  return `${request.url.origin}${request.url.pathname}?${query.join("&")}`
}

/** One page, ready to be sent except for its links. */
export interface PageContent {
  /** The serialised items. */
  readonly items: ReadonlyArray<string>
  /** The position of the next page. */
  readonly next: number | undefined
  readonly count: number | undefined
  /** What comes after `$metadata#`. */
  readonly context: string
}

/** The next link of a page: the right one, or the one that a fault makes of it. */
export const nextLink = (call: FakeCall, right: string | undefined): string | undefined => {
  if (call.fault?._tag === "NextLink") return call.fault.link
  return call.fault?._tag === "NextLinkCycle" ? call.request.url.href : right
}

/** A page as Graph writes it, with the call's fault applied. */
export const pageReply = (call: FakeCall, { context, count, items, next }: PageContent): FakeReply => {
  const right = next === undefined ? undefined : linkWith(call, "$skiptoken", sealToken(call, next))
  return collectionReply(call, { context, count, items, links: { "@odata.nextLink": nextLink(call, right) } })
}

/** A collection with any links. */
export const collectionReply = (
  { fault, request }: FakeCall,
  {
    context,
    count,
    items,
    links
  }: Omit<PageContent, "next"> & { readonly links: Readonly<Record<string, string | undefined>> }
): FakeReply => {
  const shown = fault?._tag === "Duplicates" ? [...items, ...items.slice(-2)] : items
  const version = request.url.pathname.split("/")[1] ?? ""
  const head = JSON.stringify({
    "@odata.context": `${request.url.origin}/${version}/$metadata#${context}`,
    ...(count === undefined ? {} : { "@odata.count": count }),
    ...links
  }).slice(0, -1)
  return jsonReply(200, `${head},"value":[${shown.join(",")}]}`)
}
