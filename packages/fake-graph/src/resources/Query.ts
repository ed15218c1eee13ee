/**
 * The query options of a request for a collection's objects, decoded and held against the type of the objects.
 *
 * @module
 */
import type { ChildAnswer, FakeResource } from "../tenant/ResourceRules.ts"
import { type FakeVersion, findMember, isOfType } from "../metadata/TypeModel.ts"
import type { FakeReply } from "../FakeRequest.ts"
import { isReply, unsupported } from "./FakePaging.ts"
import { because, noMember, queryRefusal, unreported } from "./Refusals.ts"
import { type JsonObject, typeOf } from "./Shape.ts"

/** A child collection that a request expands. */
export interface Expansion {
  readonly name: string
  /** What is expanded inside each child. */
  readonly inside: ReadonlyArray<string>
}

/** What a request asks of each object. */
export interface CollectionQuery {
  readonly select: ReadonlyArray<string> | undefined
  readonly expand: ReadonlyArray<Expansion>
  readonly matches: (item: JsonObject) => boolean
}

const paging = ["$top", "$skiptoken"]
const shaping = ["$select", "$expand"]
const listing = [...shaping, ...paging, "$filter", "$orderby"]

const optionRefusal = (parameters: URLSearchParams, known: ReadonlyArray<string>): FakeReply | undefined => {
  const foreign = [...parameters.keys()].find((name) => !known.includes(name))
  return foreign === undefined
    ? undefined
    : because(unsupported(`Unsupported Query: '${foreign}'.`), unreported(`the query option ${foreign} here`))
}

/** The refusal of a query for a child collection, which knows pages only. */
export const childQueryRefusal = (parameters: URLSearchParams): FakeReply | undefined =>
  optionRefusal(parameters, paging)

/** Splits a text at a separator, but not within quotes or parentheses. */
const split = (text: string, separator: string): ReadonlyArray<string> => {
  const parts = [""]
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ""
    if (character === "'") quoted = !quoted
    if (!quoted) depth += character === "(" ? 1 : character === ")" ? -1 : 0
    if (!quoted && depth === 0 && text.startsWith(separator, at)) {
      parts.push("")
      at += separator.length - 1
    } else parts[parts.length - 1] += character
  }
  return parts.map((part) => part.trim()).filter(Boolean)
}

interface Asked {
  readonly resource: FakeResource
  readonly version: FakeVersion
  readonly isList: boolean
}

const memberOrRefusal = ({ resource: { type }, version }: Asked, name: string): FakeReply | undefined =>
  findMember(type, name, version) === undefined ? noMember(name, type) : undefined

const insideOf = (text: string): ReadonlyArray<string> | undefined => {
  if (text === "") return []
  const nested = /^\(\$expand=([\w,]+)\)$/.exec(text)?.[1]
  return nested === undefined ? undefined : split(nested, ",")
}

const expansionOf = (asked: Asked, text: string): Expansion | FakeReply => {
  const [, name = text, options = ""] = /^(\w+)(\(.*\))?$/.exec(text) ?? []
  const refused = memberOrRefusal(asked, name)
  if (refused !== undefined) return refused
  const child = asked.resource.children[name]
  const way: ChildAnswer = child === undefined ? "refused" : asked.isList ? child.inList : child.onOne
  const inside = insideOf(options)
  const isKnown = way !== "refused" && inside !== undefined && inside.every((each) => each === child?.inside)
  return isKnown
    ? { name, inside }
    : queryRefusal("The request is invalid: the expansion is not supported.", unreported(`$expand=${text} here`))
}

const literal = (text: string): unknown =>
  text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : JSON.parse(text)

const valueAt = (item: JsonObject, path: ReadonlyArray<string>): unknown => {
  let value: unknown = item
  for (const name of path) value = (value as JsonObject | null | undefined)?.[name]
  return value ?? null
}

/** One comparison. `eq` and `isof` are all that tools in use send. */
const comparisonOf = (asked: Asked, text: string): CollectionQuery["matches"] | FakeReply => {
  const { type } = asked.resource
  const kind = /^isof\('microsoft\.graph\.(\w+)'\)$/.exec(text)?.[1]
  if (kind !== undefined) return (item) => isOfType(typeOf(item, type), kind)
  const [, path = "", wanted] = /^(\w+(?:\/\w+)*) eq ('(?:[^']|'')*'|true|false|null|-?\d+)$/.exec(text) ?? []
  if (wanted === undefined) return queryRefusal("Invalid filter clause.", unreported(`$filter=${text} here`))
  const names = path.split("/")
  const [first = ""] = names
  if (findMember(type, first, asked.version) === undefined) {
    return queryRefusal(
      `Invalid filter clause: Could not find a property named '${first}' on type 'microsoft.graph.${type}'.`
    )
  }
  return (item) => valueAt(item, names) === literal(wanted)
}

const filterOf = (asked: Asked, text: string | null): CollectionQuery["matches"] | FakeReply => {
  const { filter } = asked.resource
  if (text === null || filter === "ignored") return () => true
  if (filter === "refused") return queryRefusal("Invalid filter clause.", "Intune refuses any $filter here.")
  const any: Array<ReadonlyArray<CollectionQuery["matches"]>> = []
  for (const alternative of split(text, " or ")) {
    const all = split(alternative, " and ").map((each) => comparisonOf(asked, each))
    const refused = all.find(isReply)
    if (refused !== undefined) return refused
    any.push(all as ReadonlyArray<CollectionQuery["matches"]>)
  }
  return (item) => any.some((all) => all.every((matches) => matches(item)))
}

const orderRefusal = (asked: Asked, text: string | null): FakeReply | undefined => {
  if (text === null) return undefined
  const [name = ""] = text.split(/[ ,]/)
  return (
    memberOrRefusal(asked, name) ?? because(unsupported("Unsupported Query: '$orderby'."), unreported("$orderby here"))
  )
}

/** Decodes the query of a request, or refuses it as Graph does. */
export const askedQuery = (parameters: URLSearchParams, asked: Asked): CollectionQuery | FakeReply => {
  const foreign = optionRefusal(parameters, asked.isList ? listing : shaping)
  if (foreign !== undefined) return foreign
  const select = parameters.get("$select")?.split(",").filter(Boolean)
  const order = orderRefusal(asked, parameters.get("$orderby"))
  const refused = order ?? select?.map((name) => memberOrRefusal(asked, name)).find(isReply)
  if (refused !== undefined) return refused
  const expansions = split(parameters.get("$expand") ?? "", ",").map((text) => expansionOf(asked, text))
  const matches = filterOf(asked, parameters.get("$filter"))
  const wrong = expansions.find(isReply)
  if (wrong !== undefined) return wrong
  return isReply(matches) ? matches : { select, expand: expansions as ReadonlyArray<Expansion>, matches }
}
