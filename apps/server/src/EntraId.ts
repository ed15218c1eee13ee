/**
 * Sign-in with Entra ID: the authorization code flow with PKCE for pages, and the verification of bearer tokens for the API.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
 *
 * @module
 */

import { AuthError, ConfidentialClientApplication, CryptoProvider, ProtocolMode } from "@azure/msal-node"
import { Context, Data, Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose"
import { type EntraSettings, Settings } from "./Settings.ts"

/** A person of the configured Entra tenant, as a verified token names them. The ids are in lower case. */
export interface EntraPerson {
  readonly tenantId: string
  readonly objectId: string
  readonly name: string
}

/** A sign-in that has begun: what binds the answer to the browser that began it. */
export interface SignInAttempt {
  readonly state: string
  readonly nonce: string
  /** The PKCE verifier (RFC 7636). The address holds its challenge. */
  readonly verifier: string
}

/** The provider's answer proves nothing: the code was used before, or the token is for somebody else. */
export class EntraRefused extends Data.TaggedError("EntraRefused")<{ readonly cause: unknown }> {}

/** The provider does not answer. */
export class EntraUnavailable extends Data.TaggedError("EntraUnavailable")<{ readonly cause: unknown }> {}

/** The scope that a token for the API must carry: no token for another purpose is accepted. */
const apiScope = "access_as_user"

const scopes = ["openid", "profile"]

const Discovery = Schema.Struct({ issuer: Schema.String, jwks_uri: Schema.String })
const Claims = Schema.Struct({ tid: Schema.String, oid: Schema.String, name: Schema.optionalKey(Schema.String) })

// Of all errors of jose, only these mean that the keys could not be fetched.
const isUnavailable = (error: unknown) => error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)

// https://learn.microsoft.com/entra/msal/javascript/node/
const isUnreachable = (error: unknown) =>
  error instanceof AuthError && /network|endpoints_resolution|openid_config/.test(error.errorCode)

// A person waits for the page.
const inTime = Effect.timeoutOrElse({
  duration: "10 seconds",
  orElse: () => Effect.fail(new EntraUnavailable({ cause: "no answer within ten seconds" }))
})

const makeVerifier = Effect.fnUntraced(function* (settings: EntraSettings, authority: string) {
  const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  const discover = client.get(`${authority}/.well-known/openid-configuration`).pipe(
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Discovery)),
    Effect.timeout("10 seconds"),
    Effect.map(({ issuer, jwks_uri }) => ({
      issuer,
      keys: createRemoteJWKSet(new URL(jwks_uri), { cooldownDuration: 5_000 })
    })),
    Effect.mapError((cause) => new EntraUnavailable({ cause }))
  )
  const [known, forget] = yield* Effect.cachedInvalidateWithTTL(discover, "1 hour")

  // Checks the signature by one of the tenant's keys, issuer, audience, expiry, not-before and tenant.
  return Effect.fnUntraced(function* (token: string, audience: ReadonlyArray<string>) {
    const { issuer, keys } = yield* Effect.tapError(known, () => forget)
    const { payload } = yield* Effect.tryPromise({
      try: () =>
        jwtVerify(token, keys, {
          issuer,
          audience: [...audience],
          algorithms: ["RS256"],
          clockTolerance: 60,
          requiredClaims: ["exp", "iat"]
        }),
      catch: (cause) => (isUnavailable(cause) ? new EntraUnavailable({ cause }) : new EntraRefused({ cause }))
    })
    const { name, oid, tid } = yield* Schema.decodeUnknownEffect(Claims)(payload).pipe(
      Effect.mapError((cause) => new EntraRefused({ cause }))
    )
    if (tid.toLowerCase() !== settings.tenantId) return yield* new EntraRefused({ cause: "another tenant" })
    const person: EntraPerson = { tenantId: settings.tenantId, objectId: oid.toLowerCase(), name: name ?? oid }
    return { payload, person }
  })
})

