/**
 * What the HTTP API of the ledger answers with: runs, timelines and operations as JSON.
 *
 * @module
 */
import { Schema, Struct } from "effect"
import { Actor } from "../run/Actor.ts"
import { Failure } from "../run/Failure.ts"
import { TenantId, WorkspaceId } from "../run/OperationScope.ts"
import { ReasonCode } from "../run/ReasonCode.ts"
import { RunCounts, RunEnd, RunId, RunOutcome, RunRecordLinks, RunStatus } from "../run/Run.ts"
import { RunEventKind } from "../run/RunEvent.ts"
import { RunReport } from "../run/RunReport.ts"

/** An instant on the wire: ISO 8601 in UTC. */
export const WireInstant = Schema.DateTimeUtcFromString

/** Absolute links to a run: in the API, and for people. */
const RunLinks = Schema.Struct({ self: Schema.String, view: Schema.String })

/** A run on the wire. Times are ISO 8601 in UTC. */
export const RunResource = Schema.Struct({
  id: RunId,
  workspaceId: WorkspaceId,
  tenantId: Schema.NullOr(TenantId),
  type: Schema.String,
  status: RunStatus,
  outcome: RunOutcome,
  actor: Actor,
  input: Schema.Unknown,
  context: RunRecordLinks,
  summaryCounts: RunCounts,
  failureSummary: Schema.Array(Schema.Struct({ ...Failure.fields, nextStep: Schema.String })),
  report: Schema.NullOr(RunReport),
  reasonCode: Schema.NullOr(ReasonCode),
  attempt: Schema.Int,
  maxAttempts: Schema.Int,
  version: Schema.Int,
  queuedAt: WireInstant,
  availableAt: WireInstant,
  startedAt: Schema.NullOr(WireInstant),
  deadline: Schema.NullOr(WireInstant),
  completedAt: Schema.NullOr(WireInstant),
  cancelRequestedAt: Schema.NullOr(WireInstant),
  cancelRequestedBy: Schema.NullOr(Actor),
  supersededBy: Schema.NullOr(RunId),
  retryOf: Schema.NullOr(RunId),
  /** W3C Trace Context of the start. */
  traceparent: Schema.NullOr(Schema.String),
  links: RunLinks
})
export type RunResource = typeof RunResource.Type

/** A run for somebody who may act on it but not view it: its ids, type, status and outcome. */
export const RunReceiptResource = Schema.Struct(
  Struct.pick(RunResource.fields, [
    "id",
    "workspaceId",
    "tenantId",
    "type",
    "status",
    "outcome",
    "version",
    "queuedAt",
    "links"
  ])
)
export type RunReceiptResource = typeof RunReceiptResource.Type

/** A run, or its receipt for somebody who may not view it. The run comes first, because a receipt is a part of it. */
export const SeenResource = Schema.Union([RunResource, RunReceiptResource])

/** The answer to a start. */
export const StartedResource = Schema.Struct({
  disposition: Schema.Literals(["created", "existing", "blocked"]),
  run: SeenResource,
  links: RunLinks
})

/** The answer to a start whose equal had a run that retention has removed: nothing was started, and no link leads to it. */
export const RemovedStartResource = Schema.Struct({
  disposition: Schema.Literal("existing"),
  removed: Schema.Literal(true),
  id: RunId,
  outcome: RunEnd,
  endedAt: WireInstant
})

/** A timeline entry on the wire. */
export const RunEventResource = Schema.Struct({
  seq: Schema.Int,
  at: WireInstant,
  kind: RunEventKind,
  data: Schema.Record(Schema.String, Schema.Unknown)
})
export type RunEventResource = typeof RunEventResource.Type

/** An operation on the wire. */
export const OperationResource = Schema.Struct({
  name: Schema.String,
  label: Schema.String,
  description: Schema.String,
  category: Schema.String,
  scope: Schema.Literals(["tenant", "workspace"]),
  startedBy: Schema.String,
  capabilities: Schema.Struct({ start: Schema.String, view: Schema.String }),
  /** Such as `while_active`. With `once by idempotency_key`, each start needs an `Idempotency-Key`. */
  identity: Schema.String,
  /** The JSON Schema of the input, draft 2020-12. */
  input: Schema.Record(Schema.String, Schema.Unknown)
})
export type OperationResource = typeof OperationResource.Type
