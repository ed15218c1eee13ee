import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Browser, describeBrowser } from "@atlas/test"

describeBrowser("Browser", () => {
  layer(Browser.layer, { timeout: "30 seconds" })((it) => {
    it.effect("renders a page", () =>
      Effect.gen(function* () {
        const browser = yield* Browser
        const title = yield* Effect.promise(async () => {
          const page = await browser.newPage()
          await page.setContent("<title>Atlas</title>")
          return page.title()
        })
        assert.strictEqual(title, "Atlas")
      })
    )
  })
})
