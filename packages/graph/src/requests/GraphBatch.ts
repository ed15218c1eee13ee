/**
 * Sends requests in Graph's JSON batches, up to twenty in one. Each item is answered, retried and failed on its own.
 *
 * @module
 */
import { GraphContract, GraphError } from "@atlas/operations"
import { Array, Clock, Duration, Effect, Random, Result, Schema } from "effect"
import { Headers } from "effect/http"
import * as GraphFailures from "./GraphFailures.ts"
import { GraphLimits } from "../wire/GraphLimits.ts"
import { headersOf } from "./GraphLinks.ts"
import { type Ask, outcomeUnknown, isUncertain, readJson, type Requests, type Sent } from "./GraphRequests.ts"
import type { Target } from "./GraphTarget.ts"
import { mayRepeat, waitAfter } from "./Retries.ts"

/** The most requests that Graph takes in one batch. https://learn.microsoft.com/graph/json-batching */
const size = 20

/** One request of a batch, ready to be sent. */
export interface Item {
  readonly contract: GraphContract.GraphContract
  readonly method: "GET" | GraphContract.GraphWriteMethod
  /** The path below the version, with the query. */
  readonly url: string
  readonly body: unknown
  readonly replay: "safe" | GraphContract.GraphReplay
  /** Decodes a successful answer as the contract promises. */
  readonly read: (answer: Sent) => Effect.Effect<unknown, GraphError>
}

/** The outcome of an item so far. A `settled` one is final: it succeeded, or the request around it was already retried. */
interface Outcome {
  readonly result: Result.Result<unknown, GraphError>
  readonly settled: boolean
}

const Answers = Schema.Struct({
  responses: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      status: Schema.Int,
      headers: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown))),
      body: Schema.optionalKey(Schema.Unknown)
    })
  )
})
type Answer = (typeof Answers.Type)["responses"][number]
const decodeAnswers = Schema.decodeUnknownEffect(Answers)

const toRequest = ({ body, contract, method, url }: Item, index: number) => ({
  id: String(index),
  method,
  url,
  headers: { ...headersOf(contract), ...(body === undefined ? {} : { "content-type": "application/json" }) },
  ...(body === undefined ? {} : { body })
})

/** A body as its own answer would have had it; null for one that nests deeper than the stack is. */
const textOf = (body: unknown): string | null =>
  Result.getOrNull(Result.try(() => (body === undefined || body === null ? "" : JSON.stringify(body))))

const toSent = ({ headers, status }: Answer, text: string, clientRequestId: string): Sent => ({
  status,
  headers: Headers.fromInput(
    Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]))
  ),
  text,
  clientRequestId
})

const missing = ({ contract }: Item, clientRequestId: string) =>
  new GraphError({
    reasonCode: "provider_response_invalid",
    message: `The batch did not answer ${contract.name}.`,
    contract: contract.name,
    clientRequestId
  })

const unreadable = ({ contract }: Item, status: number, clientRequestId: string) =>
  new GraphError({
    reasonCode: "provider_response_invalid",
    message: `The answer to ${contract.name} nests too deep to be read.`,
    contract: contract.name,
    status,
    clientRequestId
  })

/** The outcome of a failed item. If it must not be repeated and may have taken effect, whether it did is unknown. */
const lost = (item: Item, error: GraphError): Outcome => ({
  result: Result.fail(item.replay === "never" && isUncertain(error) ? outcomeUnknown(error) : error),
  settled: false
})

const envelope = (version: GraphContract.GraphVersion) =>
  GraphContract.write({
    name: "graph.batch",
    version,
    method: "POST",
    path: "/$batch",
    body: Schema.Unknown,
    schema: Answers,
    permissions: [],
    replay: "idempotent"
  })
const envelopes = { "v1.0": envelope("v1.0"), beta: envelope("beta") }

/** Groups the items that may share a request: those with the same version and the same rule for a lost answer. */
const chunksOf = (items: ReadonlyArray<Item>): ReadonlyArray<ReadonlyArray<Item>> =>
  Object.values(Array.groupBy(items, ({ contract, replay }) => `${contract.version} ${replay}`)).flatMap((group) =>
    Array.chunksOf(group, size)
  )

