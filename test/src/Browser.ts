import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { Context, Effect, Layer } from "effect"
import * as Playwright from "playwright-core"
import { describe } from "vitest"

const isExecutable = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const directories = ["/usr/bin", ...(process.env["PATH"] ?? "").split(delimiter)]
const executablePath = directories.map((directory) => join(directory, "chromium")).find(isExecutable)

const launch = Effect.suspend(() =>
  executablePath === undefined
    ? Effect.die("No Chromium found: install the system's package `chromium`.")
    : Effect.promise(() =>
        Playwright.chromium.launch({
          executablePath,
          args: [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync"
          ]
        })
      )
)

/** The system's Chromium, closed with the layer. */
export class Browser extends Context.Service<Browser, Playwright.Browser>()("@atlas/test/Browser") {
  static readonly layer = Layer.effect(
    Browser,
    Effect.acquireRelease(launch, (browser) => Effect.promise(() => browser.close()))
  )
}

const skips = executablePath === undefined && process.env["CI"] !== "true"
if (skips) console.warn("Browser tests are skipped: no Chromium found.")

/** `describe` for browser tests: skipped where there is no Chromium, except with `CI=true`, where they fail. */
export const describeBrowser: typeof describe.skip = skips ? describe.skip : describe
