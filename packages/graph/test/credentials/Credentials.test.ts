import { sign } from "node:crypto"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import { GraphError } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { Base64Url } from "effect/encoding"
import { type HttpBody, HttpClient, HttpClientResponse } from "effect/http"
import { GraphTokens } from "../../src/tokens/GraphTokens.ts"
import { type Credential, FederatedAssertions, GraphCloud, ManagedIdentityOrigins } from "../../src/index.ts"
import { clientId, connection, entraTenantId } from "../Fixtures.ts"
import { SelfSigned } from "@atlas/test"

const { certificate, keyPair, privatePem } = SelfSigned

const keys = keyPair()
const pem = certificate(keys)
const identity = "33333333-0000-4000-8000-000000000001"
const federation = {
  issuer: "https://issuer.example",
  subject: "system:serviceaccount:atlas",
  publicKey: keys.publicKey.export({ type: "spki", format: "pem" }).toString()
}

const usable = (credential: Credential, app = clientId) => ({ connection: connection({ clientId: app }), credential })

const layer = GraphTokens.layer.pipe(
  Layer.provide([FakeGraph.layerHttpClient, FakeGraph.layerCloud]),
  Layer.provideMerge(
    FakeGraph.layerEngine({
      tenants: [
        { credentials: { certificates: [pem], federated: [federation], managedIdentity: identity } },
        { credentials: { managedIdentity: "33333333-0000-4000-8000-000000000002" } }
      ]
    })
  )
)

const tenantOf = Effect.fnUntraced(function* (credential: Credential, clientId?: string) {
  const claims = yield* (yield* GraphTokens).inspect(usable(credential, clientId))
  return Option.getOrThrow(claims).tid
})
const refusal = (credential: Credential, clientId?: string) =>
  Effect.map(Effect.flip(tenantOf(credential, clientId)), ({ reasonCode }) => reasonCode)

const federated: Credential = { kind: "federated" }
const machine: Credential = { kind: "managed_identity", assigned: "system" }

const textOf = (body: HttpBody.HttpBody) => (body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : "")

const assertion = (change: object = {}) => {
  const payload = {
    iss: federation.issuer,
    sub: federation.subject,
    aud: "api://AzureADTokenExchange",
    exp: 4_000_000_000,
    ...change
  }
  const content = [{ alg: "RS256" }, payload].map((part) => Base64Url.encode(JSON.stringify(part))).join(".")
  return `${content}.${Base64Url.encode(sign("sha256", Buffer.from(content), keys.privateKey))}`
}
const supplying = (text: string) => Layer.succeed(FederatedAssertions, () => Effect.succeed(Redacted.make(text)))

