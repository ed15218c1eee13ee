import {
  assertAccessible,
  Browser,
  call,
  describeBrowser,
  OpenIdProvider,
  openPage,
  type ServerProcess,
  startServer,
  TestDatabase
} from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { SignJWT } from "jose"
import type { Page } from "playwright-core"

const fixture = Layer.mergeAll(Browser.layer, OpenIdProvider.layer, TestDatabase.layer)

const startWithEntra = Effect.gen(function* () {
  const provider = yield* OpenIdProvider
  const server = yield* startServer(provider.settings)
  provider.register(`${server.origin}/sign-in/callback`)
  return server
})

/** Links a person of the provider with one of the demonstration's accounts. */
const link = (login: string, account: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { objectIdOf, tenantId } = yield* OpenIdProvider
    yield* sql`
      INSERT INTO account_identities VALUES (${tenantId}, ${objectIdOf(login)}, ${account}) ON CONFLICT DO NOTHING`
  })

const proveAs = async (page: Page, login: string) => {
  await page.getByRole("link", { name: "Sign in with Microsoft" }).click()
  await page.locator('[name="login"]').fill(login)
  await page.locator('[name="password"]').fill("any")
  await page.locator("button[type=submit]").click()
  await page.locator("button[type=submit]", { hasText: "Continue" }).click()
}

const bearer = (server: ServerProcess, token: string, path = "/api/v1/operations") =>
  call(server, path, { headers: { authorization: `Bearer ${token}` } })

describeBrowser("sign-in with an OpenID provider", () => {
  layer(fixture, { excludeTestServices: true, timeout: "90 seconds" })((it) => {
    it.effect("leads to the page that was asked for, and out again", () =>
      Effect.gen(function* () {
        const server = yield* startWithEntra
        yield* link("olivia", "owner@northwind")
        const { page } = yield* openPage(server.origin, { ignoreHTTPSErrors: true })
        const returns: Array<string> = []
        page.on("request", (request) => {
          if (request.url().includes("/sign-in/callback")) returns.push(request.url())
        })
        const kept = yield* Effect.promise(async () => {
          await page.goto("/admin/operations?status=active")
          await page.getByText("Use the account of your organisation").waitFor()
          await assertAccessible(page)
          assert.strictEqual(await page.getByText("Development sign-in").count(), 0)
          const begun = page.waitForRequest((request) => request.url().includes("/auth?"))
          await page.getByRole("link", { name: "Sign in with Microsoft" }).click()
          const asked = new URL((await begun).url()).searchParams
          assert.strictEqual(asked.get("code_challenge_method"), "S256")
          assert.isNotEmpty(asked.get("state"))
          assert.isNotEmpty(asked.get("nonce"))
          const [attempt] = (await page.context().cookies(`${server.origin}/sign-in`)).filter(
            ({ name }) => name === "atlas_sign_in"
          )
          assert.deepInclude(attempt, { httpOnly: true, sameSite: "Lax" })
          await page.goto("/admin/operations?status=active")
          await proveAs(page, "olivia")
          const cookies = await page.context().cookies(`${server.origin}/sign-in`)
          await page.waitForURL("**/admin/operations?status=active")
          await page.getByText("Olivia Owner").waitFor()
          const session = (await page.context().cookies(server.origin)).find(({ name }) => name === "atlas_session")
          assert.deepInclude(session, { httpOnly: true, sameSite: "Lax" })
          return cookies.find(({ name }) => name === "atlas_sign_in")
        })
        // The same answer again, even with the cookie that began it: a code is redeemed once.
        const replay = yield* Effect.promise(() =>
          fetch(returns[0] ?? "", { headers: { cookie: `atlas_sign_in=${kept?.value ?? ""}` }, redirect: "manual" })
        )
        assert.include([400, 403], replay.status)
        assert.notInclude(replay.headers.get("set-cookie") ?? "", "atlas_session")
        yield* Effect.promise(async () => {
          await page.getByRole("button", { name: "Sign out" }).click()
          await page.getByText("Use the account of your organisation").waitFor()
        })
      }).pipe(Effect.scoped)
    )

    it.effect("gives a stranger no account, and says whom to ask with what", () =>
      Effect.gen(function* () {
        const server = yield* startWithEntra
        const { objectIdOf } = yield* OpenIdProvider
        const { page } = yield* openPage(server.origin, { ignoreHTTPSErrors: true })
        yield* Effect.promise(async () => {
          await page.goto("/sign-in")
          await proveAs(page, "nobody")
          await page.getByRole("heading", { name: "No access yet" }).waitFor()
          await page.getByText(objectIdOf("nobody")).waitFor()
          await assertAccessible(page)
          assert.isEmpty((await page.context().cookies(server.origin)).filter(({ name }) => name === "atlas_session"))
        })
      }).pipe(Effect.scoped)
    )

    it.effect("accepts an answer only in the browser that asked, and only the one it asked for", () =>
      Effect.gen(function* () {
        const server = yield* startWithEntra
        const begun = yield* call(server, "/sign-in/entra?returnTo=//evil.example")
        assert.strictEqual(begun.status, 302)
        const cookie = (begun.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
        const state = new URL(begun.headers.get("location") ?? "").searchParams.get("state") ?? ""
        const back = (query: string, headers: Record<string, string> = { cookie }) =>
          call(server, `/sign-in/callback?${query}`, { headers })
        for (const answer of [
          yield* back(`state=${state}&code=x`, {}),
          yield* back(`state=other&code=x`),
          yield* back(`state=${state}&code=x`, { cookie: `${cookie.slice(0, -3)}xyz` })
        ]) {
          assert.strictEqual(answer.status, 400)
          assert.include(answer.text, "took too long, or began in another browser")
        }
        assert.include((yield* back(`state=${state}&error=access_denied`)).text, "Microsoft did not sign you in")
        const refused = yield* back(`state=${state}&code=made-up`)
        assert.strictEqual(refused.status, 403)
        assert.notInclude(refused.text, "invalid_grant")
        assert.notInclude(server.output(), "a secret of the app registration")
        // The development sign-in is no way around it.
        const chosen = yield* call(server, "/sign-in", {
          method: "POST",
          headers: { origin: server.origin, "content-type": "application/x-www-form-urlencoded" },
          body: "account=owner@northwind"
        })
        assert.strictEqual(chosen.status, 404)
      }).pipe(Effect.scoped)
    )
  })
})

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
        Effect.timeout("20 seconds")
      )
    }).pipe(Effect.scoped)
  )
})
