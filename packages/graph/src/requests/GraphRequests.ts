/**
 * The one way for requests to Graph. Each waits its turn and carries a token; a circuit breaker pauses a tenant whose requests
 * keep failing; retries follow if they help and are safe.
 *
 * @module
 */
import { ExactJson, GraphCaller, type GraphContract, GraphError } from "@atlas/operations"
import { Clock, Duration, Effect, Exit, type Redacted, Schedule, type Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpClient, HttpClientRequest } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import * as GraphFailures from "./GraphFailures.ts"
import { GraphLimits } from "../wire/GraphLimits.ts"
import { measured, waited } from "./GraphMetrics.ts"
import * as GraphPacing from "./GraphPacing.ts"
import type { Target } from "./GraphTarget.ts"
import { GraphTokens } from "../tokens/GraphTokens.ts"
import { type HttpAnswer, exchange } from "../wire/HttpExchange.ts"
import { type Attempt, mayRepeat, withRetries } from "./Retries.ts"

/** One request, as its contract describes it. */
export interface Ask {
  readonly contract: GraphContract.GraphContract
  readonly method: "GET" | GraphContract.GraphWriteMethod
  /** The address, made or checked by `GraphLinks`. */
  readonly link: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON, or undefined if nothing is sent. */
  readonly body: unknown
  /** Resource units. */
  readonly cost: number
  /** `safe`: the request changes nothing, so it may be repeated at any time. */
  readonly replay: "safe" | GraphContract.GraphReplay
}

/** An answer, and the id that the request was sent with. */
export interface Sent extends HttpAnswer {
  readonly clientRequestId: string
}

/** Performs requests to Graph. */
export interface Requests {
  /** Performs one request; `read` decodes a successful answer as the contract promises. */
  perform<A>(
    target: Target,
    ask: Ask,
    read: (answer: Sent) => Effect.Effect<A, GraphError>
  ): Effect.Effect<A, GraphError>
  /** Adjusts the tenant's pace to an answer that came inside a batch. */
  learn(target: Target, feedback: GraphPacing.Feedback): Effect.Effect<void>
}

const parseJson = (text: string) => Effect.try({ try: () => ExactJson.parse(text), catch: () => "not JSON" as const })

/** Decodes the JSON body of an answer; an empty body counts as undefined. Fails with `provider_response_invalid`. */
export const readJson =
  <A>(contract: GraphContract.GraphContract, decode: (body: unknown) => Effect.Effect<A, Schema.SchemaError>) =>
  (answer: Sent): Effect.Effect<A, GraphError> =>
    (answer.text === "" ? Effect.undefined : parseJson(answer.text)).pipe(
      Effect.flatMap(decode),
      Effect.mapError(() => misunderstood(contract, answer))
    )

const misunderstood = (contract: GraphContract.GraphContract, { clientRequestId, headers, status }: Sent) => {
  const requestId = headers["request-id"]
  return new GraphError({
    reasonCode: "provider_response_invalid",
    message: `The answer to ${contract.name} does not have the expected form.`,
    contract: contract.name,
    status,
    clientRequestId,
    ...(requestId === undefined ? {} : { requestId })
  })
}

/** Sends one request with one token, in a span of its own. */
const makeSend = Effect.gen(function* () {
  const client = yield* HttpClient.HttpClient
  const random = yield* SecureRandom.SecureRandom
  const { requestTimeout } = yield* GraphLimits

  return Effect.fn("Graph.request")(function* (target: Target, ask: Ask, token: Redacted.Redacted, attempt: Attempt) {
    const { contract } = ask
    const clientRequestId = yield* random.uuidV4()
    yield* Effect.annotateCurrentSpan({
      contract: contract.name,
      clientRequestId,
      attempt: attempt.number,
      waitedMillis: Math.round(attempt.waited)
    })
    const { priority } = yield* GraphCaller
    const request = HttpClientRequest.make(ask.method)(ask.link, {
      headers: {
        accept: "application/json",
        "client-request-id": clientRequestId,
        "x-ms-throttle-priority": priority === "interactive" ? "high" : "low",
        ...ask.headers
      }
    }).pipe(
      HttpClientRequest.bearerToken(token),
      ask.body === undefined ? (bare) => bare : HttpClientRequest.bodyText(JSON.stringify(ask.body), "application/json")
    )
    const answer = yield* exchange(client, request, requestTimeout).pipe(
      Effect.mapError(
        ({ message, reasonCode }) => new GraphError({ reasonCode, message, contract: contract.name, clientRequestId })
      ),
      measured(contract, target.cloud.name)
    )
    yield* Effect.annotateCurrentSpan({ status: answer.status, requestId: answer.headers["request-id"] })
    const sent: Sent = { ...answer, clientRequestId }
    return sent
  })
})

/** Graph limits an app in a tenant, whichever connection the requests use. */
const keyOf = ({ cloud, usable }: Target): string =>
  `${cloud.name} ${usable.connection.entraTenantId} ${usable.connection.clientId}`

