/**
 * Requests one app-only token through msal, and finds out why none was issued.
 *
 * @module
 */
import { GraphError } from "@atlas/operations"
import { Clock, Duration, Effect, Option, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpClient } from "effect/http"
import * as AadErrors from "./AadErrors.ts"
import { FederatedAssertions } from "./FederatedAssertions.ts"
import type { GraphCloud } from "../wire/GraphCloud.ts"
import { GraphLimits } from "../wire/GraphLimits.ts"
import { exchange } from "../wire/HttpExchange.ts"
import { instanceMetadata, ManagedIdentityOrigins } from "./ManagedIdentityOrigins.ts"
import * as MsalApps from "./MsalApps.ts"
import * as MsalNetwork from "./MsalNetwork.ts"
import type { UsableConnection } from "../connections/ProviderConnections.ts"
import * as RetryAfter from "../wire/RetryAfter.ts"
import * as TokenClaims from "./TokenClaims.ts"

/** An access token, with its times in epoch milliseconds. */
export interface Token {
  readonly value: Redacted.Redacted
  /** None if the token is opaque. */
  readonly claims: Option.Option<TokenClaims.TokenClaims>
  /** When to fetch a successor. */
  readonly refreshAt: number
  readonly expiresAt: number
}

type Outcome = MsalNetwork.TokenAnswer | GraphError | undefined

const refusal = (outcome: Outcome, { credential }: UsableConnection, now: number): GraphError => {
  if (outcome instanceof GraphError) return outcome
  if (outcome === undefined) {
    return new GraphError({ reasonCode: "provider_auth_request_invalid", message: "msal sent no token request." })
  }
  const number = outcome.numbers[0]
  const wait = RetryAfter.millis(outcome.retryAfter, now)
  const issuer = credential.kind === "managed_identity" ? "The machine's identity service" : "Entra ID"
  const reasonOf = credential.kind === "managed_identity" ? AadErrors.reasonOfMachine : AadErrors.reasonOf
  return new GraphError({
    reasonCode: outcome.status === 200 ? "provider_response_invalid" : reasonOf(outcome),
    message: `${issuer} issued no token${number === undefined ? "" : ` (AADSTS${number})`}.`,
    status: outcome.status,
    ...Option.match(wait, { onNone: () => ({}), onSome: (retryAfterMillis) => ({ retryAfterMillis }) })
  })
}

const mismatch = new GraphError({
  reasonCode: "provider_tenant_mismatch",
  message: "Entra ID issued the token for a tenant other than the connection's."
})

/** Where a token request may go: to the login service, or to the machine's own identity service. The fake is both. */
const routeOf = ({ credential }: UsableConnection, cloud: GraphCloud, machine: ReadonlyArray<string>) => {
  const isFake = cloud.loginOrigin.startsWith("http:")
  if (credential.kind !== "managed_identity") {
    const { host } = new URL(cloud.loginOrigin)
    return (url: URL) => (url.host === host ? cloud.loginOrigin : undefined)
  }
  if (isFake) return (url: URL) => (url.origin === instanceMetadata ? cloud.loginOrigin : undefined)
  return (url: URL) => (machine.includes(url.origin) ? url.origin : undefined)
}

/** Asks msal for one token. The answer on the network says more than msal's errors do. */
const makeAsk = Effect.gen(function* () {
  const client = yield* HttpClient.HttpClient
  const random = yield* SecureRandom.SecureRandom
  const { requestTimeout } = yield* GraphLimits
  const machine = yield* ManagedIdentityOrigins
  const assertions = yield* FederatedAssertions

  return Effect.fnUntraced(function* (usable: UsableConnection, cloud: GraphCloud, claims?: string) {
    const run = Effect.runPromiseWith(yield* Effect.context())
    let outcome: Outcome
    const networkClient = MsalNetwork.make({
      routeOf: routeOf(usable, cloud, machine),
      run,
      send: (request) => exchange(client, request, requestTimeout),
      heard: (heard) => {
        outcome = heard
      }
    })
    const correlationId = yield* random.uuidV4()
    const issued = yield* MsalApps.ask({ usable, cloud, correlationId, claims, networkClient, assertions })
    return { issued, outcome }
  })
})

/** Milliseconds that a token still lives. Machines may answer with an older one, whose `expires_in` counts from its issue. */
const lifetimeOf = ({ expiresIn, expiresOn }: MsalNetwork.TokenAnswer, now: number): number =>
  expiresOn === undefined ? (expiresIn ?? 0) * 1000 : Math.max(0, expiresOn * 1000 - now)

/**
 * Makes the function that requests one token for a connection in its cloud. It fails with the reason codes of `AadErrors`, or
 * with `provider_tenant_mismatch`.
 */
export const make = Effect.gen(function* () {
  const ask = yield* makeAsk
  const margin = Duration.toMillis((yield* GraphLimits).tokenMargin)

  return Effect.fn("GraphTokens.request")(function* (usable: UsableConnection, cloud: GraphCloud, claims?: string) {
    const { entraTenantId, id } = usable.connection
    yield* Effect.annotateCurrentSpan({ connectionId: id, cloud: cloud.name })
    const { issued, outcome } = yield* ask(usable, cloud, claims)
    const now = yield* Clock.currentTimeMillis
    if (issued === null || outcome === undefined || outcome instanceof GraphError)
      return yield* refusal(outcome, usable, now)
    const own = TokenClaims.read(issued.accessToken)
    if (TokenClaims.isForeign(own, entraTenantId)) return yield* mismatch
    const lifetime = lifetimeOf(outcome, now)
    const token: Token = {
      value: Redacted.make(issued.accessToken, { label: "access token" }),
      claims: own,
      expiresAt: now + lifetime,
      refreshAt: now + lifetime - Math.min(margin, lifetime / 2)
    }
    return token
  })
})