/**
 * Makes the function that sends a tenant's batches and returns the result of each item, in order. It retries items on their
 * own, after the longest wait that Graph asked of any. A request that fails as a whole fails each of its items.
 */
export const make = Effect.fnUntraced(function* ({ learn, perform }: Requests) {
  const limits = yield* GraphLimits

  const send = Effect.fnUntraced(function* (target: Target, items: ReadonlyArray<Item>) {
    const [{ contract, replay }] = items as readonly [Item]
    const outer = envelopes[contract.version]
    const ask: Ask = {
      contract: outer,
      method: "POST",
      link: `${target.cloud.graphOrigin}/${contract.version}${outer.path}`,
      headers: {},
      body: { requests: items.map(toRequest) },
      cost: items.reduce((sum, item) => sum + (item.contract.cost ?? 1), 0),
      replay
    }
    const read = (sent: Sent) =>
      Effect.map(readJson(outer, decodeAnswers)(sent), ({ responses }) => ({ sent, responses }))
    const answered = yield* Effect.result(perform(target, ask, read))
    if (Result.isFailure(answered)) {
      const { failure } = answered
      return items.map(({ contract: { name } }): Outcome => {
        // A spread does not copy an error's message.
        const error = new GraphError({ ...failure, message: failure.message, contract: name })
        return { result: Result.fail(error), settled: true }
      })
    }
    const { responses, sent } = answered.success
    const byId = new Map(responses.map((response) => [response.id, response]))
    return yield* Effect.forEach(items, (item, index) => outcomeOf(target, item, byId.get(String(index)), sent))
  })

  const outcomeOf = Effect.fnUntraced(function* (target: Target, item: Item, answer: Answer | undefined, outer: Sent) {
    const { clientRequestId } = outer
    if (answer === undefined) return lost(item, missing(item, clientRequestId))
    const text = textOf(answer.body)
    if (text === null) return lost(item, unreadable(item, answer.status, clientRequestId))
    const sent = toSent(answer, text, clientRequestId)
    if (sent.status === 429) yield* learn(target, { status: 429, headers: sent.headers, cost: 0 })
    if (sent.status < 200 || sent.status > 299) {
      const now = yield* Clock.currentTimeMillis
      return lost(item, GraphFailures.fromAnswer(item.contract, sent, clientRequestId, now))
    }
    const read = yield* Effect.result(item.read(sent))
    return Result.isFailure(read) ? lost(item, read.failure) : { result: read, settled: true }
  })

  const round = (
    target: Target,
    items: ReadonlyArray<Item>,
    attempt: number,
    deadline: number
  ): Effect.Effect<ReadonlyMap<Item, Outcome>> =>
    Effect.gen(function* () {
      const chunks = chunksOf(items)
      const answers = yield* Effect.forEach(chunks, (chunk) => send(target, chunk), {
        concurrency: limits.batchConcurrency
      })
      const outcomes = new Map(chunks.flatMap((chunk, at) => Array.zip(chunk, answers[at] ?? [])))
      const again = items.flatMap((item) => {
        const outcome = outcomes.get(item)
        return outcome?.settled === false &&
          Result.isFailure(outcome.result) &&
          mayRepeat(outcome.result.failure, attempt)
          ? [{ item, error: outcome.result.failure }]
          : []
      })
      if (again.length === 0 || attempt >= limits.retryAttempts) return outcomes
      const random = yield* Random.next
      const wait = Math.max(...again.map(({ error }) => waitAfter(limits, error, attempt, random)))
      if ((yield* Clock.currentTimeMillis) + wait > deadline) return outcomes
      yield* Effect.sleep(wait)
      const repeated = yield* round(
        target,
        again.map(({ item }) => item),
        attempt + 1,
        deadline
      )
      return new Map([...outcomes, ...repeated])
    })

  return Effect.fn("Graph.batch")(function* (target: Target, items: ReadonlyArray<Item>) {
    yield* Effect.annotateCurrentSpan({ items: items.length })
    const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(limits.retryWindow)
    const outcomes = yield* round(target, items, 1, deadline)
    return items.flatMap((item) => outcomes.get(item)?.result ?? [])
  })
})
