import { call, OpenIdProvider, type ServerProcess, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SignJWT } from "jose"
import { link, startWithEntra } from "./Entra.ts"

const fixture = Layer.merge(OpenIdProvider.layer, TestDatabase.layer)

const bearer = (server: ServerProcess, token: string, path = "/api/v1/operations") =>
  call(server, path, { headers: { authorization: `Bearer ${token}` } })

layer(fixture, { excludeTestServices: true, timeout: "90 seconds" })("a server in production", (it) => {
  it.effect("offers nobody without proof, and says to browsers to come back by https only", () =>
    Effect.gen(function* () {
      const { register, settings } = yield* OpenIdProvider
      const server = yield* startServer({
        ...settings,
        NODE_ENV: "production",
        ATLAS_ROLE: "web",
        ATLAS_SECRET: "a secret of more than thirty-two bytes",
        ATLAS_PUBLIC_URL: "https://atlas.example.com"
      })
      const page = yield* call(server, "/sign-in")
      assert.include(page.text, "Sign in with Microsoft")
      assert.notInclude(page.text, "Development sign-in")
      assert.include(page.headers.get("strict-transport-security") ?? "", "max-age=")
      assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'self'/)
      assert.notMatch(page.headers.get("content-security-policy") ?? "", /unsafe/)
      assert.strictEqual((yield* bearer(server, "dev:owner@northwind")).status, 401)
      assert.include(page.headers.get("permissions-policy") ?? "", "camera=")
      const signOut = (origin: string) =>
        call(server, "/sign-out", {
          method: "POST",
          headers: { origin, "content-type": "application/x-www-form-urlencoded" },
          body: ""
        })
      assert.strictEqual((yield* signOut("https://atlas.example.com")).status, 303)
      assert.strictEqual((yield* signOut("https://evil.example")).status, 403)
      const unanswered = yield* call(server, "/sign-in/entra")
      assert.strictEqual(unanswered.status, 503)
      assert.include(unanswered.text, "does not answer")
      register("https://atlas.example.com/sign-in/callback")
      const begun = yield* call(server, "/sign-in/entra")
      assert.match(begun.headers.get("set-cookie") ?? "", /; Secure/)
      const returned = new URL(begun.headers.get("location") ?? "").searchParams.get("redirect_uri")
      assert.strictEqual(returned, "https://atlas.example.com/sign-in/callback")
    }).pipe(Effect.scoped)
  )
})

layer(fixture, { excludeTestServices: true, timeout: "90 seconds" })("bearer tokens of an OpenID provider", (it) => {
  it.effect("speak for the linked account, and nothing else does", () =>
    Effect.gen(function* () {
      const server = yield* startWithEntra
      const { clientId, issuer, objectIdOf, publicKey, rotate, sign, tenantId } = yield* OpenIdProvider
      yield* link("oskar", "operator@northwind")
      const now = Math.floor(Date.now() / 1000)
      const good = {
        iss: issuer,
        aud: `api://${clientId}`,
        tid: tenantId,
        oid: objectIdOf("oskar"),
        scp: "access_as_user",
        iat: now,
        nbf: now - 10,
        exp: now + 600
      }
      assert.strictEqual((yield* bearer(server, yield* sign(good))).status, 200)
      assert.strictEqual((yield* bearer(server, yield* sign({ ...good, aud: clientId }))).status, 200)

      const { scp: _scope, ...noScope } = good
      const { exp: _expiry, ...endless } = good
      const confused = yield* Effect.promise(() =>
        new SignJWT(good).setProtectedHeader({ alg: "HS256", kid: "first" }).sign(Buffer.from(publicKey()))
      )
      const [head = "", body = "", signature = ""] = (yield* sign(good)).split(".")
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
      const refused: Readonly<Record<string, string>> = {
        expired: yield* sign({ ...good, exp: now - 120 }),
        endless: yield* sign(endless),
        "not valid yet": yield* sign({ ...good, nbf: now + 600 }),
        "of another audience": yield* sign({ ...good, aud: "00000003-0000-0000-c000-000000000000" }),
        "of another issuer": yield* sign({ ...good, iss: "https://login.example.com/v2.0" }),
        "of another tenant": yield* sign({ ...good, tid: "99999999-0000-4000-8000-000000000001" }),
        "of a stranger": yield* sign({ ...good, oid: objectIdOf("nobody") }),
        "for another purpose": yield* sign(noScope),
        tampered: `${head}.${encode({ ...good, oid: objectIdOf("olivia") })}.${signature}`,
        unsigned: `${encode({ alg: "none" })}.${body}.`,
        "signed by a public key": confused,
        nonsense: "x.y.z",
        "a development token": "dev:owner@northwind"
      }
      for (const [kind, token] of Object.entries(refused)) {
        const { body: answer, headers, status } = yield* bearer(server, token)
        assert.strictEqual(status, 401, kind)
        assert.match(headers.get("www-authenticate") ?? "", /^Bearer/, kind)
        assert.notProperty(answer, "detail", kind)
        assert.notInclude(server.output(), token)
      }

      // A new key counts as soon as it is published.
      yield* rotate
      const renewed = yield* sign(good)
      yield* bearer(server, renewed).pipe(
        Effect.repeat({ until: ({ status }) => status === 200, schedule: Schedule.spaced("500 millis") }),
        Effect.timeout("90 seconds")
      )
    }).pipe(Effect.scoped)
  )
})
