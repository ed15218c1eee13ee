/**
 * Reading and writing the objects of a collection other than groups, by the rules of its `FakeResource`.
 *
 * @module
 */
import { Option, Predicate, Schema } from "effect"
import type { FakeCall } from "./FakeCall.ts"
import { FakeCollection, type FakeItem } from "../tenant/FakeCollection.ts"
import { badRequest, isReply, pageReply, positionOf, sizeOf, unsupported } from "./FakePaging.ts"
import { uuidFrom } from "../FakeRandom.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"
import { type FakeChildren, type FakeResource, settingsPageSize } from "../tenant/FakeResources.ts"

const supported: ReadonlySet<string> = new Set(["$select", "$expand", "$top", "$skiptoken"])
const decodeObject = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

const notFound = (id: string) => errorReply(404, "ResourceNotFound", `Resource '${id}' does not exist.`)

/** A request to one resource, with the tenant's objects of that resource. */
export interface FakeResourceCall extends FakeCall {
  readonly resource: FakeResource
  readonly items: FakeCollection
}

const versionOf = ({ request }: FakeCall): string => request.url.pathname.split("/")[1] ?? ""

const listIn = (query: URLSearchParams, name: string): ReadonlyArray<string> | undefined =>
  query.get(name)?.split(",").filter(Boolean)

interface Shape {
  readonly select: ReadonlyArray<string> | undefined
  readonly expand: ReadonlyArray<string>
}

