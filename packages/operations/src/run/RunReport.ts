/**
 * What a run found, for people, beside its counts and failures. A handler stores one with `report`; a newer one replaces it.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { cleanJson } from "./Failure.ts"

/**
 * A report: JSON of a kind that its operation defines, in a version of that kind's form. Readers tell reports apart by both,
 * and show one that they do not know as it is.
 */
export const RunReport = Schema.StructWithRest(
  Schema.Struct({ kind: Schema.NonEmptyString, version: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)) }),
  [Schema.Record(Schema.String, Schema.Json)]
)
export type RunReport = typeof RunReport.Type

/** The largest report as JSON text, in bytes. */
const largest = 64 * 1024

const decode = Schema.decodeUnknownEffect(RunReport)
const encode = Schema.encodeSync(Schema.fromJsonString(RunReport))

/**
 * Encodes a report as it is stored: redacted, and storable by Postgres. A report without kind or version, or with more than 64
 * KiB, is a defect of its handler.
 */
export const write = Effect.fnUntraced(function* (report: RunReport) {
  const text = encode(yield* decode(cleanJson(yield* decode(report))))
  return new TextEncoder().encode(text).length <= largest
    ? text
    : yield* Effect.die(`A run's report has more than ${largest} bytes`)
}, Effect.orDie)
