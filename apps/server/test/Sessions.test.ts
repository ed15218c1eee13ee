import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { ServerSecret } from "../src/ServerSecret.ts"
import { Sessions } from "../src/Sessions.ts"
import { Settings } from "../src/Settings.ts"

const sessions = (secret: string, env: Record<string, string> = {}) =>
  Sessions.layer.pipe(
    Layer.provide(Layer.succeed(ServerSecret, Redacted.make(secret))),
    Layer.provide(Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))),
    Layer.fresh
  )

const open = Sessions.use((service) => service.open("operator@northwind"))
const accountOf = (cookie: string) => Sessions.use((service) => service.account(cookie))
const cookieOf = (header: string) => header.split(";")[0] ?? ""

describe("Sessions", () => {
  it.effect("know whom they signed in, for twelve hours", () =>
    Effect.gen(function* () {
      const header = yield* open
      assert.match(header, /HttpOnly/)
      assert.match(header, /SameSite=Lax/)
      assert.deepStrictEqual(yield* accountOf(cookieOf(header)), Option.some("operator@northwind"))
      yield* TestClock.adjust("12 hours")
      assert.deepStrictEqual(yield* accountOf(cookieOf(header)), Option.none())
    }).pipe(Effect.provide(sessions("s".repeat(32))))
  )

  it.effect("of the development sign-in end where Entra ID is configured, and those of one directory in another", () =>
    Effect.gen(function* () {
      const secret = "s".repeat(32)
      const entra = (tenant: string) => ({
        ATLAS_ENTRA_TENANT_ID: `33333333-0000-4000-8000-00000000000${tenant}`,
        ATLAS_ENTRA_CLIENT_ID: "client",
        ATLAS_ENTRA_CLIENT_SECRET: "secret"
      })
      const [development, one, other] = [sessions(secret), sessions(secret, entra("1")), sessions(secret, entra("2"))]
      for (const [from, to] of [
        [development, one],
        [one, development],
        [one, other]
      ] as const) {
        const cookie = cookieOf(yield* Effect.provide(open, from))
        assert.isTrue(Option.isSome(yield* Effect.provide(accountOf(cookie), from)))
        assert.deepStrictEqual(yield* Effect.provide(accountOf(cookie), to), Option.none())
      }
    })
  )

  it.effect("are refused when changed, foreign or malformed", () =>
    Effect.gen(function* () {
      const foreign = yield* open.pipe(Effect.provide(sessions("t".repeat(32))))
      const own = cookieOf(yield* open)
      const changed = own.replace("operator", "manager")
      assert.notStrictEqual(changed, own)
      for (const cookie of [cookieOf(foreign), changed, "atlas_session=x", "atlas_session=", ""]) {
        assert.deepStrictEqual(yield* accountOf(cookie), Option.none(), cookie)
      }
    }).pipe(Effect.provide(sessions("s".repeat(32))))
  )

  it.effect("are sent over https only where the server is reached by it", () =>
    Effect.gen(function* () {
      assert.match(yield* open, /Secure/)
    }).pipe(Effect.provide(sessions("s".repeat(32), { ATLAS_PUBLIC_URL: "https://atlas.example.com" })))
  )
})
