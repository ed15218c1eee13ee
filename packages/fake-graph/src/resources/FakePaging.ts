import type { FakeCall } from "./FakeCall.ts"
import { uuidFrom } from "../FakeRandom.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"

/** A query that an endpoint does not support. */
export const unsupported = (message: string): FakeReply => errorReply(400, "Request_UnsupportedQuery", message)

/** A request that is wrong by itself. */
export const badRequest = (message: string): FakeReply => errorReply(400, "BadRequest", message)

/** Whether something is an answer already. */
export const isReply = (value: unknown): value is FakeReply =>
  typeof value === "object" && value !== null && "status" in value && "delivery" in value

/**
 * Seals what a link has to remember: opaque, and another text each time, as Graph's are.
 *
 * @param call whose tenant it is for
 * @param parts what to remember, without `|`
 */
export const seal = ({ random, tenant }: FakeCall, ...parts: ReadonlyArray<string | number>): string =>
  Buffer.from([tenant.entraTenantId, ...parts, uuidFrom(random)].join("|")).toString("base64url")

/**
 * Opens what `seal` made for the same tenant.
 *
 * @returns its parts, or undefined for anything else
 */
export const open = ({ tenant }: FakeCall, token: string): ReadonlyArray<string> | undefined => {
  const [owner, ...parts] = Buffer.from(token, "base64url").toString().split("|")
  return owner === tenant.entraTenantId ? parts.slice(0, -1) : undefined
}

/**
 * Where a page begins.
 *
 * @returns a position, or the refusal of a token that is not ours
 */
export const positionOf = (call: FakeCall): number | FakeReply => {
  const token = call.request.url.searchParams.get("$skiptoken")
  if (token === null) return 0
  const [position = ""] = open(call, token) ?? []
  return /^\d+$/.test(position)
    ? Number(position)
    : errorReply(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and is no longer usable."
      )
}

/**
 * How many items a page holds.
 *
 * @param call decides by `$top`
 * @param limits what an endpoint gives without `$top`, and at most
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

/** One page, ready to be sent but for its links. */
export interface Page {
  /** Serialised. */
  readonly items: ReadonlyArray<string>
  /** The position of the page after it. */
  readonly next: number | undefined
  readonly count: number | undefined
  /** What comes after `$metadata#`. */
  readonly context: string
}

/** The next link of a page: the right one, or what a fault makes of it. */
export const nextLink = (call: FakeCall, right: string | undefined): string | undefined => {
  if (call.fault?._tag === "NextLink") return call.fault.link
  return call.fault?._tag === "NextLinkCycle" ? call.request.url.href : right
}

/**
 * A page as Graph writes it.
 *
 * @param call may have a fault that concerns links or items
 * @param page what is on it
 */
export const pageReply = (call: FakeCall, { context, count, items, next }: Page): FakeReply => {
  const right = next === undefined ? undefined : linkWith(call, "$skiptoken", seal(call, next))
  return collectionReply(call, { context, count, items, links: { "@odata.nextLink": nextLink(call, right) } })
}

/** A collection with whatever links. */
export const collectionReply = (
  { fault, request }: FakeCall,
  {
    context,
    count,
    items,
    links
  }: Omit<Page, "next"> & { readonly links: Readonly<Record<string, string | undefined>> }
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