/** The properties that a request asks for; a refusal if one does not exist. */
const shapeOf = (call: FakeResourceCall): Shape | FakeReply => {
  const { items, request, resource } = call
  const query = request.url.searchParams
  const foreign = [...query.keys()].find((name) => !supported.has(name))
  if (foreign !== undefined) return unsupported(`Unsupported Query: '${foreign}'.`)
  const select = listIn(query, "$select")
  const isUnknown = (name: string) =>
    (resource.betaOnly.has(name) && versionOf(call) !== "beta") ||
    (items.size > 0 && !items.all().some((item) => name in item))
  const unknown = select?.find(isUnknown)
  if (unknown !== undefined) {
    return badRequest(`Parsing OData Select and Expand failed: Could not find a property named '${unknown}'.`)
  }
  const expand = (listIn(query, "$expand") ?? []).map((name) => name.replace(/\(.*$/, ""))
  const stranger = expand.find((name) => !(resource.children as ReadonlyArray<string>).includes(name))
  return stranger === undefined
    ? { select, expand }
    : badRequest(`Parsing OData Select and Expand failed: Could not find a property named '${stranger}'.`)
}

/** An object as it is sent: children only if they are expanded, beta's own properties only in beta. */
const shown = (call: FakeResourceCall, item: FakeItem, { expand, select }: Shape): string => {
  const { items, resource } = call
  const hidden = new Set<string>(resource.children.filter((name) => !expand.includes(name)))
  const isShown = (name: string) =>
    !hidden.has(name) &&
    (versionOf(call) === "beta" || !resource.betaOnly.has(name)) &&
    (select === undefined || name === "@odata.type" || select.includes(name) || expand.includes(name))
  const properties = Object.entries(item).filter(([name]) => isShown(name))
  const empty = expand.filter((name) => !(name in item)).map((name) => [name, []])
  const etag = resource.etag ? { "@odata.etag": items.etag(item.id) } : {}
  return JSON.stringify({ ...etag, ...Object.fromEntries([...properties, ...empty]) })
}

/** `GET` of the collection. */
export const list = (call: FakeResourceCall): FakeReply => {
  const { fault, items, request, resource } = call
  const shape = shapeOf(call)
  if (isReply(shape)) return shape
  const { most, standard } = resource.pageSize
  if (most === standard && request.url.searchParams.has("$top")) return unsupported("'$top' is not supported here.")
  const size = sizeOf(call, resource.pageSize)
  if (isReply(size)) return size
  const start = positionOf(call)
  if (isReply(start)) return start
  const page = items.page(start, fault?._tag === "EmptyPage" ? 0 : size)
  const shapes = page.items.map((item) => shown(call, item, shape))
  return pageReply(call, { items: shapes, next: page.next, count: undefined, context: resource.path })
}

/** `GET` of one object. */
export const get = (call: FakeResourceCall, id: string): FakeReply => {
  const shape = shapeOf(call)
  if (isReply(shape)) return shape
  const item = call.items.get(id)
  return item === undefined ? notFound(id) : jsonReply(200, shown(call, item, shape))
}

/** `GET` of the settings or assignments of one object. */
export const children = (call: FakeResourceCall, id: string, name: FakeChildren): FakeReply => {
  const item = call.items.get(id)
  if (item === undefined) return notFound(id)
  const start = positionOf(call)
  if (isReply(start)) return start
  const all = Array.isArray(item[name]) ? (item[name] as ReadonlyArray<unknown>) : []
  const size = call.fault?._tag === "EmptyPage" ? 0 : settingsPageSize
  const next = start + size < all.length ? start + size : undefined
  const part = all.slice(start, start + size).map((child) => JSON.stringify(child))
  return pageReply(call, { items: part, next, count: undefined, context: `${call.resource.path}('${id}')/${name}` })
}

const bodyOf = ({ request }: FakeCall) =>
  Option.getOrElse(decodeObject(request.body), () => badRequest("The request body must be a JSON object."))

/** `POST` to the collection: adds an object. */
export const create = (call: FakeResourceCall): FakeReply => {
  const body = bodyOf(call)
  if (isReply(body)) return body
  const item: FakeItem = { ...body, id: uuidFrom(call.random) }
  call.items.put(item)
  return jsonReply(201, shown(call, item, { select: undefined, expand: [] }))
}

const isStale = ({ items, request }: FakeResourceCall, id: string) => {
  const wanted = request.headers["if-match"]
  return wanted !== undefined && wanted !== "*" && wanted !== items.etag(id)
}

const outdated = errorReply(412, "PreconditionFailed", "The object was changed since the given etag.")

/** `PATCH` of one object: replaces the given properties. */
export const update = (call: FakeResourceCall, id: string): FakeReply => {
  const item = call.items.get(id)
  if (item === undefined) return notFound(id)
  if (isStale(call, id)) return outdated
  const body = bodyOf(call)
  if (isReply(body)) return body
  const changed: FakeItem = { ...item, ...body, id }
  call.items.put(changed)
  return jsonReply(200, shown(call, changed, { select: undefined, expand: [] }))
}

/** `DELETE` of one object. Enrollment's defaults, which have priority 0, cannot be deleted. */
export const remove = (call: FakeResourceCall, id: string): FakeReply => {
  const item = call.items.get(id)
  if (item === undefined) return notFound(id)
  if (isStale(call, id)) return outdated
  if (call.resource.path.endsWith("/deviceEnrollmentConfigurations") && item["priority"] === 0) {
    return badRequest("The default configuration cannot be deleted.")
  }
  call.items.remove(id)
  return jsonReply(204, "")
}

/** The first list in a body, whatever Graph calls it. */
const listOf = (body: Readonly<Record<string, unknown>>): ReadonlyArray<object> | undefined => {
  const wanted = Object.values(body).find(Array.isArray)
  return wanted?.every(Predicate.isObject) ? wanted : undefined
}

/** `POST {id}/assign`: replaces the assignments of one object. */
export const assign = (call: FakeResourceCall, id: string): FakeReply => {
  const item = call.items.get(id)
  if (item === undefined) return notFound(id)
  const body = bodyOf(call)
  if (isReply(body)) return body
  const wanted = listOf(body)
  if (wanted === undefined) return badRequest("The assignments must be a list.")
  const assignments = wanted.map((assignment, index) => ({ id: `${id}_${index}`, ...assignment }))
  call.items.put({ ...item, assignments })
  return jsonReply(200, JSON.stringify({ value: assignments }))
}

/** `POST {id}/scheduleActionsForRules`: replaces the actions for a device that does not comply. */
export const scheduleActions = (call: FakeResourceCall, id: string): FakeReply => {
  const item = call.items.get(id)
  if (item === undefined) return notFound(id)
  const body = bodyOf(call)
  if (isReply(body)) return body
  const wanted = listOf(body)
  if (wanted === undefined) return badRequest("The rules must be a list.")
  call.items.put({ ...item, scheduledActionsForRule: wanted })
  return jsonReply(204, "")
}