/** Pauses the requests to a tenant when they fail in a row, then tries one at a time. */
const makeBreaker = Effect.gen(function* () {
  const { breakerFailures, breakerOpen } = yield* GraphLimits
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(breakerFailures),
    openDuration: Schedule.min([
      Schedule.exponential(breakerOpen),
      Schedule.spaced(Duration.times(Duration.fromInputUnsafe(breakerOpen), 6))
    ])
  })
  return (key: string, send: Effect.Effect<Sent, GraphError>) =>
    send.pipe(
      breaker.execute({ key, classify: healthOf }),
      Effect.catchTag("CircuitBreakerError", ({ reason }) =>
        Effect.fail(
          new GraphError({
            reasonCode: "provider_unavailable",
            message: "Requests to this tenant are paused because too many failed in a row.",
            ...(reason._tag === "CircuitOpen" ? { retryAfterMillis: Duration.toMillis(reason.retryAfter) } : {})
          })
        )
      )
    )
})

// A service that throttles is healthy. Pacing deals with it.
const healthOf = (exit: Exit.Exit<Sent, GraphError>): CircuitBreaker.Outcome =>
  Exit.isFailure(exit)
    ? CircuitBreaker.failure()
    : exit.value.status < 500 || exit.value.status === 501 || exit.value.status === 507
      ? exit.value.status === 429
        ? CircuitBreaker.ignored
        : CircuitBreaker.success
      : CircuitBreaker.failure()

/** Whether a write may have taken effect although it failed with this error after it was sent. */
export const isUncertain = (error: GraphError): boolean =>
  mayRepeat(error, 1) && error.reasonCode !== "provider_throttled"

/** The failure of a write whose answer was lost with this error. */
export const outcomeUnknown = (error: GraphError): GraphError =>
  new GraphError({
    ...error,
    reasonCode: "provider_outcome_unknown",
    message: `Whether ${error.contract ?? "the write"} took effect is unknown: its answer was lost (${error.reasonCode}).`
  })

/** Makes the requests' way to Graph. A token that Graph rejects is renewed once in an attempt. */
export const make = Effect.gen(function* () {
  const tokens = yield* GraphTokens
  const limits = yield* GraphLimits
  const pacing = yield* GraphPacing.make
  const send = yield* makeSend
  const guarded = yield* makeBreaker

  const inTurn = Effect.fnUntraced(function* (target: Target, ask: Ask, token: Redacted.Redacted, attempt: Attempt) {
    const key = keyOf(target)
    const { priority } = yield* GraphCaller
    const { cost } = ask
    const queued = yield* Clock.currentTimeMillis
    yield* pacing.admit(key, { cost, priority, deadline: attempt.deadline })
    const inQueue = (yield* Clock.currentTimeMillis) - queued
    if (inQueue > 0) yield* waited(ask.contract, inQueue)
    const answer = yield* guarded(key, send(target, ask, token, { ...attempt, waited: attempt.waited + inQueue }))
    yield* pacing.learn(key, { status: answer.status, headers: answer.headers, cost })
    return answer
  })

  const answerOf = Effect.fnUntraced(function* (target: Target, ask: Ask, attempt: Attempt) {
    const { cloud, usable } = target
    const token = yield* tokens.acquire(usable, cloud)
    const first = yield* inTurn(target, ask, token, attempt)
    if (first.status !== 401) return first
    const claims = GraphFailures.claimsIn(first)
    return yield* inTurn(target, ask, yield* tokens.renew(usable, cloud, token, claims), attempt)
  })

  const perform: Requests["perform"] = (target, ask, read) =>
    Effect.suspend(() => {
      // Whether an attempt of a write may have taken effect.
      let uncertain = false
      const once = Effect.fnUntraced(function* (attempt: Attempt) {
        const answer = yield* answerOf(target, ask, attempt)
        if (answer.status < 200 || answer.status > 299) {
          return yield* GraphFailures.fromAnswer(
            ask.contract,
            answer,
            answer.clientRequestId,
            yield* Clock.currentTimeMillis
          )
        }
        return yield* read(answer)
      })
      const attempts = withRetries(limits, (attempt) => {
        const result =
          attempt.waited > 0 ? Effect.andThen(waited(ask.contract, attempt.waited), once(attempt)) : once(attempt)
        if (ask.replay === "safe") return result
        return Effect.mapError(result, (error) => {
          // Without a client-request-id nothing was sent.
          uncertain ||= error.clientRequestId !== undefined && isUncertain(error)
          return uncertain && ask.replay === "never" ? outcomeUnknown(error) : error
        })
      })
      return Effect.mapError(attempts, (error) => (uncertain && mayRepeat(error, 1) ? outcomeUnknown(error) : error))
    })
  const requests: Requests = { perform, learn: (target, feedback) => pacing.learn(keyOf(target), feedback) }
  return requests
})