const scopesOf = ({ scp }: JWTPayload) => (typeof scp === "string" ? scp.split(" ") : [])

const make = Effect.fnUntraced(function* (settings: EntraSettings, publicUrl: string) {
  const { clientId } = settings
  const authority = `${settings.authority}/${settings.tenantId}/v2.0`
  const redirectUri = `${publicUrl}/sign-in/callback`
  const verify = yield* makeVerifier(settings, authority)
  const cryptography = new CryptoProvider()
  // One for each sign-in, because it keeps the tokens of the people it signs in, which nobody needs.
  const application = () =>
    new ConfidentialClientApplication({
      auth: {
        clientId,
        clientSecret: Redacted.value(settings.clientSecret),
        authority,
        knownAuthorities: [new URL(authority).host]
      },
      system: { protocolMode: ProtocolMode.OIDC, loggerOptions: { piiLoggingEnabled: false } }
    })

  const begin = Effect.tryPromise({
    try: async () => {
      const { challenge, verifier } = await cryptography.generatePkceCodes()
      const attempt = { state: cryptography.createNewGuid(), nonce: cryptography.createNewGuid(), verifier }
      const { nonce, state } = attempt
      const pkce = { codeChallenge: challenge, codeChallengeMethod: "S256" }
      const url = await application().getAuthCodeUrl({ scopes, redirectUri, state, nonce, ...pkce })
      return { attempt, url }
    },
    catch: (cause) => new EntraUnavailable({ cause })
  }).pipe(inTime)

  const finish = Effect.fn("EntraId.finish")(function* ({ nonce, verifier }: SignInAttempt, code: string) {
    const { idToken } = yield* Effect.tryPromise({
      // It compares the nonce with the token's.
      try: () => application().acquireTokenByCode({ scopes, redirectUri, code, codeVerifier: verifier, nonce }),
      catch: (cause) => (isUnreachable(cause) ? new EntraUnavailable({ cause }) : new EntraRefused({ cause }))
    }).pipe(inTime)
    return (yield* verify(idToken, [clientId])).person
  })

  const bearer = Effect.fn("EntraId.bearer")(function* (token: string) {
    // What does not look like a token needs no verification.
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return yield* new EntraRefused({ cause: "no JWT" })
    const { payload, person } = yield* verify(token, [clientId, `api://${clientId}`])
    if (!scopesOf(payload).includes(apiScope)) return yield* new EntraRefused({ cause: "no scope of this API" })
    return person
  })

  return {
    begin: Effect.withSpan(begin, "EntraId.begin"),
    finish,
    bearer: (token: string) =>
      bearer(token).pipe(
        Effect.map(Option.some),
        Effect.catchTag("EntraRefused", () => Effect.succeedNone)
      )
  }
})

/** Signs people in with Entra ID. */
export interface EntraSignIn {
  /** Begins a sign-in: the attempt, and the address at the provider to go to. */
  readonly begin: Effect.Effect<{ readonly attempt: SignInAttempt; readonly url: string }, EntraUnavailable>
  /** Redeems the code with which the provider answered an attempt. */
  finish(attempt: SignInAttempt, code: string): Effect.Effect<EntraPerson, EntraRefused | EntraUnavailable>
  /** The person for whom an access token of this API speaks; none if it is not valid. */
  bearer(token: string): Effect.Effect<Option.Option<EntraPerson>, EntraUnavailable>
}

/** Sign-in with Entra ID, if it is configured. */
export class EntraId extends Context.Service<EntraId, Option.Option<EntraSignIn>>()("@atlas/server/EntraId") {
  static readonly layer: Layer.Layer<EntraId, never, HttpClient.HttpClient | Settings> = Layer.effect(
    EntraId,
    Effect.gen(function* () {
      const { entra, publicUrl } = yield* Settings
      return entra === null ? Option.none() : Option.some(yield* make(entra, publicUrl))
    })
  )
}
