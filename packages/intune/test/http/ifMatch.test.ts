import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type SeenVersion, ScheduleChanged } from "../../src/index.ts"
import { ifMatch } from "../../src/http/ifMatch.ts"

const now = 4

/** A change of a schedule that has version 4. */
const change = (seen: SeenVersion) =>
  seen === "any" || seen === now
    ? Effect.succeed(seen)
    : Effect.fail(new ScheduleChanged({ detail: "…", version: now, changed: seen > now ? [] : ["cron"] }))

const refusalOf = (header?: string) => Effect.flip(ifMatch(header === undefined ? {} : { "if-match": header }, change))

describe("If-Match", () => {
  it.effect.each([
    ['"4"', 4],
    ['"1", "4"', 4],
    [' "9" ,, "4","1"', 4],
    ['"x", "4"', 4],
    ["*", "any"],
    [" * ", "any"]
  ] as const)("of %s makes the change", ([header, seen]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ifMatch({ "if-match": header }, change), seen)
    })
  )

  it.effect.each(["garbage", "4", "", " ", ",", '"4', '4"', '"4" x', '"4"; "5"', 'w/"4"', "'4'", '*, "4"', '"a b"'])(
    "of %s is refused as malformed, and says what an ETag looks like",
    (header) =>
      Effect.gen(function* () {
        const refusal = yield* refusalOf(header)
        assert(refusal._tag === "InvalidInput")
        assert.strictEqual(refusal.status, 422)
        assert.strictEqual(refusal.errors[0]?.pointer, "/headers/if-match")
        assert.match(refusal.errors[0]?.detail ?? "", /in its quotes, such as "3"/)
      })
  )

  it.effect.each(['"5"', '"0"', '"7", "5"', '"four"', 'W/"4"', '""', '"99999999999"'])(
    "of %s, which never was a version, blames nobody",
    (header) =>
      Effect.gen(function* () {
        const refusal = yield* refusalOf(header)
        assert(refusal._tag === "ScheduleVersionUnknown")
        assert.deepStrictEqual(
          [refusal.status, refusal.title, refusal.version, refusal.changed],
          [412, "The schedule never had the version that was sent.", 4, []]
        )
        assert.match(refusal.detail ?? "", /^It has version 4 now\. It never had .* its ETag looks like "4"\.$/)
      })
  )

  it.effect.each(['"1"', '"3", "2"', '"9", "3"'])("of %s, which was a version, says what was changed", (header) =>
    Effect.gen(function* () {
      const refusal = yield* refusalOf(header)
      assert(refusal._tag === "ScheduleChanged")
      assert.deepStrictEqual(
        [refusal.title, refusal.changed],
        ["Somebody else changed the schedule meanwhile.", ["cron"]]
      )
    })
  )

  it.effect("has to be sent", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* refusalOf())._tag, "PreconditionRequired")
    })
  )
})
