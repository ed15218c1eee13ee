import type { Actor } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Confirmations } from "../src/shell/Confirmations.ts"
import { Host } from "../src/shell/Host.ts"

const ada: Actor = { id: "ada", kind: "user", name: "Ada" }
const confirmed = { runs: 3, tenant: "Contoso “North”" }
const secret = (text: string) =>
  Layer.effect(
    Host,
    Host.make({
      origin: "https://host.example",
      actorOf: () => null,
      tenantsOf: () => [],
      secret: Redacted.make(text.padEnd(32, "."))
    })
  )

layer(Confirmations.layer.pipe(Layer.provide(secret("one secret"))))("a confirmation", (it) => {
  it.effect("is what was shown, for an hour", () =>
    Effect.gen(function* () {
      const { open, seal } = yield* Confirmations
      const text = yield* seal("cancel", ada, confirmed)
      assert.deepStrictEqual(yield* open("cancel", ada, text), Option.some(confirmed))
      yield* TestClock.adjust("59 minutes")
      assert.isTrue(Option.isSome(yield* open("cancel", ada, text)))
      yield* TestClock.adjust("1 minute")
      assert.isTrue(Option.isNone(yield* open("cancel", ada, text)))
    })
  )

  it.effect("is none for another purpose or person, by another secret, or after any change", () =>
    Effect.gen(function* () {
      const { open, seal } = yield* Confirmations
      const text = yield* seal("cancel", ada, confirmed)
      assert.isTrue(Option.isNone(yield* open("remove", ada, text)))
      assert.isTrue(Option.isNone(yield* open("cancel", { ...ada, id: "bo" }, text)))
      const other = yield* Effect.provide(
        Confirmations,
        Layer.fresh(Confirmations.layer).pipe(Layer.provide(secret("another")))
      )
      assert.isTrue(Option.isNone(yield* open("cancel", ada, yield* other.seal("cancel", ada, confirmed))))
      for (let at = 0; at < text.length; at++) {
        const changed = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`
        assert.isTrue(Option.isNone(yield* open("cancel", ada, changed)), changed)
      }
      for (const cut of ["", ".", text.slice(0, -1), `${text}A`, `${text}.`, text.split(".")[0] ?? ""]) {
        assert.isTrue(Option.isNone(yield* open("cancel", ada, cut)), cut)
      }
    })
  )
})
