import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { AxeResults } from "axe-core"
import type { BrowserContextOptions, Page } from "playwright-core"
import { Browser } from "./Browser.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** What axe finds on a page: nothing serious. */
export const assertAccessible = async (page: Page): Promise<void> => {
  await page.evaluate(axe)
  const { violations } = await page.evaluate<Pick<AxeResults, "violations">>("axe.run()")
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical")
  assert.deepStrictEqual(
    serious.map(({ id }) => id),
    [],
    page.url()
  )
}

/**
 * A window of its own that reports every error, and every request that leaves the server.
 *
 * @param origin the server's
 * @param options size, theme, script and so on
 */
export const openPage = Effect.fnUntraced(function* (origin: string, options: BrowserContextOptions = {}) {
  const browser = yield* Browser
  const problems: Array<string> = []
  const context = yield* Effect.acquireRelease(
    Effect.promise(() => browser.newContext({ baseURL: origin, ...options })),
    (opened) => Effect.promise(() => opened.close())
  )
  const page = yield* Effect.promise(() => context.newPage())
  page.setDefaultTimeout(60_000)
  page.on("pageerror", (error) => problems.push(error.message))
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()))
  page.on("request", (request) => request.url().startsWith(origin) || problems.push(`request to ${request.url()}`))
  return { page, problems }
})

/** Signs in as one of the demonstration's people. */
export const signIn = async (page: Page, account: string): Promise<void> => {
  await page.goto("/")
  await page.locator(`button[value="${account}"]`).click()
  await page.waitForURL("**/admin/tenants")
}
