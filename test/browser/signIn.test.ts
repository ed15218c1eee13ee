import { assertAccessible, Browser, call, describeBrowser, OpenIdProvider, openPage, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import { link, startWithEntra } from "../Entra.ts"

const fixture = Layer.mergeAll(Browser.layer, OpenIdProvider.layer, TestDatabase.layer)

const proveAs = async (page: Page, login: string) => {
  await page.getByRole("link", { name: "Sign in with Microsoft" }).click()
  await page.locator('[name="login"]').fill(login)
  await page.locator('[name="password"]').fill("any")
  await page.locator("button[type=submit]").click()
  await page.locator("button[type=submit]", { hasText: "Continue" }).click()
}

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
