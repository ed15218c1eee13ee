/**
 * Graph's JSON batches: the rules for a batch as a whole, and the answers to its items.
 *
 * @module
 */
import { ExactJson } from "@atlas/operations"
import { Option, Result, Schema } from "effect"
import { errorReply, type FakeReply, type FakeRequest, jsonReply } from "../FakeRequest.ts"
import type { Random } from "../FakeRandom.ts"

const Item = Schema.Struct({
  id: Schema.NonEmptyString,
  method: Schema.Literals(["GET", "POST", "PATCH", "PUT", "DELETE"]),
  url: Schema.String,
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  body: Schema.optionalKey(Schema.Unknown),
  dependsOn: Schema.optionalKey(Schema.Array(Schema.String))
})
type Item = typeof Item.Type

const decodeEnvelope = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ requests: Schema.Array(Item) }), { reviver: ExactJson.reviver })
)
const parseJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown, { reviver: ExactJson.reviver }))

/** The most requests in one batch. */
const limit = 20

const lowerCased = (headers: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** The problem of one item for which the whole batch is refused. */
const itemProblem = (item: Item, before: ReadonlyArray<Item>): string | undefined => {
  if (before.some(({ id }) => id === item.id)) return `Request id : ${item.id} is not unique.`
  if (/^([a-z][\w+.-]*:|\/\/)/i.test(item.url)) return `Request id : ${item.id} has a url that is not relative.`
  if (item.body !== undefined && lowerCased(item.headers)["content-type"] === undefined) {
    return `Write request id : ${item.id} does not contain Content-Type header or body.`
  }
  return undefined
}

/** The items, each after those it depends on. Items for which there is no such order are left out. */
const inOrder = (items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const ordered = new Map<string, Item>()
  for (let size = -1; size < ordered.size;) {
    size = ordered.size
    for (const item of items) if (item.dependsOn?.every((id) => ordered.has(id)) ?? true) ordered.set(item.id, item)
  }
  return [...ordered.values()]
}

const problemOf = (items: ReadonlyArray<Item>): string | undefined => {
  if (items.length === 0) return "The batch has no requests."
  if (items.length > limit) return `Number of batch request steps exceeds the maximum value of ${limit}.`
  const problem = items
    .map((item, index) => itemProblem(item, items.slice(0, index)))
    .find((found) => found !== undefined)
  if (problem !== undefined) return problem
  return inOrder(items).length < items.length ? "A request depends on one that is not there, or on itself." : undefined
}

const envelopeOf = (body: string): Result.Result<ReadonlyArray<Item>, FakeReply> =>
  Option.match(decodeEnvelope(body), {
    onNone: () => Result.fail(errorReply(400, "BadRequest", "Invalid batch payload format.")),
    onSome: ({ requests }) => {
      const problem = problemOf(requests)
      return problem === undefined
        ? Result.succeed(inOrder(requests))
        : Result.fail(errorReply(400, "BadRequest", problem))
    }
  })

const requestOf = ({ body, headers, method, url }: Item, outer: FakeRequest): FakeRequest => {
  const version = outer.url.pathname.split("/")[1] ?? ""
  const authorization = outer.headers["authorization"]
  return {
    method,
    url: new URL(`${outer.url.origin}/${version}/${url.replace(/^\//, "")}`),
    headers: { ...(authorization === undefined ? {} : { authorization }), ...lowerCased(headers) },
    body: body === undefined ? "" : JSON.stringify(body)
  }
}

const failedDependency = errorReply(424, "FailedDependency", "A request that this one depends on failed.")

/** Shuffles answers, since clients must match them by id. */
const shuffled = <A>(items: ReadonlyArray<A>, random: Random): Array<A> =>
  items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)

/** A JSON body becomes JSON in the answer, any other body a text. */
const responseOf = (id: string, { body, headers, status }: FakeReply) => ({
  id,
  status,
  headers,
  ...(body === "" ? {} : { body: Option.getOrElse(parseJson(body), () => body) })
})

/** Whether a request is a batch. */
export const isBatch = ({ url }: FakeRequest): boolean => /^\/(v1\.0|beta)\/(\$|%24)batch$/i.test(url.pathname)

/**
 * `POST /{v1.0|beta}/$batch`: at most 20 requests, one after another, each with its own answer. A fault on the connection of
 * one item strikes the whole answer, since the items share the connection.
 *
 * @see https://learn.microsoft.com/graph/json-batching
 */
export const handle = (outer: FakeRequest, answer: (item: FakeRequest) => FakeReply, random: Random): FakeReply => {
  const envelope = envelopeOf(outer.body)
  if (Result.isFailure(envelope)) return envelope.failure
  const replies = new Map<string, FakeReply>()
  for (const item of envelope.success) {
    const failed = item.dependsOn?.some((id) => (replies.get(id)?.status ?? 200) >= 400) ?? false
    replies.set(item.id, failed ? failedDependency : answer(requestOf(item, outer)))
  }
  const told = [...replies].filter(([, { delivery }]) => delivery !== "leftOut")
  const responses = shuffled(told, random).map(([id, reply]) => responseOf(id, reply))
  return {
    ...jsonReply(200, JSON.stringify({ responses })),
    delivery: told.find(([, { delivery }]) => delivery !== "complete")?.[1].delivery ?? "complete",
    delayMillis: Math.max(...[...replies.values()].map(({ delayMillis }) => delayMillis))
  }
}
