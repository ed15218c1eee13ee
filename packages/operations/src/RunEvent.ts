import { Schema } from "effect"

/** What happened to a run. */
export const RunEventKind = Schema.Literals([
  "created",
  "joined",
  "started",
  "progress",
  "attempt_failed",
  "given_back",
  "rescued",
  "completed",
  "stale_write_refused"
])
export type RunEventKind = typeof RunEventKind.Type

/** One entry of a run's timeline. Sequence numbers start at 1 and have no gaps. */
export class RunEvent extends Schema.Class<RunEvent>("@atlas/operations/RunEvent")({
  seq: Schema.Int,
  at: Schema.DateTimeUtcFromDate,
  kind: RunEventKind,
  /** Details by kind: who joined, the counts, the reason, when the next attempt is due. */
  data: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
}) {}
