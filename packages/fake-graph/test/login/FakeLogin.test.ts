import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { Base64, Base64Url } from "effect/encoding"
import { TestClock } from "effect/testing"
import { FakeGraph, type FakeGraphOptions, Fault } from "../../src/index.ts"
import { ask, bearer, clientId, entraTenantId, logIn, send, wire } from "../Wire.ts"

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 })
const otherKeys = generateKeyPairSync("rsa", { modulusLength: 2048 })
const pem = (key: KeyObject) => key.export({ type: key.type === "public" ? "spki" : "pkcs8", format: "pem" }).toString()

const federation = { issuer: "https://token.actions.example", subject: "repo:atlas", publicKey: pem(keys.publicKey) }

const layer = (change: Partial<FakeGraphOptions> = {}) =>
  wire({
    tokenLifetime: "10 minutes",
    tenants: [
      {
        credentials: {
          secrets: [
            { value: "second", expiresAt: "1970-01-01T00:05:00Z" },
            { value: "third", expiresAt: "2099-01-01T00:00:00Z" }
          ],
          certificates: [pem(otherKeys.publicKey), pem(keys.publicKey)],
          federated: [federation],
          managedIdentity: "33333333-0000-4000-8000-000000000001"
        }
      },
      { credentials: { managedIdentity: "33333333-0000-4000-8000-000000000002" } }
    ],
    ...change
  })

const Claims = Schema.fromJsonString(
  Schema.Struct({
    aud: Schema.String,
    tid: Schema.String,
    appid: Schema.String,
    roles: Schema.Array(Schema.String),
    iat: Schema.Int,
    exp: Schema.Int,
    xms_cc: Schema.Array(Schema.String)
  })
)

const claimsOf = (token: string) =>
  Effect.flatMap(
    Effect.fromResult(Base64Url.decodeString(token.split(".")[1] ?? "")),
    Schema.decodeUnknownEffect(Claims)
  )

const endpoint = `https://localhost/${entraTenantId}/oauth2/v2.0/token`

const contentOf = (alg: string, payload: object) =>
  [{ alg }, payload].map((part) => Base64Url.encode(JSON.stringify(part))).join(".")

const signed = (payload: object, key: KeyObject = keys.privateKey) => {
  const content = contentOf("RS256", payload)
  return `${content}.${Base64Url.encode(sign("sha256", Buffer.from(content), key))}`
}

