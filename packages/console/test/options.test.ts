import { hostileValues } from "@atlas/test"
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, Redacted } from "effect"
import { Host, type HostOptions } from "../src/shell/Host.ts"

const valid: HostOptions = {
  origin: "https://host.example",
  basePath: "/ops/atlas",
  actorOf: () => null,
  tenantsOf: () => [],
  secret: "a secret of at least 32 characters"
}

const problemsOf = (options: unknown) =>
  Effect.map(Effect.exit(Host.make(options as HostOptions)), (exit) => {
    if (Exit.isSuccess(exit)) return []
    const error = Cause.squash(exit.cause) as {
      readonly _tag: string
      readonly errors: ReadonlyArray<{ pointer: string }>
    }
    assert.strictEqual(error._tag, "InvalidInput", Cause.pretty(exit.cause))
    return error.errors.map(({ pointer }) => pointer)
  })

it.effect("refuses what makes no sense, by its name", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* problemsOf(valid), [])
    const cases: ReadonlyArray<readonly [options: object, pointer: string]> = [
      [{ origin: "https://host.example/" }, "/options/origin"],
      [{ origin: "host.example" }, "/options/origin"],
      [{ basePath: "ops" }, "/options/basePath"],
      [{ basePath: "/ops/" }, "/options/basePath"],
      [{ basePath: "/:ops" }, "/options/basePath"],
      [{ basePath: "/" }, "/options/basePath"],
      [{ actorOf: "ada" }, "/options/actorOf"],
      [{ secret: "short" }, "/options/secret"],
      [{ startsPerMinute: 0 }, "/options/startsPerMinute"],
      [{ base: "/ops" }, "/options/base"]
    ]
    for (const [change, pointer] of cases)
      assert.deepStrictEqual(yield* problemsOf({ ...valid, ...change }), [pointer], JSON.stringify(change))
  })
)

it.effect("says what a secret has to be, and never what it was", () =>
  Effect.gen(function* () {
    const detail = "Expected a text of at least 32 characters: a string, or a Redacted string"
    for (const secret of [42, "short", Redacted.make(42), Redacted.make("short")]) {
      const options: unknown = { ...valid, secret }
      const { errors } = yield* Effect.flip(Host.make(options as HostOptions))
      assert.deepStrictEqual(
        errors.map((problem) => [problem.pointer, problem.detail]),
        [["/options/secret", detail]]
      )
    }
    assert.deepStrictEqual(yield* problemsOf({ ...valid, secret: Redacted.make(valid.secret) }), [])
  })
)

it.effect("refuses whatever else it is given, with a type", () =>
  Effect.gen(function* () {
    for (const [what, value] of Object.entries(hostileValues)) {
      assert.isNotEmpty(yield* problemsOf(value), what)
      for (const name of Object.keys(valid)) yield* problemsOf({ ...valid, [name]: value })
    }
  })
)
