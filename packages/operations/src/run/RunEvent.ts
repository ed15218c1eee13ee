/**
 * The timeline of a run: what happened to it, in order. `Runs.events` reads pages of it, and `Runs.follow` reads it live.
 *
 * @module
 */
import { Schema } from "effect"
import { ReasonCode } from "./ReasonCode.ts"

/** Every kind of event that this version stores. */
export const runEventKinds = [
  "created",
  "joined",
  "started",
  "progress",
  "attempt_failed",
  "given_back",
  "rescued",
  "cancel_requested",
  "superseded",
  "completed",
  "stale_write_refused",
  "work_refused"
] as const
export type RunEventKind = (typeof runEventKinds)[number]

/** The kind of an event. Any text can be read, because a newer version may store kinds that this one does not know. */
export const RunEventKind: Schema.Codec<RunEventKind, string> = Schema.String.pipe(
  Schema.refine((kind): kind is RunEventKind => kind.length > 0)
)

/** One entry of a run's timeline. Sequence numbers start at 1 and have no gaps. */
export class RunEvent extends Schema.Class<RunEvent>("@atlas/operations/RunEvent")({
  seq: Schema.Int,
  at: Schema.DateTimeUtcFromDate,
  kind: RunEventKind,
  /** Details by kind, such as who joined, the counts, the reason, or when the next attempt is due. */
  data: Schema.fromJsonString(
    Schema.StructWithRest(Schema.Struct({ reasonCode: Schema.optionalKey(Schema.NullOr(ReasonCode)) }), [
      Schema.Record(Schema.String, Schema.Unknown)
    ])
  )
}) {}
