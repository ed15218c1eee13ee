/**
 * Reading the objects of a collection other than groups, by the rules of its `FakeResource`.
 *
 * @module
 */
import { Struct } from "effect"
import { type FakeVersion, findMember, isOfType } from "../metadata/TypeModel.ts"
import type { FakeCollection, FakeItem } from "../tenant/FakeCollection.ts"
import type { FakeChildren, FakeResource } from "../tenant/ResourceRules.ts"
import type { FakeCall } from "./FakeCall.ts"
import { isReply, pageReply, positionOf, sizeOf, unsupported } from "./FakePaging.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"
import { childQueryRefusal, type Expansion, type CollectionQuery, askedQuery } from "./Query.ts"
import { isJsonObject, type JsonObject, shownItem, typeOf, type View } from "./Shape.ts"

/** A request to one resource, with the tenant's objects of that resource. */
export interface FakeResourceCall extends FakeCall {
  readonly resource: FakeResource
  readonly items: FakeCollection
}

/** The answer to an id that the collection does not have, or that the version does not show. */
export const notFound = (id: string): FakeReply =>
  errorReply(404, "ResourceNotFound", `Resource '${id}' does not exist.`)

/** The version that a request asks. */
export const versionOf = ({ request }: FakeCall): FakeVersion =>
  request.url.pathname.split("/")[1] === "beta" ? "beta" : "v1.0"

const viewOf = (call: FakeCall): View => ({
  version: versionOf(call),
  full: /odata\.metadata=full/i.test(call.request.headers["accept"] ?? "")
})

/** The object with an id, if it is of the resource's type: a collection may be home of others. */
export const find = ({ items, resource: { home, type } }: FakeResourceCall, id: string): FakeItem | undefined => {
  const item = items.get(id)
  return item === undefined || home === undefined || isOfType(typeOf(item, type), type) ? item : undefined
}

/** An object as the call's version has it; undefined if it does not. */
const viewed = (call: FakeResourceCall, id: string): JsonObject | undefined => {
  const item = find(call, id)
  const isHidden = call.items.isHidden(id) && versionOf(call) === "v1.0"
  return item === undefined || isHidden ? undefined : shownItem(item, call.resource, viewOf(call))
}

const insideOnly = (children: unknown, child: FakeChildren, inside: ReadonlyArray<string>): unknown =>
  child.inside === undefined || inside.includes(child.inside) || !Array.isArray(children)
    ? children
    : children.map((each) => (isJsonObject(each) ? Struct.omit(each, [child.inside as string]) : each))

const expanded = (call: FakeResourceCall, item: JsonObject, { inside, name }: Expansion, isList: boolean): unknown => {
  const child = call.resource.children[name] as FakeChildren
  const way = isList ? child.inList : child.onOne
  const never = child.neverExpandedOn.includes(typeOf(item, call.resource.type))
  return way === "empty" || never ? [] : insideOnly(item[name] ?? [], child, inside)
}

const without = (names: ReadonlyArray<string>) => (name: string) => !names.includes(name)

/** Navigations are told only if they are expanded. */
const propertiesOf = (call: FakeResourceCall, item: JsonObject): ReadonlyArray<readonly [string, unknown]> => {
  const { type } = call.resource
  const version = versionOf(call)
  const isNavigation = (name: string) => findMember(typeOf(item, type), name, version)?.isNavigation ?? false
  return Object.entries(item).filter(([name]) => !isNavigation(name.replace(/@.*$/, "")))
}

/** An object as it is sent. */
const told = (
  call: FakeResourceCall,
  item: JsonObject,
  query: Pick<CollectionQuery, "expand" | "select">,
  isList: boolean
): string => {
  const { items, resource } = call
  const { expand, select } = query
  const isTold = select === undefined ? without(resource.onlySelected) : (name: string) => select.includes(name)
  const isListed = isList && select === undefined ? without(resource.notInLists) : () => true
  const properties = propertiesOf(call, item)
    .filter(([name]) => name === "@odata.type" || (isTold(name.replace(/@.*$/, "")) && isListed(name)))
    .map(([name, value]) => [name, isList && resource.nullInLists.includes(name) ? null : value] as const)
  const children = expand.map((each) => [each.name, expanded(call, item, each, isList)] as const)
  const etag = resource.etag ? { "@odata.etag": items.etag(String(item["id"])) } : {}
  return JSON.stringify({ ...etag, ...Object.fromEntries([...properties, ...children]) })
}

/** An object as the answer to a write has it. */
export const toldAfterWrite = (call: FakeResourceCall, item: FakeItem): string =>
  told(call, viewed(call, item.id) ?? item, { expand: [], select: undefined }, false)

const queryIn = (call: FakeResourceCall, isList: boolean): CollectionQuery | FakeReply =>
  askedQuery(call.request.url.searchParams, { resource: call.resource, version: versionOf(call), isList })

/** `GET` of the collection. */
export const list = (call: FakeResourceCall): FakeReply => {
  const { fault, items, request, resource } = call
  const query = queryIn(call, true)
  if (isReply(query)) return query
  const { most, standard } = resource.pageSize
  if (most === standard && request.url.searchParams.has("$top")) return unsupported("'$top' is not supported here.")
  const size = sizeOf(call, resource.pageSize)
  if (isReply(size)) return size
  const start = positionOf(call)
  if (isReply(start)) return start
  const page = items.page(start, fault?._tag === "EmptyPage" ? 0 : size, (item) => {
    const seen = viewed(call, item.id)
    return seen !== undefined && query.matches(item) ? told(call, seen, query, true) : undefined
  })
  return pageReply(call, { items: page.items, next: page.next, count: undefined, context: resource.path })
}

/** `GET` of one object. */
export const get = (call: FakeResourceCall, id: string): FakeReply => {
  const query = queryIn(call, false)
  if (isReply(query)) return query
  const seen = viewed(call, id)
  return seen === undefined ? notFound(id) : jsonReply(200, told(call, seen, query, false))
}

/** `GET` of a child collection of one object. */
export const children = (call: FakeResourceCall, id: string, name: string): FakeReply => {
  const seen = viewed(call, id)
  if (seen === undefined) return notFound(id)
  const refused = childQueryRefusal(call.request.url.searchParams)
  if (refused !== undefined) return refused
  const start = positionOf(call)
  if (isReply(start)) return start
  const all = Array.isArray(seen[name]) ? (seen[name] as ReadonlyArray<unknown>) : []
  const { pageSize } = call.resource.children[name] as FakeChildren
  const size = call.fault?._tag === "EmptyPage" ? 0 : pageSize
  const next = start + size < all.length ? start + size : undefined
  const part = all.slice(start, start + size).map((child) => JSON.stringify(child))
  return pageReply(call, { items: part, next, count: undefined, context: `${call.resource.path}('${id}')/${name}` })
}
