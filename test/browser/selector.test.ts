import { FakeGraph, fakeGroup, Fault } from "@atlas/fake-graph"
import {
  assertAccessible,
  Browser,
  completed,
  describeBrowser,
  openPage,
  signIn,
  start,
  startServer,
  TestDatabase
} from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { Page } from "playwright-core"

const tenant = "11111111-0000-4000-8000-000000000001"
const names = ["Finance", "Finance Managers", "All Finance", "Zürich Office", "Sales", "Legal", "HR Berlin"]
const groups = [
  ...names.map((displayName, n) => fakeGroup({ id: `group-${n}`, displayName })),
  fakeGroup({ id: "dynamic", displayName: "Finance by rule", groupTypes: ["DynamicMembership"] }),
  ...Array.from({ length: 40 }, (_, n) => fakeGroup({ id: `team-${n}`, displayName: `Team ${n}` }))
]

/** The server, and the directory that it copies. */
class Server extends Context.Service<Server, Effect.Success<ReturnType<typeof startServer>>>()("test/Server") {
  static readonly layer = Layer.effect(
    Server,
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_FAKE_GRAPH_URL: (yield* FakeGraph).origin })
      yield* completed(server, (yield* start(server, "contoso")).body.run.id)
      return server
    })
  )
}

const fixture = Layer.merge(Server.layer, Browser.layer).pipe(
  Layer.provideMerge(FakeGraph.layerHttp({ tenants: [{ entraTenantId: tenant, groups }] })),
  Layer.provideMerge(TestDatabase.layer)
)

const path = "/admin/tenants/contoso/configuration"
const open = Effect.fnUntraced(function* (
  options: Parameters<typeof openPage>[1] = {},
  account = "operator@northwind"
) {
  const { origin } = yield* Server
  const opened = yield* openPage(origin, options)
  yield* Effect.promise(() => signIn(opened.page, account))
  return opened
})

const field = (page: Page) => page.getByRole("combobox", { name: "Find a group by name" })
const chips = (page: Page) => page.locator("#selector-group .chip").allInnerTexts()
const offered = (page: Page) => page.locator("#group-options [role=option] .name").allInnerTexts()
const ids = (page: Page) => new URL(page.url()).searchParams.getAll("group")

