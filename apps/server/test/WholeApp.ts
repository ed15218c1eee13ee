import { NodeHttpClient } from "@effect/platform-node"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { AtlasApi } from "../src/AtlasApi.ts"
import * as ConsoleHost from "../src/ConsoleHost.ts"
import { EntraId } from "../src/EntraId.ts"
import { SignIn } from "../src/SignIn.ts"
import * as RateLimits from "../src/RateLimits.ts"
import { Sessions } from "../src/Sessions.ts"
import { Settings } from "../src/Settings.ts"
import { SignInAttempts } from "../src/SignInAttempts.ts"
import { makeApp } from "../src/WebApp.ts"
import { foundation } from "./Pages.ts"

/** Where browsers reach the application. */
export const publicUrl = "http://127.0.0.1:3000"

const settings = Settings.layer.pipe(
  Layer.provide(
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: { PORT: "3000", ATLAS_STARTS_PER_MINUTE: "1000000" } }))
  )
)

const people = Layer.mergeAll(Sessions.layer, SignInAttempts.layer, EntraId.layer).pipe(
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provideMerge(settings)
)

/** What the whole application stands on: real sessions and settings, the demonstration data, no worker. */
export const whole = Layer.mergeAll(ConsoleHost.layer, RateLimits.layer, Logger.layer([])).pipe(
  Layer.provideMerge(SignIn.layer),
  Layer.provideMerge(people),
  Layer.provideMerge(foundation)
)

/** What stands in place of the names in paths. */
export const names: Readonly<Record<string, string>> = {
  tenant: "contoso",
  workspace: "northwind",
  type: "test.check",
  run: "01920000-0000-7000-8000-000000000000",
  table: "inventory_sync_runs",
  id: "77777777-0000-4000-8000-000000000001"
}

/** Each path that something answers, as it was registered: pages and files of Hono, endpoints of the API. */
export const registered = (
  routes: ReadonlyArray<{ readonly path: string }>,
  own: Readonly<Record<string, string>> = {}
): ReadonlyArray<string> => {
  const endpoints = Object.values(AtlasApi.groups).flatMap(({ endpoints: all }) =>
    Object.values(all).map(({ path }) => path)
  )
  const paths = [...routes.map(({ path }) => path), ...endpoints].filter((path) => !path.includes("*"))
  return [...new Set(paths)].map((path) =>
    path.replaceAll(/:(\w+)/g, (_: string, name: string) => own[name] ?? names[name] ?? "x")
  )
}

/** Sends requests to the application as this machine's browsers do. */
export const browser = Effect.gen(function* () {
  const app = yield* makeApp
  const { open } = yield* Sessions
  const peer = { incoming: { socket: { remoteAddress: "127.0.0.1", remotePort: 1, remoteFamily: "IPv4" } } }
  const send = (path: string, init: RequestInit = {}) =>
    Effect.promise(async () => {
      const headers = { host: "127.0.0.1:3000", ...(init.headers as Record<string, string>) }
      const response = await app.fetch(new Request(`${publicUrl}${path}`, { ...init, headers }), peer)
      return { status: response.status, headers: response.headers, text: await response.text() }
    })
  const cookieOf = (account: string) => Effect.map(open(account), (cookie) => cookie.split(";")[0] ?? "")
  return { routes: app.routes, send, cookieOf }
})
