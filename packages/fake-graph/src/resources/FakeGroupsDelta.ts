/**
 * The history of groups: first rounds, later rounds, and the tokens between them.
 *
 * @module
 */
import type { FakeCall } from "./FakeCall.ts"
import type { FakeChange } from "../tenant/FakeDirectory.ts"
import type { FakeGroup } from "../tenant/FakeGroups.ts"
import { selectOf } from "./FakeGroupsApi.ts"
import { collectionReply, isReply, linkWith, nextLink, openToken, sealToken, unsupported } from "./FakePaging.ts"
import type { Random } from "../FakeRandom.ts"
import { errorReply, type FakeReply } from "../FakeRequest.ts"

type Properties = ReadonlyArray<keyof FakeGroup>

/** Where a round is. `position` counts groups in the first round, and changes in a later one. */
interface Place {
  readonly kind: "first" | "later"
  readonly position: number
  /** The number of changes before the round. */
  readonly from: number
  /** The number of changes at its end, where the next round begins. */
  readonly to: number
}

const refused: ReadonlySet<string> = new Set(["$expand", "$top", "$orderby", "$count", "$search"])

/**
 * The answer to a token of a history that the provider has forgotten.
 *
 * @see https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset
 */
const forgotten = (call: FakeCall): FakeReply => {
  const reply = errorReply(410, "Gone", "The specified token is no longer valid. Start a new synchronization.")
  return { ...reply, headers: { ...reply.headers, location: linkWith(call, "$deltatoken", "") } }
}

/** What people report of links that Graph itself gave (microsoft-graph-docs 1000, 4052). */
const linkRefusals: Readonly<Record<400 | 404, FakeReply>> = {
  400: errorReply(400, "BadRequest", "Badly formed token."),
  404: errorReply(404, "UnknownError", "")
}

/** Whether a request follows a delta link. */
const followsLink = ({ request }: FakeCall): boolean =>
  [...request.url.searchParams].some(
    ([name, value]) => name.toLowerCase() === "$deltatoken" && value !== "" && value !== "latest"
  )

const placeOf = (call: FakeCall): Place | FakeReply => {
  const { delta, now, request, tenant } = call
  const query = new Map([...request.url.searchParams].map(([name, value]) => [name.toLowerCase(), value]))
  const token = query.get("$skiptoken") ?? query.get("$deltatoken") ?? ""
  const { changeCount } = tenant.directory
  if (token === "") return { kind: "first", position: 0, from: changeCount, to: changeCount }
  if (token === "latest") return { kind: "later", position: 0, from: changeCount, to: changeCount }
  const [kind, position, from, to, issued] = openToken(call, token) ?? []
  if (kind !== "first" && kind !== "later") return errorReply(400, "SyncStateNotFound", "The sync state is not known.")
  if (now - Number(issued) >= delta.tokenLifetimeMillis) return forgotten(call)
  // A delta link begins a round with everything that has happened until now.
  const end = query.has("$deltatoken") ? changeCount : Number(to)
  return { kind, position: Number(position), from: Number(from), to: end }
}

const removed = (id: string, reason: "changed" | "deleted") => JSON.stringify({ id, "@removed": { reason } })

/** Leaves out what was never set, as Graph does. */
const present = (group: FakeGroup, names: Properties, always: ReadonlySet<keyof FakeGroup>): string =>
  JSON.stringify(
    Object.fromEntries(
      names.flatMap((name) => (group[name] === null && !always.has(name) ? [] : [[name, group[name]] as const]))
    )
  )

const changeOf = (call: FakeCall, select: Properties, { id, what }: FakeChange): string | undefined => {
  const group = call.tenant.directory.get(id)
  if (typeof what === "string") return removed(id, what)
  if (group === undefined) return undefined
  const minimal = /return=minimal/i.test(call.request.headers["prefer"] ?? "")
  const names: Properties = minimal ? select.filter((name) => name === "id" || what.has(name)) : select
  return present(group, names, what)
}

