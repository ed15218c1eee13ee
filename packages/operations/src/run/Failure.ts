import { DateTime, Schema } from "effect"
import { ReasonCode } from "./ReasonCode.ts"
import { sanitise } from "../text/Sanitiser.ts"
import { storable } from "../text/StorableText.ts"

/** One case of a failure. */
export const FailureSample = Schema.Struct({
  message: Schema.String,
  /** Graph's `request-id`, for Microsoft's support. */
  requestId: Schema.optionalKey(Schema.String),
  /** Name or id of what failed. */
  item: Schema.optionalKey(Schema.String)
})
export type FailureSample = typeof FailureSample.Type

// Older versions did not note the times.
const Instant = Schema.NullOr(Schema.DateTimeUtcFromString)

/** What failed within a run for one reason, in all its attempts: how often, when, and some examples. Holds nothing secret. */
export const Failure = Schema.Struct({
  reasonCode: ReasonCode,
  /** The newest failure's message. */
  message: Schema.String,
  count: Schema.Int,
  firstAt: Instant,
  lastAt: Instant,
  /** Up to five that differ. */
  samples: Schema.Array(FailureSample),
  /** The permissions that the app lacks, where that is why; up to ten. */
  missingPermissions: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Failure = typeof Failure.Type

/** Failures by reason, the most frequent first; at most fifty. */
export type FailureSummary = ReadonlyArray<Failure>

/** Something failed: a run's attempt, or one item that the run works on. A `GraphError` is one. */
export interface FailureReport {
  readonly reasonCode: ReasonCode
  /** A sentence for people. */
  readonly message: string
  /** Graph's `request-id`, for Microsoft's support. */
  readonly requestId?: string
  /** Short name or id of what failed. */
  readonly item?: string
  /** The permission that the app lacks, such as `Group.Read.All`, where that is why. */
  readonly missingPermission?: string
}

const longestMessage = 500
const longestName = 200
const mostReasons = 50
const mostSamples = 5
const mostPermissions = 10

/**
 * Text that may be stored and shown: sanitised, no longer than the limit, and such as Postgres can hold.
 *
 * @param text anything
 * @param limit in characters
 */
export const clean = (text: string, limit = longestMessage): string => {
  const whole = sanitise(storable(text))
  if (whole.length <= limit) return whole
  const cut = whole.slice(0, limit)
  const open = cut.lastIndexOf("[removed: ")
  return storable(cut.indexOf("]", open) === -1 && open !== -1 ? cut.slice(0, open) : cut)
}

const longestText = 2_000

/**
 * JSON of which every text and name may be stored and shown.
 *
 * @param value anything
 */
export const cleanJson = (value: Schema.Json): Schema.Json => {
  if (typeof value === "string") return clean(value, longestText)
  if (Array.isArray(value)) return value.map(cleanJson)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [clean(name), cleanJson(member)]))
}

/**
 * One failure as a summary shows it.
 *
 * @param report what failed; its texts are cleaned
 * @param at when
 */
export const observed = (report: FailureReport, at: DateTime.Utc): Failure => {
  const message = clean(report.message)
  const sample: FailureSample = {
    message,
    ...(report.requestId === undefined ? {} : { requestId: clean(report.requestId, longestName) }),
    ...(report.item === undefined ? {} : { item: clean(report.item, longestName) })
  }
  return {
    reasonCode: report.reasonCode,
    message,
    count: 1,
    firstAt: at,
    lastAt: at,
    samples: [sample],
    ...lacking(report.missingPermission === undefined ? [] : [clean(report.missingPermission, longestName)])
  }
}

const lacking = (permissions: ReadonlyArray<string>): Pick<Failure, "missingPermissions"> => {
  const missingPermissions = [...new Set(permissions)].sort().slice(0, mostPermissions)
  return missingPermissions.length === 0 ? {} : { missingPermissions }
}

const isEqual = (a: FailureSample, b: FailureSample) =>
  a.message === b.message && a.requestId === b.requestId && a.item === b.item

const combine = (a: Failure, b: Failure): Failure => ({
  reasonCode: a.reasonCode,
  message: a.lastAt !== null && b.lastAt !== null && DateTime.isGreaterThan(a.lastAt, b.lastAt) ? a.message : b.message,
  count: a.count + b.count,
  // Where one is unknown, the first one of all is.
  firstAt: a.firstAt && b.firstAt && DateTime.min(a.firstAt, b.firstAt),
  lastAt: a.lastAt && b.lastAt ? DateTime.max(a.lastAt, b.lastAt) : (a.lastAt ?? b.lastAt),
  samples: [...a.samples, ...b.samples.filter((sample) => !a.samples.some((known) => isEqual(known, sample)))].slice(
    0,
    mostSamples
  ),
  ...lacking([...(a.missingPermissions ?? []), ...(b.missingPermissions ?? [])])
})

const further = "further_failures"

const asFurther = (failure: Failure): Failure => ({
  ...failure,
  reasonCode: further,
  message: `More reasons than the ${mostReasons - 1} most frequent ones. The samples name theirs.`,
  samples: failure.samples.map((sample) => ({ ...sample, message: clean(`${failure.reasonCode}: ${sample.message}`) }))
})

/**
 * Puts failures together by reason. Beyond fifty reasons the rarest become one entry, `further_failures`; nothing that
 * was counted is lost.
 *
 * @param summaries earlier ones first
 */
export const merge = (...summaries: ReadonlyArray<FailureSummary>): FailureSummary => {
  const byReason = new Map<ReasonCode, Failure>()
  for (const failure of summaries.flat()) {
    const known = byReason.get(failure.reasonCode)
    byReason.set(failure.reasonCode, known === undefined ? failure : combine(known, failure))
  }
  const rest = byReason.get(further)
  byReason.delete(further)
  const named = [...byReason.values()].sort((a, b) => b.count - a.count || (a.reasonCode < b.reasonCode ? -1 : 1))
  if (rest === undefined && named.length <= mostReasons) return named
  const folded = [...(rest === undefined ? [] : [rest]), ...named.slice(mostReasons - 1).map(asFurther)]
  return [...named.slice(0, mostReasons - 1), folded.reduce(combine)]
}

/** A summary as JSON text. */
const Stored = Schema.fromJsonString(
  Schema.Array(
    Schema.Struct({
      ...Failure.fields,
      firstAt: Schema.optionalKey(Instant),
      lastAt: Schema.optionalKey(Instant),
      samples: Schema.optionalKey(Failure.fields.samples),
      requestId: Schema.optionalKey(Schema.String)
    })
  )
)
const decode = Schema.decodeUnknownSync(Stored)

/**
 * Reads a stored summary, also one of a version that kept neither times nor samples.
 *
 * @param json as stored
 */
export const readSummary = (json: string): FailureSummary =>
  merge(
    decode(json).map(({ requestId, firstAt = null, lastAt = null, samples, ...failure }) => ({
      ...failure,
      firstAt,
      lastAt,
      samples: samples ?? (requestId === undefined ? [] : [{ message: failure.message, requestId }])
    }))
  )

/**
 * Writes a summary as it is stored.
 *
 * @param failures of one run
 */
export const writeSummary: (failures: FailureSummary) => string = Schema.encodeSync(
  Schema.fromJsonString(Schema.Array(Failure))
)
