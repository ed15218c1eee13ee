import { assert, describe, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { type FailureReport, knownReasonCodes, type ReasonCode, Storable } from "../../src/index.ts"
import type { FailureSummary } from "../../src/run/Failure.ts"
import { clean, merge, observed, readSummary, writeSummary } from "../../src/run/Failure.ts"

const Report = Schema.Struct({
  code: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 80 })),
  message: Schema.String,
  at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  item: Schema.optionalKey(Schema.String)
})
const Reports = Schema.Array(Report).check(Schema.isMaxLength(120))

const codes: ReadonlyArray<ReasonCode> = [
  ...knownReasonCodes.filter((code) => code !== "further_failures"),
  ...Array.from({ length: 81 }, (_, n) => `ext.test.${n}` as const)
]

const observe = ({ code, message, at, item }: typeof Report.Type) =>
  observed(
    { reasonCode: codes[code] ?? "provider_unknown", message, ...(item === undefined ? {} : { item }) },
    DateTime.makeUnsafe(at)
  )

const oneByOne = (reports: ReadonlyArray<typeof Report.Type>) =>
  reports.reduce<FailureSummary>((summary, report) => merge(summary, [observe(report)]), [])

const total = (summary: FailureSummary) => summary.reduce((sum, { count }) => sum + count, 0)
const counts = (summary: FailureSummary) =>
  Object.fromEntries(summary.map(({ reasonCode, count }) => [reasonCode, count]))

describe("a summary of failures", () => {
  it.prop(
    "counts each failure, keeps its bounds, and knows the first and the last",
    { reports: Reports },
    ({ reports }) => {
      for (const summary of [merge(reports.map(observe)), oneByOne(reports)]) {
        assert.strictEqual(total(summary), reports.length)
        assert.isAtMost(summary.length, 50)
        for (const { reasonCode, message, firstAt, lastAt, samples } of summary) {
          const times = reports.filter(({ code }) => codes[code] === reasonCode).map(({ at }) => at)
          assert.isTrue(firstAt !== null && lastAt !== null && DateTime.isLessThanOrEqualTo(firstAt, lastAt))
          if (times.length > 0 && summary.length < 50) {
            assert.deepStrictEqual(
              [firstAt, lastAt].map((at) => at && DateTime.toEpochMillis(at)),
              [Math.min(...times), Math.max(...times)]
            )
          }
          assert.isTrue(samples.length >= 1 && samples.length <= 5)
          assert.strictEqual(new Set(samples.map((sample) => JSON.stringify(sample))).size, samples.length)
          for (const text of [message, ...samples.map((sample) => sample.message)]) {
            assert.isTrue(text.length <= 500 && Storable.is(text))
          }
        }
      }
    }
  )

  it.prop("counts the same in whatever order failures come", { reports: Reports }, ({ reports }) => {
    const summary = merge(reports.map(observe))
    assert.deepStrictEqual(counts(merge(reports.toReversed().map(observe))), counts(summary))
    if (summary.length < 50) assert.deepStrictEqual(counts(oneByOne(reports)), counts(summary))
  })

  it.prop(
    "is read as it was written, and merging it with nothing changes nothing",
    { reports: Reports },
    ({ reports }) => {
      const summary = oneByOne(reports)
      assert.deepStrictEqual(merge(summary), summary)
      assert.deepStrictEqual(readSummary(writeSummary(summary)), summary)
    }
  )

  it("names, beyond fifty reasons, those that it puts together", () => {
    const at = DateTime.makeUnsafe(0)
    const summary = merge(
      Array.from({ length: 60 }, (_, n) => 59 - n).flatMap((n) =>
        Array.from({ length: 60 - n }, () => observed({ reasonCode: `ext.test.${n}`, message: "No." }, at))
      )
    )
    const last = summary.at(-1)
    assert.deepStrictEqual([summary.length, last?.reasonCode, last?.count], [50, "further_failures", (11 * 12) / 2])
    assert.strictEqual(last?.samples[0]?.message, "ext.test.49: No.")
    assert.deepStrictEqual(merge(summary, summary).length, 50)
    assert.strictEqual(total(merge(summary, summary)), 2 * total(summary))
  })

  it("shows the newest message of a reason", () => {
    const report = (message: string): FailureReport => ({ reasonCode: "provider_conflict", message })
    const [first, second] = [1, 2].map((at) => observed(report(`at ${at}`), DateTime.makeUnsafe(at)))
    assert.strictEqual(merge([first!], [second!])[0]?.message, "at 2")
    assert.strictEqual(merge([second!], [first!])[0]?.message, "at 2")
  })

  it("does not claim to know when the first one was, if an older version counted some", () => {
    const [old] = readSummary('[{"reasonCode":"throttled","message":"Slow.","count":2}]')
    const [merged] = merge(
      [old!],
      [observed({ reasonCode: "provider_throttled", message: "New." }, DateTime.makeUnsafe(9))]
    )
    assert.deepStrictEqual(
      [merged?.count, merged?.firstAt, merged?.lastAt, merged?.message],
      [3, null, DateTime.makeUnsafe(9), "New."]
    )
  })

  it("cuts a text behind the sanitiser, and never within what the sanitiser says", () => {
    const long = `${"x".repeat(480)} password=hunter2hunter2 and more`
    assert.strictEqual(clean(long), `${"x".repeat(480)} password=`)
    assert.strictEqual(clean(`${"x".repeat(480)} bearer abc1234567890`).includes("abc1"), false)
    assert.strictEqual(clean("a\\0b"), "a\\0b")
    assert.strictEqual(clean("a\0b \ud83d"), "ab \ufffd")
  })

  it("keeps the permissions that are missing, few and without secrets, and reads what it wrote", () => {
    const token =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    const names = [...Array.from({ length: 30 }, (_, n) => `Policy${n}.Read.All`), token, "x".repeat(5_000)]
    const summary = merge(
      names.map((missingPermission) =>
        observed(
          { reasonCode: "provider_permission_denied", message: "No.", missingPermission },
          DateTime.makeUnsafe(0)
        )
      )
    )
    const kept = summary[0]?.missingPermissions ?? []
    assert.strictEqual(kept.length, 10)
    const alone = names
      .slice(-2)
      .map((missingPermission) =>
        observed(
          { reasonCode: "provider_permission_denied", message: "No.", missingPermission },
          DateTime.makeUnsafe(0)
        )
      )
    for (const name of [...kept, ...merge(alone).flatMap(({ missingPermissions = [] }) => missingPermissions)]) {
      assert.isAtMost(name.length, 200)
      assert.notInclude(name, "eyJ")
    }
    assert.deepStrictEqual(readSummary(writeSummary(summary)), summary)
    assert.notProperty(
      merge([observed({ reasonCode: "provider_conflict", message: "" }, DateTime.makeUnsafe(0))])[0],
      "missingPermissions"
    )
  })
})
