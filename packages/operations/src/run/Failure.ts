/**
 * What failed within a run, by reason code over all its attempts. A summary is bounded however much fails, and counts every
 * failure. Handlers report failures, pages and the API show the summary, and every text is redacted and cut before it is kept.
 *
 * @module
 */
import { DateTime, Schema } from "effect"
import { ReasonCode } from "./ReasonCode.ts"
import { redact } from "../text/Redaction.ts"
import { redactionNamed } from "../text/SecretValues.ts"
import * as Storable from "../text/Storable.ts"

/** One occurrence of a failure. */
const FailureSample = Schema.Struct({
  message: Schema.String,
  /** Graph's `request-id`, for Microsoft's support. */
  requestId: Schema.optionalKey(Schema.String),
  /** The name or id of what failed. */
  item: Schema.optionalKey(Schema.String)
})
export type FailureSample = typeof FailureSample.Type

// Older versions stored no times.
const Instant = Schema.NullOr(Schema.DateTimeUtcFromString)

/** What failed within a run for one reason, over all its attempts. It holds no secrets. */
export const Failure = Schema.Struct({
  reasonCode: ReasonCode,
  /** The newest failure's message. */
  message: Schema.String,
  count: Schema.Int,
  firstAt: Instant,
  lastAt: Instant,
  /** Up to five different ones. */
  samples: Schema.Array(FailureSample),
  /** Up to ten permissions that the app lacks, if that is the reason. */
  missingPermissions: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Failure = typeof Failure.Type

/** Failures by reason, the most frequent first; at most fifty. */
export type FailureSummary = ReadonlyArray<Failure>

/** A failure of an attempt, or of one item that the run works on. A `GraphError` can be passed as one. */
export interface FailureReport {
  readonly reasonCode: ReasonCode
  /** A sentence for people. */
  readonly message: string
  /** Graph's `request-id`, for Microsoft's support. */
  readonly requestId?: string
  /** A short name or the id of what failed. */
  readonly item?: string
  /** The permission that the app lacks, such as `Group.Read.All`, if that is the reason. */
  readonly missingPermission?: string
}

const longestMessage = 500
const longestName = 200
const mostReasons = 50
const mostSamples = 5
const mostPermissions = 10

/**
 * Text that may be stored and shown: redacted, Storable.nearest by Postgres, and no longer than the limit.
 *
 * @param limit in characters, 500 by default
 */
export const clean = (text: string, limit = longestMessage): string => {
  const whole = redact(Storable.nearest(text))
  if (whole.length <= limit) return whole
  const cut = whole.slice(0, limit)
  const open = cut.lastIndexOf("[removed: ")
  return Storable.nearest(cut.indexOf("]", open) === -1 && open !== -1 ? cut.slice(0, open) : cut)
}

const longestText = 2_000

/**
 * JSON whose texts and names may all be stored and shown. A text is cut to 2,000 characters, a name to 500. Texts and numbers
 * are redacted, also in lists, if the name of their member says that they are secret.
 */
export const cleanJson = (value: Schema.Json): Schema.Json => cleanMember(undefined, value)

/** `"secrets": 2` says how many there are. */
const isCount = (name: string, value: Schema.Json) => typeof value === "number" && /s$/i.test(name)

const cleanMember = (secret: string | undefined, value: Schema.Json): Schema.Json => {
  if (typeof value === "string") return secret ?? clean(value, longestText)
  if (typeof value === "number") return secret ?? value
  if (Array.isArray(value)) return value.map((item) => cleanMember(secret, item))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const secret = isCount(name, member) ? undefined : redactionNamed(name)
      return [clean(name), cleanMember(secret, member)]
    })
  )
}

/** A summary's entry for one failure, with cleaned texts. */
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
  // If either time is unknown, so is the earliest.
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
 * Merges summaries by reason, earlier ones first. Beyond fifty reasons the rarest become one entry, `further_failures`, so that
 * the counts still add up.
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

/** A stored summary, as JSON text. */
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

/** Reads a stored summary, also one of a version that stored neither times nor samples. */
export const readSummary = (json: string): FailureSummary =>
  merge(
    decode(json).map(({ requestId, firstAt = null, lastAt = null, samples, ...failure }) => ({
      ...failure,
      firstAt,
      lastAt,
      samples: samples ?? (requestId === undefined ? [] : [{ message: failure.message, requestId }])
    }))
  )

/** Encodes the summary of one run as it is stored. */
export const writeSummary: (failures: FailureSummary) => string = Schema.encodeSync(
  Schema.fromJsonString(Schema.Array(Failure))
)
