import { Actor, ReasonCode, RunCounts, type RunEvent, RunOutcome } from "@atlas/operations"
import { Option, Schema } from "effect"

const EventData = Schema.Struct({
  actor: Schema.optionalKey(Actor),
  worker: Schema.optionalKey(Schema.String),
  attempt: Schema.optionalKey(Schema.Int),
  maxAttempts: Schema.optionalKey(Schema.Int),
  counts: Schema.optionalKey(RunCounts),
  reasonCode: Schema.optionalKey(Schema.NullOr(ReasonCode)),
  message: Schema.optionalKey(Schema.String),
  outcome: Schema.optionalKey(RunOutcome),
  /** Why a worker refused the work that it was handed. */
  reason: Schema.optionalKey(Schema.String),
  nextAttemptAt: Schema.optionalKey(Schema.DateTimeUtcFromString)
})

/** What the timeline says about an event. */
export type EventData = typeof EventData.Type

const decode = Schema.decodeUnknownOption(EventData)

/** Reads the details of an event. What cannot be read is left out: the page must not fail. */
export const eventData = (event: RunEvent): EventData => Option.getOrElse(decode(event.data), () => ({}))
