import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assertAccessible, Browser, describeBrowser, launchServer, openPage as openPageOf, signIn } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { BrowserContextOptions } from "playwright-core"

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "atlas-journey-"))
    await chmod(folder, 0o711)
    return folder
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** The server as `pnpm start` runs it: its own Postgres, its own fake Graph, everything in one process. */
class Origin extends Context.Service<Origin, string>()("test/Origin") {
  static readonly layer = Layer.effect(
    Origin,
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const server = yield* launchServer({ ATLAS_DATA_DIR: folder, ATLAS_FAKE_GRAPH_GROUPS: "40000" })
      return server.origin
    })
  )
}

/** A window on that server. */
const openPage = (options: BrowserContextOptions = {}) =>
  Effect.flatMap(Origin, (origin) => openPageOf(origin, options))

describeBrowser("in a browser", () => {
  layer(Layer.merge(Origin.layer, Browser.layer), { excludeTestServices: true, timeout: "90 seconds" })((it) => {
    it.effect(
      "a newcomer signs in, starts a sync, watches it to the end and finds the groups",
      () =>
        Effect.gen(function* () {
          const { page, problems } = yield* openPage()
          yield* Effect.promise(async () => {
            await page.goto("/")
            await assertAccessible(page)
            await signIn(page, "operator@northwind")
            await assertAccessible(page)
            await page.getByRole("link", { name: "Contoso" }).click()
            await assertAccessible(page)
            await page.getByRole("button", { name: "Sync groups" }).dblclick()

            // At once on the run's own page, while it works; it changes there without anybody touching it.
            await page.waitForURL("**/admin/operations/*")
            await page.getByText("Running", { exact: true }).first().waitFor()
            await assertAccessible(page)
            await page.getByText("Succeeded", { exact: true }).first().waitFor()
            await page.getByText("40,000 items", { exact: false }).first().waitFor()
            await assertAccessible(page)

            // A double click was one start.
            await page.goto("/admin/operations")
            assert.strictEqual(await page.locator(".runs tbody tr").count(), 1)
            await assertAccessible(page)

            await page.goto("/admin/tenants/contoso/configuration")
            await page.getByText("40,000 groups", { exact: false }).first().waitFor()
            const box = page.getByRole("combobox", { name: "Find a group by name" })
            await box.pressSequentially("finance")
            await page.getByRole("option").first().waitFor()
            await assertAccessible(page)
            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("Enter")
            assert.match(await page.locator(".chip").innerText(), /finance/i)
          })
          assert.deepStrictEqual(problems, [])
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect(
      "everything works without JavaScript",
      () =>
        Effect.gen(function* () {
          const { page, problems } = yield* openPage({ javaScriptEnabled: false })
          yield* Effect.promise(async () => {
            await signIn(page, "owner@fourth-coffee")
            await page.getByRole("link", { name: "Adatum" }).click()
            await page.getByRole("button", { name: "Sync groups" }).click()
            await page.waitForURL("**/admin/operations/*")
            while (!(await page.getByText("Succeeded", { exact: true }).first().isVisible())) await page.reload()
            await page.goto("/admin/tenants/adatum/configuration?group.query=finance")
            await page.getByRole("button", { name: /^Add/ }).first().click()
            assert.strictEqual(await page.locator(".chip").count(), 1)
            await page.getByRole("button", { name: "Sign out" }).click()
            await page.waitForURL("**/sign-in")
          })
          assert.deepStrictEqual(problems, [])
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect(
      "stops a run after asking, and starts it again",
      () =>
        Effect.gen(function* () {
          const { page, problems } = yield* openPage()
          yield* Effect.promise(async () => {
            await signIn(page, "operator@northwind")
            // Everything again, since the changes alone would be done before anybody could stop it.
            const run = await page.evaluate(async () => {
              const headers = { "content-type": "application/json" }
              const sync = "/api/v1/tenants/contoso/operations/directory_groups.sync"
              const started = await fetch(sync, {
                method: "POST",
                headers,
                body: JSON.stringify({ input: { full: true } })
              })
              return (await started.json()).links.view
            })
            await page.goto(run)
            await page.getByRole("link", { name: "Cancel" }).click()
            await assertAccessible(page)
            await page.getByRole("button", { name: "Cancel the run" }).click()
            await page.waitForURL(run)
            await page.getByText("Cancelled", { exact: true }).first().waitFor()
            await assertAccessible(page)
            await page.getByRole("button", { name: "Start again" }).click()
            await page.getByText("Started again from").waitFor()
            assert.notStrictEqual(page.url(), run)
            await page.getByText("Succeeded", { exact: true }).first().waitFor()
            await assertAccessible(page)
          })
          assert.deepStrictEqual(problems, [])
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect(
      "says what to do where something is missing, hidden or not allowed",
      () =>
        Effect.gen(function* () {
          const { page } = yield* openPage()
          yield* Effect.promise(async () => {
            await signIn(page, "readonly@northwind")
            await page.goto("/admin/tenants/contoso")
            const sync = page.getByRole("button", { name: "Sync groups" })
            assert.isTrue(await sync.isDisabled())
            assert.include(await page.locator("main").innerText(), "tenant.directory.sync")
            const missing = await page.goto("/admin/operations/019845e1-682f-7b02-a706-3b2422d13aec")
            assert.strictEqual(missing?.status(), 404)
            await assertAccessible(page)
            assert.strictEqual((await page.goto("/admin/tenants/adatum"))?.status(), 404)
            assert.strictEqual((await page.goto("/admin/nothing"))?.status(), 404)
          })
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect(
      "shows why a start is blocked and the next step",
      () =>
        Effect.gen(function* () {
          const { page } = yield* openPage({ viewport: { width: 390, height: 800 }, colorScheme: "dark" })
          yield* Effect.promise(async () => {
            await signIn(page, "operator@northwind")
            await page.goto("/admin/tenants/fabrikam")
            await page.getByRole("button", { name: "Sync groups" }).click()
            await page.getByText("Blocked", { exact: true }).first().waitFor()
            assert.include(await page.locator("main").innerText(), "Add a provider connection to this tenant.")
            await assertAccessible(page)
            const width = await page.evaluate(() => document.documentElement.scrollWidth)
            assert.isAtMost(width, 390)
          })
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect(
      "refuses what another site sends with a visitor's session",
      () =>
        Effect.gen(function* () {
          const origin = yield* Origin
          const { page } = yield* openPage()
          yield* Effect.promise(async () => {
            await signIn(page, "operator@northwind")
            const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ")
            const post = (headers: Record<string, string>) =>
              fetch(`${origin}/admin/tenants/contoso/operations/directory_groups.sync`, {
                method: "POST",
                redirect: "manual",
                headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers }
              })
            assert.strictEqual((await post({ origin: "https://evil.example" })).status, 403)
            assert.strictEqual((await post({ origin })).status, 303)
            const forged = await fetch(`${origin}/api/v1/operations`, { headers: { cookie: `${cookie}x` } })
            assert.strictEqual(forged.status, 401)
          })
        }).pipe(Effect.scoped),
      60_000
    )
  })
})
