import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  assertAccessible,
  atlasWith,
  Browser,
  describeBrowser,
  openPage,
  signIn,
  startServer,
  TestDatabase
} from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"

const folder = Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-values-")))

const wifi = {
  "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
  id: "wifi",
  displayName: "Office Wi-Fi",
  ssid: "Office",
  networkName: "Office",
  wifiSecurityType: "wpa2Personal",
  preSharedKey: "****"
}

describeBrowser("values that a policy lacks", () => {
  layer(Layer.merge(Browser.layer, TestDatabase.layer), { excludeTestServices: true, timeout: "120 seconds" })((it) => {
    it.effect("are entered on the page of a plan, which leads to a plan that has them", () =>
      Effect.gen(function* () {
        const settings = { ATLAS_SECRET: "one secret of more than 32 bytes, for both" }
        const server = yield* startServer(settings)
        const files = yield* folder
        const file = join(files, "deviceManagement.deviceConfigurations.json")
        yield* Effect.promise(() => writeFile(file, JSON.stringify([wifi])))
        const imported = yield* atlasWith(settings, "backup", "import", files, "--tenant", "contoso")
        assert.strictEqual(imported.code, 0, imported.stderr)
        const { page, problems } = yield* openPage(server.origin)
        yield* Effect.promise(async () => {
          await signIn(page, "manager@northwind")
          await page.goto("/admin/tenants/contoso/backups")
          await page.getByRole("link", { name: /^Import/ }).click()
          await page.getByLabel("Choose Office Wi-Fi").check()
          await page.getByRole("button", { name: "Plan to restore what is chosen" }).click()
          const value = page.getByLabel("preSharedKey")
          await value.waitFor()
          const address = page.url()
          await assertAccessible(page)
          const send = page.getByRole("button", { name: "Plan a restore of these policies" })
          await send.click()
          await page.getByText("Enter all the values of at least one policy.").waitFor()
          await value.fill("a key that somebody knows")
          await send.click()
          await page.getByText("1 policy to create").first().waitFor()
          const { pathname, search } = new URL(page.url())
          assert.match(pathname, /\/restores\/[^/]+$/)
          assert.notStrictEqual(pathname, new URL(address).pathname)
          assert.strictEqual(search, "")
          assert.strictEqual(await page.locator('input[type="password"]').count(), 0)
          // Neither the way back nor a reload shows what was entered.
          await page.goto(address)
          assert.strictEqual(await value.inputValue(), "")
        })
        assert.deepStrictEqual(
          problems.filter((problem) => !problem.includes("422")),
          []
        )
      }).pipe(Effect.scoped)
    )
  })
})
