import { Effect, Schema } from "effect"
import { cleanJson } from "./Failure.ts"

/**
 * What a run found out, beside its counts and failures: of a kind that its type defines, in a version of that kind's form.
 * Readers go by both, and show what they do not know as it is.
 */
export const RunReport = Schema.StructWithRest(
  Schema.Struct({ kind: Schema.NonEmptyString, version: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)) }),
  [Schema.Record(Schema.String, Schema.Json)]
)
export type RunReport = typeof RunReport.Type

/** A report as JSON text, in bytes at most. */
const largest = 64 * 1024

const decode = Schema.decodeUnknownEffect(RunReport)
const encode = Schema.encodeSync(Schema.fromJsonString(RunReport))

/**
 * Writes a report as it is stored: sanitised, and such as Postgres can hold. One without kind or version, or with more than
 * 64 KiB, is a defect of its handler.
 *
 * @param report as the handler made it
 */
export const write = Effect.fnUntraced(function* (report: RunReport) {
  const text = encode(yield* decode(cleanJson(yield* decode(report))))
  return new TextEncoder().encode(text).length <= largest
    ? text
    : yield* Effect.die(`A run's report has more than ${largest} bytes`)
}, Effect.orDie)