describeBrowser("the directory selector", () => {
  layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("is used with the keyboard alone", () =>
      Effect.gen(function* () {
        const { page, problems } = yield* open()
        yield* Effect.promise(async () => {
          await page.goto(path)
          const box = field(page)
          await box.focus()
          await page.keyboard.type("fina")
          await page.locator("#group-options [role=option]").first().waitFor()
          assert.deepStrictEqual(await offered(page), ["Finance", "Finance by rule", "Finance Managers", "All Finance"])
          assert.strictEqual(await page.locator("#group-options mark").first().innerText(), "Fina")
          await assertAccessible(page)
          await page.keyboard.press("ArrowDown")
          await page.keyboard.press("ArrowDown")
          const active = await box.getAttribute("aria-activedescendant")
          assert.strictEqual(await page.locator(`#${active} .name`).innerText(), "Finance by rule")
          await page.keyboard.press("Enter")
          assert.deepStrictEqual(await chips(page), ["Finance by rule"])
          assert.strictEqual(await page.getByRole("status").innerText(), "Finance by rule added, 1 selected")
          assert.strictEqual(await box.getAttribute("aria-expanded"), "false")

          await page.keyboard.type("zur")
          await page.locator("#group-options mark", { hasText: "Zür" }).waitFor()
          await page.keyboard.press("Escape")
          assert.strictEqual(await page.locator("#group-options").isVisible(), false)
          await page.keyboard.press("ArrowUp")
          await page.locator("#group-options [role=option]").first().waitFor()
          await page.keyboard.press("ArrowUp")
          await page.keyboard.press("Enter")
          assert.deepStrictEqual(ids(page), ["dynamic", "group-3"])
          await page.keyboard.press("Backspace")
          assert.deepStrictEqual(ids(page), ["dynamic"])

          // The selection is in the address: it outlives a reload, with its label.
          await page.reload()
          assert.deepStrictEqual(await chips(page), ["Finance by rule"])
          await page.getByRole("link", { name: "Remove Finance by rule" }).focus()
          await page.keyboard.press("Enter")
          assert.deepStrictEqual([await chips(page), ids(page)], [[], []])
          assert.isTrue(await field(page).evaluate((element) => element === element.ownerDocument.activeElement))
        })
        assert.deepStrictEqual(problems, [])
      }).pipe(Effect.scoped)
    )

    it.effect("is used by touch on a phone, dark, with filters", () =>
      Effect.gen(function* () {
        const phone = {
          viewport: { width: 360, height: 740 },
          hasTouch: true,
          isMobile: true,
          colorScheme: "dark" as const
        }
        const { page, problems } = yield* open(phone)
        yield* Effect.promise(async () => {
          await page.goto(path)
          await field(page).tap()
          await field(page).pressSequentially("team 1")
          await page.locator("#group-options [role=option]").first().waitFor()
          await assertAccessible(page)
          await page.locator("#group-options [role=option]").first().tap()
          assert.deepStrictEqual(await chips(page), ["Team 1"])
          await page.getByText("Dynamic", { exact: true }).tap()
          await page.waitForURL(/group\.filter=dynamic/)
          assert.deepStrictEqual(await chips(page), ["Team 1"])
          assert.deepStrictEqual(await page.locator("#found-group .name").allInnerTexts(), ["Finance by rule"])
          await field(page).pressSequentially("fin")
          await page.locator("#group-options [role=option]").first().waitFor()
          assert.deepStrictEqual(await offered(page), ["Finance by rule"])
          const overflow = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
          assert.isFalse(overflow)
        })
        assert.deepStrictEqual(problems, [])
      }).pipe(Effect.scoped)
    )

    it.effect("works without JavaScript: search, filter, page, add and remove, both selectors side by side", () =>
      Effect.gen(function* () {
        const { page, problems } = yield* open({ javaScriptEnabled: false })
        yield* Effect.promise(async () => {
          await page.goto(`${path}?role=never-seen`)
          await page.getByLabel("Find a group by name").fill("team")
          await page.locator("#selector-group").getByRole("button", { name: "Search" }).click()
          await page.getByRole("link", { name: "More groups" }).click()
          assert.strictEqual(await page.locator("#found-group tbody tr").count(), 10)
          await page.getByRole("button", { name: "Add Team 2" }).first().click()
          await page.getByLabel("Dynamic").check()
          await page.getByLabel("Find a group by name").fill("")
          await page.locator("#selector-group").getByRole("button", { name: "Search" }).click()
          await page.getByRole("button", { name: "Add Finance by rule" }).click()
          assert.strictEqual((await chips(page)).length, 2)
          assert.include(await page.locator("#selector-role .chip").innerText(), "not known in the cache")
          await page.getByRole("link", { name: "Remove Finance by rule" }).click()
          assert.strictEqual((await chips(page)).length, 1)
          assert.deepStrictEqual(new URL(page.url()).searchParams.getAll("role"), ["never-seen"])
        })
        assert.deepStrictEqual(problems, [])
      }).pipe(Effect.scoped)
    )

    it.effect("gives the link of a sync at once, and what the sync brought without a reload", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const { page, problems } = yield* open()
        yield* graph.putGroup(tenant, fakeGroup({ id: "brand-new", displayName: "Aaa brand new" }))
        yield* graph.inject({ fault: Fault.latency(1_500), path: "/v1.0/groups/delta", times: 1 })
        yield* Effect.promise(async () => {
          await page.goto(path)
          await page.getByRole("button", { name: "Sync now for groups" }).click()
          const link = page.locator("#selector-group").getByRole("link", { name: "View running sync" })
          await link.waitFor()
          assert.match((await link.getAttribute("href")) ?? "", /\/admin\/operations\//)
          assert.include(page.url(), path)
          await page.locator("#found-group .name", { hasText: "Aaa brand new" }).waitFor()
          await page.getByRole("button", { name: "Sync now for groups" }).waitFor()
        })
        // Role definitions have a sync of their own.
        yield* Effect.promise(async () => {
          await page.getByRole("button", { name: "Sync now for role definitions" }).click()
          await page.locator("#found-role").getByText("Built-in").first().waitFor()
          await assertAccessible(page)
        })
        assert.deepStrictEqual(problems, [])
      }).pipe(Effect.scoped)
    )

    it.effect("says that it cannot search, and recovers", () =>
      Effect.gen(function* () {
        const { page } = yield* open()
        yield* Effect.promise(async () => {
          await page.goto(path)
          await page.route("**/configuration/group/options**", (route) => route.abort())
          await field(page).pressSequentially("fin")
          await page.getByText("Cannot search now").first().waitFor()
          await page.unroute("**/configuration/group/options**")
          // An answer that is overtaken is not shown.
          await page.route("**/options?group.query=fina", async (route) => {
            await new Promise((resolve) => setTimeout(resolve, 600))
            await route.continue()
          })
          await field(page).pressSequentially("a")
          await page.waitForTimeout(250)
          await field(page).pressSequentially("nce m")
          await page.locator("#group-options [role=option]").first().waitFor()
          await page.waitForTimeout(600)
          assert.deepStrictEqual(await offered(page), ["Finance Managers"])
        })
      }).pipe(Effect.scoped)
    )

    it.effect("keeps what many removals would hide, until somebody has confirmed them", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const server = yield* Server
        for (let n = 0; n < 30; n++) yield* graph.removeGroup(tenant, `team-${n}`)
        yield* completed(server, (yield* start(server, "contoso")).body.run.id)
        const reader = yield* open({}, "readonly@northwind")
        yield* Effect.promise(async () => {
          await reader.page.goto(path)
          assert.strictEqual(await reader.page.getByRole("link", { name: "Review the removal" }).count(), 0)
          const refused = await reader.page.goto(`${path}/removals/directory_groups.sync`)
          assert.strictEqual(refused?.status(), 403)
        })
        const { page, problems } = yield* open()
        yield* Effect.promise(async () => {
          await page.goto(`${path}?group=team-1`)
          await page.getByText("The directory no longer has 30 groups").waitFor()
          await assertAccessible(page)
          await page.getByRole("link", { name: "Review the removal" }).click()
          await page.getByRole("heading", { name: "Remove 30 groups of Contoso?" }).waitFor()
          await assertAccessible(page)
          await page.getByRole("button", { name: "Remove them with a sync" }).click()
          await page.waitForURL("**/admin/operations/*")
          await page.getByText("Succeeded", { exact: true }).first().waitFor()
          await page.goto(`${path}?group=team-1&group=team-39`)
          assert.deepStrictEqual(await chips(page), ["Team 1 (deleted)", "Team 39"])
          // Nothing is left to confirm.
          await page.goto(`${path}/removals/directory_groups.sync`)
          assert.match(page.url(), /configuration$/)
        })
        assert.deepStrictEqual(problems, [])
      }).pipe(Effect.scoped)
    )

    it.effect("looks the same to whoever asks for what is not there, and refuses input that is none", () =>
      Effect.gen(function* () {
        const { page } = yield* open()
        yield* Effect.promise(async () => {
          for (const unknown of [
            `${path}/nothing/options`,
            `${path}/removals/nothing`,
            "/admin/tenants/adatum/configuration"
          ]) {
            assert.strictEqual((await page.goto(unknown))?.status(), 404, unknown)
          }
          await page.goto(`${path}?group.cursor=nonsense`)
          await page.getByText("400").first().waitFor()
          await page.goto(path)
          for (const input of ["{", '{"confirmRemovals":0}', '{"confirmRemovals":"many"}']) {
            const status = await page.evaluate(async (wrong) => {
              const body = new URLSearchParams({ input: wrong })
              return (await fetch("/admin/tenants/contoso/operations/directory_groups.sync", { method: "POST", body }))
                .status
            }, input)
            assert.strictEqual(status, 422, input)
          }
        })
      }).pipe(Effect.scoped)
    )
  })
})
