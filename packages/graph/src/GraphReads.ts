import { GraphContract, GraphError, type TenantScope } from "@atlas/operations"
import { Clock, Effect, type Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpClient, HttpClientRequest } from "effect/http"
import { type GraphCloud, GraphClouds } from "./GraphCloud.ts"
import * as GraphFailures from "./GraphFailures.ts"
import { GraphLimits } from "./GraphLimits.ts"
import { firstLink, resourcePath } from "./GraphLinks.ts"
import { GraphTokens } from "./GraphTokens.ts"
import { type Answer, exchange } from "./HttpExchange.ts"
import { ProviderConnections, type UsableConnection } from "./ProviderConnections.ts"
import { withRetries } from "./Retries.ts"

type Contract = GraphContract.GraphContract

/** Where the requests of one `get` or `list` go, and as whom. */
export interface Target {
  readonly contract: Contract
  readonly usable: UsableConnection
  readonly cloud: GraphCloud
  /** The address of the first request. */
  readonly link: string
}

/** Reads one body; `decode` makes of it what the contract promises. */
export type Read = <A>(
  target: Target,
  link: string,
  decode: (body: unknown) => Effect.Effect<A, Schema.SchemaError>
) => Effect.Effect<A, GraphError>

interface Sent extends Answer {
  readonly clientRequestId: string
}

const parseJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

const misunderstood = ({ contract }: Target, { clientRequestId, headers, status }: Sent) => {
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

  return Effect.fn("Graph.request")(function* ({ contract }: Target, link: string, token: Redacted.Redacted) {
    const clientRequestId = yield* random.uuidV4()
    yield* Effect.annotateCurrentSpan({ contract: contract.name, clientRequestId })
    const request = HttpClientRequest.get(link, {
      headers: {
        accept: "application/json",
        "client-request-id": clientRequestId,
        ...("count" in contract && contract.count ? { consistencylevel: "eventual" } : {})
      }
    }).pipe(HttpClientRequest.bearerToken(token))
    const answer = yield* exchange(client, request, requestTimeout).pipe(
      Effect.mapError(
        ({ message, reasonCode }) => new GraphError({ reasonCode, message, contract: contract.name, clientRequestId })
      )
    )
    yield* Effect.annotateCurrentSpan({ status: answer.status, requestId: answer.headers["request-id"] })
    return { ...answer, clientRequestId }
  })
})

const violation = new GraphError({
  reasonCode: "provider_contract_violation",
  message: "Graph is asked through registered contracts only."
})

/** Finds out where a contract's requests go for a tenant, and as whom. */
const makeTarget = Effect.gen(function* () {
  const connections = yield* ProviderConnections
  const clouds = yield* GraphClouds

  return Effect.fnUntraced(function* (
    tenant: TenantScope,
    contract: Contract,
    params: Readonly<Record<string, string>>
  ) {
    if (!GraphContract.isGraphContract(contract)) return yield* violation
    const path = yield* resourcePath(contract, params)
    const usable = yield* connections.defaultFor(tenant)
    const cloud = clouds.find(({ name }) => name === usable.connection.cloud)
    if (cloud === undefined) {
      return yield* new GraphError({
        reasonCode: "provider_cloud_mismatch",
        message: `The cloud "${usable.connection.cloud}" is not available here.`,
        contract: contract.name
      })
    }
    return { contract, usable, cloud, link: firstLink(cloud, contract, path) }
  })
})

/** Reads one body: a token, the request, at most one more with a fresh token, all of it repeated where that helps. */
const makeRead = Effect.gen(function* () {
  const tokens = yield* GraphTokens
  const limits = yield* GraphLimits
  const send = yield* makeSend

  const read: Read = (target, link, decode) => {
    const { cloud, contract, usable } = target
    const attempt = Effect.gen(function* () {
      const token = yield* tokens.acquire(usable, cloud)
      const first = yield* send(target, link, token)
      const answer = first.status === 401 ? yield* send(target, link, yield* tokens.renew(usable, cloud, token)) : first
      if (answer.status !== 200) {
        const now = yield* Clock.currentTimeMillis
        return yield* GraphFailures.fromAnswer(contract, answer, answer.clientRequestId, now)
      }
      return yield* Effect.flatMap(parseJson(answer.text), decode).pipe(
        Effect.mapError(() => misunderstood(target, answer))
      )
    })
    return withRetries(limits, attempt)
  }
  return read
})

/** The two steps of every read: `target` says where to, `read` goes there. */
export const make = Effect.all({ target: makeTarget, read: makeRead })