/** Does to a page what Graph may do and a client must bear. */
const irregular = (items: ReadonlyArray<string>, random: Random): ReadonlyArray<string> => {
  const doubled = items.flatMap((item) => (random() < 0.1 ? [item, item] : [item]))
  return doubled
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

interface Part {
  readonly items: ReadonlyArray<string>
  readonly next: number | undefined
}

/** Without `$select`, members are included, as Graph does; a large group then repeats over many pages. */
const withMembers = ({ request }: FakeCall, item: string): string =>
  request.url.searchParams.has("$select")
    ? item
    : `${item.slice(0, -1)},"members@delta":[{"@odata.type":"#microsoft.graph.user","id":"00000000-0000-4000-8000-000000000001"}]}`

const firstRound = (call: FakeCall, select: Properties, position: number, size: number): Part => {
  const { delta, random, tenant } = call
  const { directory } = tenant
  const { items, next } = directory.page(position, size, select)
  const groups = items.map((item) => {
    const group = JSON.parse(item) as FakeGroup
    return withMembers(call, present(group, Object.keys(group) as Array<keyof FakeGroup>, new Set()))
  })
  const gone = delta.irregular && position === 0 && size > 0 ? directory.binned.map((id) => removed(id, "changed")) : []
  return { items: delta.irregular ? irregular([...groups, ...gone], random) : groups, next }
}

const laterRound = (call: FakeCall, select: Properties, { from, position, to }: Place, size: number): Part => {
  const changes = call.tenant.directory.changes(from, to)
  const part = changes.slice(position, position + size).flatMap((change) => changeOf(call, select, change) ?? [])
  const next = position + size < changes.length ? position + size : undefined
  return { items: call.delta.irregular ? irregular(part, call.random) : part, next }
}

/**
 * `GET /groups/delta`.
 *
 * @see https://learn.microsoft.com/graph/api/group-delta
 */
export const delta = (call: FakeCall): FakeReply => {
  const { fault, random, request } = call
  if (fault?._tag === "DeltaGone") return forgotten(call)
  if (fault?._tag === "DeltaSyncStateNotFound") return errorReply(400, fault.code, "The sync state is not found.")
  if (fault?._tag === "DeltaLinkRefused" && followsLink(call)) return linkRefusals[fault.status]
  const foreign = [...request.url.searchParams.keys()].find((name) => refused.has(name.toLowerCase()))
  if (foreign !== undefined) return unsupported(`The query option '${foreign}' is not supported with delta.`)
  const select = selectOf(call)
  if (isReply(select)) return select
  const place = placeOf(call)
  if (isReply(place)) return place
  const names: Properties = [...new Set<keyof FakeGroup>(["id", ...select])]
  const skipped = fault?._tag === "EmptyPage" || (call.delta.irregular && random() < 0.15)
  const size = skipped ? 0 : call.delta.pageSize
  const part =
    place.kind === "first" ? firstRound(call, names, place.position, size) : laterRound(call, names, place, size)
  // The token differs, since an empty page that leads to itself would count as read before.
  const next = skipped ? place.position : part.next
  const links = linksOf(call, place, next)
  return collectionReply(call, { items: part.items, count: undefined, context: "groups", links })
}

const linksOf = (call: FakeCall, place: Place, next: number | undefined): Record<string, string | undefined> => {
  const bare: FakeCall = { ...call, request: { ...call.request, url: withoutTokens(call.request.url) } }
  if (next === undefined) {
    const token = sealToken(call, "later", 0, place.to, place.to, call.now)
    const spoilt = nextLink(call, undefined)
    return spoilt === undefined
      ? { "@odata.deltaLink": linkWith(bare, "$deltatoken", token) }
      : { "@odata.nextLink": spoilt }
  }
  const token = sealToken(call, place.kind, next, place.from, place.to, call.now)
  return { "@odata.nextLink": nextLink(call, linkWith(bare, "$skiptoken", token)) }
}

const withoutTokens = (url: URL): URL => {
  const bare = new URL(url)
  for (const name of url.searchParams.keys()) {
    if (/^\$(skip|delta)token$/i.test(name)) bare.searchParams.delete(name)
  }
  return bare
}
