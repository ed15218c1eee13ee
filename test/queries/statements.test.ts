import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { directory } from "./expected/directory.ts"
import type { Expected } from "./expected/Expected.ts"
import { graph } from "./expected/graph.ts"
import { intune } from "./expected/intune.ts"
import { legacy } from "./expected/legacy.ts"
import { operations } from "./expected/operations.ts"
import { replica } from "./expected/replica.ts"
import { wholes } from "./expected/wholes.ts"
import { Explained } from "./Explained.ts"
import { templates } from "./Templates.ts"

const expected: Expected = { ...operations, ...graph, ...replica, ...directory, ...intune, ...legacy }
const choices = (use: string) => use.split(" | ")

/** What is expected of a statement: of its case, or of whatever its service sends there. */
const keyOf = (name: string): string | undefined => {
  const [service = name] = name.split(", ")
  return [name, service].find((key) => Object.hasOwn(expected, key))
}

const short = (text: string) => text.replaceAll(/\s+/g, " ").trim().slice(0, 300)

layer(Explained.layer, { excludeTestServices: true, timeout: "5 minutes" })("the packages' statements", (it) => {
  it.effect("are all sent here: each template that they are written in", () =>
    Effect.gen(function* () {
      const explained = yield* Explained
      const written = templates()
      assert.isAbove(written.length, 200)
      assert.deepStrictEqual(
        written.filter((place) => !explained.templates.has(place)),
        []
      )
    })
  )

  it.effect("are all expected here, and nothing else is", () =>
    Effect.gen(function* () {
      const { statements } = yield* Explained
      const unexpected = statements.filter(({ name, touches }) => touches && keyOf(name) === undefined)
      assert.deepStrictEqual(
        unexpected.map(({ name, text }) => `${name}: ${short(text)}`),
        []
      )
      const sent = new Set(statements.map(({ name }) => keyOf(name)))
      assert.deepStrictEqual(
        Object.keys(expected).filter((key) => !sent.has(key)),
        []
      )
    })
  )

  it.effect("look things up in the indexes that are meant for them, however many rows there are", () =>
    Effect.gen(function* () {
      const { statements } = yield* Explained
      const wrong = statements.flatMap(({ name, text, uses }) => {
        const meant = (expected[keyOf(name) ?? ""] ?? []).flatMap(choices)
        return [...uses].filter((use) => !meant.includes(use)).map((use) => `${name} uses ${use}: ${short(text)}`)
      })
      assert.deepStrictEqual(wrong, [])
      const unused = Object.entries(expected).flatMap(([key, meant]) => {
        const used = new Set(statements.flatMap(({ name, uses }) => (keyOf(name) === key ? [...uses] : [])))
        return meant.filter((use) => !choices(use).some((choice) => used.has(choice))).map((use) => `${key}: ${use}`)
      })
      assert.deepStrictEqual(unused, [])
    })
  )

  it.effect("read from end to end only what there is a reason to", () =>
    Effect.sync(() => {
      const read = Object.values(expected)
        .flatMap((uses) => uses.flatMap(choices))
        .filter((use) => use.startsWith("all of "))
        .map((use) => use.slice("all of ".length))
      assert.deepStrictEqual([...new Set(read)].sort(), Object.keys(wholes).sort())
    })
  )
})