/** As msal signs. */
const signedByPss = (payload: object) => {
  const content = contentOf("PS256", payload)
  const key = { key: keys.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return `${content}.${Base64Url.encode(sign("sha256", Buffer.from(content), key))}`
}

const withAssertion = (assertion: string) =>
  logIn({
    client_assertion: assertion,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
  })

const certified = { iss: clientId, sub: clientId, aud: endpoint, exp: 600 }
const federated = { iss: federation.issuer, sub: federation.subject, aud: "api://AzureADTokenExchange", exp: 600 }

describe("tokens", () => {
  it.effect("say whose they are, for what, and until when", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      const { access_token, expires_in } = yield* logIn({
        claims: JSON.stringify({ access_token: { xms_cc: { values: ["CP1"] } } })
      })
      assert.strictEqual(expires_in, 600)
      assert.lengthOf(access_token.split("."), 3)
      assert.deepStrictEqual(yield* claimsOf(access_token), {
        aud: "http://localhost",
        tid: entraTenantId,
        appid: clientId,
        roles: ["GroupMember.Read.All", "RoleManagement.Read.Directory", "Organization.Read.All"],
        iat: 60,
        exp: 660,
        xms_cc: ["CP1"]
      })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("end, are revoked, and cannot be made up", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const first = bearer((yield* logIn()).access_token)
      assert.strictEqual((yield* send("/v1.0/groups", { headers: first })).status, 200)
      const altered = { authorization: `${first.authorization.slice(0, -2)}AA` }
      assert.strictEqual((yield* send("/v1.0/groups", { headers: altered })).status, 401)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* send("/v1.0/groups", { headers: first })).status, 401)
      const second = bearer((yield* logIn()).access_token)
      yield* fake.revokeTokens
      assert.strictEqual((yield* send("/v1.0/groups", { headers: second })).status, 401)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("are the same for the same seed, and different each time", () => {
    const two = Effect.map(Effect.all([logIn(), logIn()]), (answers) => answers.map(({ access_token }) => access_token))
    return Effect.gen(function* () {
      const first = yield* two.pipe(Effect.provide(layer()))
      assert.notStrictEqual(first[0], first[1])
      assert.deepStrictEqual(yield* two.pipe(Effect.provide(layer())), first)
    })
  })
})

describe("credentials", () => {
  it.effect("may be any secret that is valid; one that expired is told apart from a wrong one", () =>
    Effect.gen(function* () {
      for (const client_secret of ["fake-secret-1", "second", "third"]) {
        assert.strictEqual((yield* logIn({ client_secret })).status, 200)
      }
      yield* TestClock.adjust("5 minutes")
      assert.deepInclude(yield* logIn({ client_secret: "second" }), { status: 401, error_codes: [7000222] })
      assert.deepInclude(yield* logIn({ client_secret: "wrong" }), { status: 401, error_codes: [7000215] })
      assert.strictEqual((yield* logIn({ client_secret: "third" })).status, 200)
      assert.deepInclude(yield* logIn({ client_assertion: "x" }), { error_codes: [7000218] })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("may be an assertion that a registered certificate signed", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* withAssertion(signed(certified))).status, 200)
      assert.strictEqual((yield* withAssertion(signedByPss(certified))).status, 200)
      const wrong = [
        signed({ ...certified, aud: "https://elsewhere.example" }),
        signed({ ...certified, sub: "someone" }),
        signed({ ...certified, exp: 0 }),
        signed(certified, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey)
      ]
      for (const assertion of wrong) {
        assert.deepInclude(yield* withAssertion(assertion), { status: 401, error_codes: [700027] })
      }
      assert.deepInclude(yield* withAssertion("no.jwt"), { error_codes: [50027] })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("may be an assertion of a registered federated identity", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* withAssertion(signed(federated))).status, 200)
      const wrong: ReadonlyArray<readonly [object, number]> = [
        [{ iss: "https://elsewhere.example" }, 700211],
        [{ sub: "repo:other" }, 700213],
        [{ aud: "api://other" }, 700212],
        [{ exp: 0 }, 700024]
      ]
      for (const [change, number] of wrong) {
        assert.deepInclude(yield* withAssertion(signed({ ...federated, ...change })), { error_codes: [number] })
      }
      assert.deepInclude(yield* withAssertion(signed(federated, otherKeys.privateKey)), { error_codes: [50013] })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("may be a managed identity", () =>
    Effect.gen(function* () {
      const path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=http://localhost"
      const headers = { Metadata: "true" }
      const { body, status } = yield* send(`http://169.254.169.254${path}`, { headers })
      assert.strictEqual(status, 200)
      assert.deepInclude(body, {
        token_type: "Bearer",
        resource: "http://localhost",
        expires_in: "600",
        expires_on: "600"
      })
      assert.deepInclude(yield* claimsOf(body.access_token), {
        tid: entraTenantId,
        appid: "33333333-0000-4000-8000-000000000001"
      })
      assert.strictEqual((yield* send("/v1.0/groups", { headers: bearer(body.access_token) })).status, 200)
      const second = yield* send(`${path}&client_id=33333333-0000-4000-8000-000000000002`, { headers })
      assert.strictEqual((yield* claimsOf(second.body.access_token)).tid, "11111111-0000-4000-8000-000000000002")
      assert.strictEqual((yield* send(`${path}&client_id=nobody`, { headers })).status, 400)
      assert.strictEqual((yield* send(path)).status, 400)
      assert.strictEqual((yield* send(path.split("&")[0] ?? "", { headers })).status, 400)
    }).pipe(Effect.provide(layer()))
  )
})

describe("a claims challenge", () => {
  const claims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
  const challengeIn = (header: string | undefined) =>
    /error="insufficient_claims", claims="([^"]+)"/.exec(header ?? "")?.[1]

  it.effect("is repeated until a token was acquired with its claims", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject({ path: "/v1.0", times: 1_000, fault: Fault.claimsChallenge(claims) })
      for (const _ of [1, 2]) {
        const { headers, status } = yield* ask("/v1.0/groups")
        assert.strictEqual(status, 401)
        const told = Option.fromNullishOr(challengeIn(headers["www-authenticate"]))
        assert.strictEqual(yield* Effect.fromResult(Base64.decodeString(yield* Effect.fromOption(told))), claims)
      }
      const other = yield* logIn({ claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}` })
      assert.strictEqual((yield* send("/v1.0/groups", { headers: bearer(other.access_token) })).status, 401)
      const merged = yield* logIn({
        claims: JSON.stringify({ access_token: { xms_cc: { values: ["CP1"] }, ...JSON.parse(claims).access_token } })
      })
      assert.strictEqual((yield* send("/v1.0/groups", { headers: bearer(merged.access_token) })).status, 200)
    }).pipe(Effect.provide(layer()))
  )
})
