import { GraphError } from "@atlas/operations"
import { type AuthenticationResult, ConfidentialClientApplication } from "@azure/msal-node"
import { Clock, Duration, Effect, Option, Redacted, Result, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { Base64Url } from "effect/encoding"
import { HttpClient } from "effect/http"
import * as AadErrors from "./AadErrors.ts"
import type { GraphCloud } from "./GraphCloud.ts"
import { GraphLimits } from "./GraphLimits.ts"
import { exchange } from "./HttpExchange.ts"
import * as MsalNetwork from "./MsalNetwork.ts"
import type { UsableConnection } from "./ProviderConnections.ts"
import * as RetryAfter from "./RetryAfter.ts"

/** An access token, with its times in epoch milliseconds. */
export interface Token {
  readonly value: Redacted.Redacted
  /** From when on a successor is fetched. */
  readonly refreshAt: number
  readonly expiresAt: number
}

type Outcome = MsalNetwork.TokenAnswer | GraphError | undefined

const JwtPayload = Schema.fromJsonString(Schema.Struct({ tid: Schema.String }))
const decodePayload = Schema.decodeUnknownOption(JwtPayload)

/** The `tid` claim, where the token is a JWT; unverified, since only Graph verifies signatures. */
const tenantOf = (token: string): Option.Option<string> =>
  Result.getSuccess(Base64Url.decodeString(token.split(".")[1] ?? "")).pipe(
    Option.flatMap(decodePayload),
    Option.map(({ tid }) => tid)
  )

/** Whether a token names another tenant. A connection may hold a domain name, which no token repeats. */
const isForeign = (token: string, entraTenantId: string): boolean =>
  /^[\da-f-]{36}$/i.test(entraTenantId) &&
  Option.exists(tenantOf(token), (tid) => tid.toLowerCase() !== entraTenantId.toLowerCase())

const refusal = (outcome: Outcome, now: number): GraphError => {
  if (outcome instanceof GraphError) return outcome
  if (outcome === undefined) {
    return new GraphError({ reasonCode: "provider_auth_request_invalid", message: "No token request could be made." })
  }
  const number = outcome.numbers[0]
  const wait = RetryAfter.millis(outcome.retryAfter, now)
  return new GraphError({
    reasonCode: outcome.status === 200 ? "provider_response_invalid" : AadErrors.reasonOf(outcome),
    message: `Entra ID issued no token${number === undefined ? "" : ` (AADSTS${number})`}.`,
    status: outcome.status,
    ...Option.match(wait, { onNone: () => ({}), onSome: (retryAfterMillis) => ({ retryAfterMillis }) })
  })
}

const mismatch = new GraphError({
  reasonCode: "provider_tenant_mismatch",
  message: "The token was issued for another tenant than the connection's."
})

/** Asks msal for one token; what was heard on the network says more than msal's errors do. */
const makeAsk = Effect.gen(function* () {
  const client = yield* HttpClient.HttpClient
  const random = yield* SecureRandom.SecureRandom
  const { requestTimeout } = yield* GraphLimits

  // An app of msal's per token, not per connection: it costs about a millisecond, and nothing stays in memory.
  return Effect.fnUntraced(function* (
    { clientSecret, connection }: UsableConnection,
    cloud: GraphCloud,
    claims?: string
  ) {
    const correlationId = yield* random.uuidV4()
    const run = Effect.runPromiseWith(yield* Effect.context())
    const { host } = new URL(cloud.loginOrigin)
    let outcome: Outcome
    const networkClient = MsalNetwork.make({
      cloud,
      run,
      send: (request) => exchange(client, request, requestTimeout),
      heard: (heard) => {
        outcome = heard
      }
    })
    const issued = yield* Effect.tryPromise(() =>
      new ConfidentialClientApplication({
        auth: {
          clientId: connection.clientId,
          clientSecret: Redacted.value(clientSecret),
          authority: `https://${host}/${encodeURIComponent(connection.entraTenantId)}`,
          knownAuthorities: [host],
          // Declares that claims challenges are answered, so that Entra may revoke access at once.
          clientCapabilities: ["CP1"]
        },
        system: { networkClient, disableInternalRetries: true }
      }).acquireTokenByClientCredential({
        scopes: [`${cloud.graphOrigin}/.default`],
        correlationId,
        skipCache: true,
        ...(claims === undefined ? {} : { claims })
      })
    ).pipe(Effect.orElseSucceed((): AuthenticationResult | null => null))
    return { issued, outcome }
  })
})

/**
 * Makes the function that requests one app-only token.
 *
 * @returns for a connection and its cloud the token; fails with the reason codes of `AadErrors`, or
 * `provider_tenant_mismatch`
 */
export const make = Effect.gen(function* () {
  const ask = yield* makeAsk
  const margin = Duration.toMillis((yield* GraphLimits).tokenMargin)

  return Effect.fn("GraphTokens.request")(function* (usable: UsableConnection, cloud: GraphCloud, claims?: string) {
    const { entraTenantId, id } = usable.connection
    yield* Effect.annotateCurrentSpan({ connectionId: id, cloud: cloud.name })
    const { issued, outcome } = yield* ask(usable, cloud, claims)
    const now = yield* Clock.currentTimeMillis
    if (issued === null || outcome === undefined || outcome instanceof GraphError) return yield* refusal(outcome, now)
    if (isForeign(issued.accessToken, entraTenantId)) return yield* mismatch
    const lifetime = (outcome.expiresIn ?? 0) * 1000
    const token: Token = {
      value: Redacted.make(issued.accessToken, { label: "access token" }),
      expiresAt: now + lifetime,
      refreshAt: now + lifetime - Math.min(margin, lifetime / 2)
    }
    return token
  })
})
