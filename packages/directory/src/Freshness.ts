import { ReasonCode, RunId, RunOutcome } from "@atlas/operations"
import { Schema } from "effect"

/** How old a cached collection is, and what is being done about it. */
export class Freshness extends Schema.Class<Freshness>("@atlas/directory/Freshness")({
  /** When the last complete listing was stored; null if there never was one. */
  completedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** Existing objects after that listing. */
  count: Schema.Int,
  /** The newest run that is not completed. */
  activeRunId: Schema.NullOr(RunId),
  /** The newest completed run, and how it ended. */
  lastRunId: Schema.NullOr(RunId),
  lastOutcome: Schema.NullOr(RunOutcome),
  lastReasonCode: Schema.NullOr(ReasonCode),
  /** Never completed, or longer ago than the host's limit. */
  stale: Schema.Boolean
}) {}
