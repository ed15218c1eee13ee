import {
  as,
  assertAccessible,
  Browser,
  call,
  describeBrowser,
  openPage,
  signIn,
  start,
  startServer,
  TestDatabase
} from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"

const tenant = "/admin/tenants/contoso"

describeBrowser("every page", () => {
  layer(Layer.merge(Browser.layer, TestDatabase.layer), { excludeTestServices: true, timeout: "120 seconds" })((it) => {
    it.effect("is whole with and without a script, light and dark, wide and on a phone", () =>
      Effect.gen(function* () {
        const server = yield* startServer({ ATLAS_ROLE: "web" })
        const queued = (yield* start(server, "contoso")).body.run.id
        const blocked = (yield* start(server, "fabrikam")).body.run.id
        const paths: ReadonlyArray<readonly [path: string, heading: string]> = [
          ["/admin/tenants", "Tenants"],
          [tenant, "Contoso"],
          [`${tenant}/configuration`, "Configuration"],
          [`${tenant}/inventory`, "Inventory"],
          [`${tenant}/backup-schedules`, "Backup schedules"],
          [`${tenant}/backups`, "Backups"],
          [`${tenant}/restores`, "Restores"],
          [`${tenant}/drift`, "Drift"],
          [`${tenant}/history`, "Earlier history"],
          ["/admin/legacy/entra_group_sync_runs/77777777-0000-4000-8000-000000000003", "Groups sync"],
          ["/admin/operations", "Operations"],
          ["/admin/operations?status=completed&outcome=blocked&actor=operator@northwind&from=2026-01-01", "Operations"],
          ["/admin/operations?to=2020-01-01", "Operations"],
          ["/admin/operations/cancel?tenant=contoso", "Cancel 1 run?"],
          [`/admin/operations/${queued}`, "Sync groups"],
          [`/admin/operations/${queued}/cancel`, "Cancel this run?"],
          [`/admin/operations/${blocked}`, "Sync groups"],
          ["/admin/operations/nothing", "There is nothing here, or nothing you may see."],
          ["/api", "API"]
        ]
        for (const options of [
          { viewport: { width: 1280, height: 900 } },
          { viewport: { width: 380, height: 800 }, colorScheme: "dark", hasTouch: true },
          { viewport: { width: 1280, height: 900 }, javaScriptEnabled: false }
        ] as const) {
          const { page, problems } = yield* openPage(server.origin, options)
          yield* Effect.promise(async () => {
            await signIn(page, "operator@northwind")
            for (const [path, heading] of paths) {
              await page.goto(path)
              assert.include(await page.locator("h1").first().textContent(), heading, path)
              if (!("javaScriptEnabled" in options)) await assertAccessible(page)
              const overflow = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth)
              assert.isAtMost(overflow, 0, `${path} is as wide as the window`)
            }
          })
          // The page of what does not exist is a 404, of which browsers tell.
          assert.deepStrictEqual(
            problems.filter((problem) => !problem.includes("404")),
            []
          )
        }
      }).pipe(Effect.scoped)
    )

    it.effect("of many runs cancels them all, with a script by itself", () =>
      Effect.gen(function* () {
        const server = yield* startServer({ ATLAS_ROLE: "web" })
        const { page, problems } = yield* openPage(server.origin)
        yield* start(server, "contoso")
        yield* Effect.promise(async () => {
          await signIn(page, "operator@northwind")
          await page.goto("/admin/operations?tenant=contoso")
          await page.getByRole("link", { name: "Cancel them…" }).click()
          await page.getByRole("button", { name: /^Cancel \d+ runs?$/ }).click()
          await page.getByRole("heading", { name: /asked to stop$/ }).waitFor()
          await page.getByRole("link", { name: "Back to the runs" }).click()
          await page.getByText("Cancelled").first().waitFor()
        })
        const { body } = yield* call(server, "/api/v1/operations?status=active&tenant=contoso", {
          headers: as("operator@northwind")
        })
        assert.deepStrictEqual(body.runs, [])
        assert.deepStrictEqual(problems, [])
      }).pipe(Effect.scoped)
    )
  })
})