describe("Credentials", () => {
  it.effect("a client secret, a certificate, a federated assertion and both managed identities get a token", () =>
    Effect.gen(function* () {
      const all: ReadonlyArray<readonly [Credential, string?]> = [
        [{ kind: "client_secret", secret: Redacted.make("fake-secret-1") }],
        [{ kind: "certificate", certificate: pem, privateKey: Redacted.make(privatePem(keys.privateKey)) }],
        [federated],
        [machine],
        [{ kind: "managed_identity", assigned: "user" }, identity]
      ]
      for (const [credential, clientId] of all) {
        assert.strictEqual(yield* tenantOf(credential, clientId), entraTenantId, credential.kind)
      }
    }).pipe(Effect.provide(Layer.provideMerge(layer, supplying(assertion()))))
  )

  it.effect("sends the certificate along with the assertion that its key signs", () =>
    Effect.gen(function* () {
      const forms: Array<URLSearchParams> = []
      const client = HttpClient.tapRequest(
        yield* HttpClient.HttpClient.pipe(Effect.provide(FakeGraph.layerHttpClient)),
        ({ body }) => Effect.sync(() => forms.push(new URLSearchParams(textOf(body))))
      )
      yield* tenantOf({
        kind: "certificate",
        certificate: pem,
        privateKey: Redacted.make(privatePem(keys.privateKey))
      }).pipe(
        Effect.provide(
          Layer.fresh(GraphTokens.layer).pipe(
            Layer.provide([Layer.succeed(HttpClient.HttpClient, client), FakeGraph.layerCloud])
          )
        )
      )
      const [header = ""] = (forms.at(-1)?.get("client_assertion") ?? "").split(".")
      const parsed = JSON.parse(Buffer.from(header, "base64url").toString())
      assert.deepStrictEqual(parsed.x5c, [pem.split("\n").slice(1, -2).join("")])
      assert.isString(parsed["x5t#S256"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("tells why a certificate, an assertion or an identity is refused", () =>
    Effect.gen(function* () {
      const other = keyPair()
      assert.strictEqual(
        yield* refusal({
          kind: "certificate",
          certificate: certificate(other),
          privateKey: Redacted.make(privatePem(other.privateKey))
        }),
        "provider_certificate_invalid"
      )
      assert.strictEqual(yield* refusal(federated), "provider_credential_invalid")
      assert.strictEqual(
        yield* refusal({ kind: "managed_identity", assigned: "user" }, "33333333-0000-4000-8000-000000000009"),
        "provider_credential_missing"
      )
      assert.strictEqual(
        yield* refusal({ kind: "managed_identity", assigned: "user" }, "33333333-0000-4000-8000-000000000002"),
        "provider_tenant_mismatch"
      )
    }).pipe(Effect.provide(Layer.provideMerge(layer, supplying(assertion({ sub: "someone else" })))))
  )

  it.effect("has no assertion where the host supplies none, and passes its reason on", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusal(federated), "provider_credential_missing")
      const broken = new GraphError({ reasonCode: "provider_auth_unavailable", message: "The file is not there." })
      const reason = refusal(federated).pipe(
        Effect.provide(Layer.fresh(layer)),
        Effect.provideService(FederatedAssertions, () => Effect.fail(broken))
      )
      assert.strictEqual(yield* reason, "provider_auth_unavailable")
    }).pipe(Effect.provide(layer))
  )

  it.effect("waits for an identity service that is busy or starts up", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      for (const [status, reasonCode] of [
        [404, "provider_auth_unavailable"],
        [410, "provider_auth_unavailable"],
        [500, "provider_auth_unavailable"],
        [429, "provider_auth_throttled"]
      ] as const) {
        yield* fake.clearFaults
        yield* fake.inject({ path: "/metadata", fault: Fault.status(status, "{}") })
        assert.strictEqual(yield* refusal(machine), reasonCode)
      }
    }).pipe(Effect.provide(layer))
  )
})

describe("the addresses of token requests", () => {
  const asked = (credential: Credential, where: GraphCloud.GraphCloud, origins?: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const urls: Array<string> = []
      const scopes: Array<string | null> = []
      const client = HttpClient.make((request, url) => {
        urls.push(url.origin)
        scopes.push(new URLSearchParams(textOf(request.body)).get("scope") ?? url.searchParams.get("resource"))
        const base = `${url.origin}/${entraTenantId}`
        const answer = url.pathname.endsWith("openid-configuration")
          ? {
              issuer: `${base}/v2.0`,
              authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
              token_endpoint: `${base}/oauth2/v2.0/token`,
              jwks_uri: `${base}/keys`
            }
          : { token_type: "Bearer", access_token: "opaque", expires_in: 3600 }
        return Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(answer)))
      })
      const result = yield* Effect.flatMap(GraphTokens, (tokens) => tokens.acquire(usable(credential), where)).pipe(
        Effect.provide(Layer.fresh(GraphTokens.layer)),
        Effect.provideService(HttpClient.HttpClient, client),
        origins === undefined ? (effect) => effect : Effect.provideService(ManagedIdentityOrigins, origins),
        Effect.result
      )
      return { result, origins: [...new Set(urls)], scope: scopes.at(-1) }
    })

  it.effect.each(GraphCloud.publicClouds.map((one) => [one.name, one] as const))(
    "are the login service of the cloud %s, for its Graph",
    ([, one]) =>
      Effect.gen(function* () {
        const { origins, result, scope } = yield* asked({ kind: "client_secret", secret: Redacted.make("secret") }, one)
        assert.strictEqual(result._tag, "Success")
        assert.deepStrictEqual(origins, [one.loginOrigin])
        assert.strictEqual(scope, `${one.graphOrigin}/.default`)
      })
  )

  it.effect("are the machine's for a managed identity, and only where the host allows it", () =>
    Effect.gen(function* () {
      for (const one of GraphCloud.publicClouds) {
        const { origins, scope } = yield* asked(machine, one)
        assert.deepStrictEqual(origins, ["http://169.254.169.254"])
        assert.strictEqual(scope, one.graphOrigin)
        assert.deepStrictEqual((yield* asked(machine, one, [])).origins, [])
      }
    })
  )
})
