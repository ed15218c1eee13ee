import { DateTime, Schema } from "effect"
import type { Statement } from "effect/sql"
import type { Actor } from "../../run/Actor.ts"
import { readSummary } from "../../run/Failure.ts"
import { ReasonCode } from "../../run/ReasonCode.ts"
import type { Run, RunCounts, RunRecordLinks } from "../../run/Run.ts"
import type { RunReport } from "../../run/RunReport.ts"
import { sqlText } from "../../text/SqlText.ts"

/**
 * The columns of a run as `readRun` takes them, for a table's alias. Names are explicit and jsonb arrives as text, so that the
 * ledger works whatever transforms the host's SQL client has.
 */
export const runColumns = (run: Statement.Fragment): Statement.Fragment => sqlText`
    ${run}.id, ${run}.workspace_id AS "workspaceId", ${run}.tenant_id AS "tenantId", ${run}.type, ${run}.status,
    ${run}.outcome, ${run}.actor::text AS "actor", ${run}.identity_rule AS "identityRule",
    ${run}.identity_key AS "identityKey", ${run}.input::text AS "input", ${run}.context::text AS "context",
    ${run}.summary_counts::text AS "summaryCounts", ${run}.failure_summary::text AS "failureSummary",
    ${run}.report::text AS "report", ${run}.reason_code AS "reasonCode", ${run}.attempt,
    ${run}.max_attempts AS "maxAttempts", ${run}.version, ${run}.last_event AS "lastEvent",
    ${run}.queued_at AS "queuedAt", ${run}.available_at AS "availableAt", ${run}.started_at AS "startedAt",
    ${run}.deadline, ${run}.completed_at AS "completedAt", ${run}.worker,
    ${run}.cancel_requested_at AS "cancelRequestedAt", ${run}.cancel_requested_by::text AS "cancelRequestedBy",
    ${run}.superseded_by AS "supersededBy", ${run}.retry_of AS "retryOf", ${run}.traceparent,
    ${run}.view_capabilities AS "viewCapabilities"`

type Timestamps = "queuedAt" | "availableAt" | "startedAt" | "deadline" | "completedAt" | "cancelRequestedAt"
type Texts =
  | "actor"
  | "input"
  | "context"
  | "summaryCounts"
  | "failureSummary"
  | "report"
  | "reasonCode"
  | "cancelRequestedBy"
type Nullable = "report" | "reasonCode" | "cancelRequestedBy"

/** A row of `runColumns`, as the driver returns it. */
export type RunRow = Omit<Run, Timestamps | Texts> & {
  readonly [Column in Timestamps]: null extends Run[Column] ? Date | null : Date
} & {
  readonly [Column in Exclude<Texts, Nullable>]: string
} & { readonly [Column in Nullable]: string | null }

/**
 * The run in a row of `runColumns`. Written by hand, because a schema takes a tenth of a millisecond for each row, and the
 * database constrains these values. Only what another version may have written is decoded, with tolerance.
 */
export const readRun = (row: RunRow): Run => ({
  id: row.id,
  workspaceId: row.workspaceId,
  tenantId: row.tenantId,
  type: row.type,
  status: row.status,
  outcome: row.outcome,
  actor: JSON.parse(row.actor) as Actor,
  identityRule: row.identityRule,
  identityKey: row.identityKey,
  input: JSON.parse(row.input) as unknown,
  context: JSON.parse(row.context) as RunRecordLinks,
  summaryCounts: JSON.parse(row.summaryCounts) as RunCounts,
  failureSummary: row.failureSummary === "[]" ? [] : readSummary(row.failureSummary),
  report: row.report === null ? null : (JSON.parse(row.report) as RunReport),
  reasonCode: row.reasonCode === null ? null : decodeReasonCode(row.reasonCode),
  attempt: row.attempt,
  maxAttempts: row.maxAttempts,
  version: row.version,
  lastEvent: row.lastEvent,
  queuedAt: DateTime.fromDateUnsafe(row.queuedAt),
  availableAt: DateTime.fromDateUnsafe(row.availableAt),
  startedAt: instant(row.startedAt),
  deadline: instant(row.deadline),
  completedAt: instant(row.completedAt),
  worker: row.worker,
  cancelRequestedAt: instant(row.cancelRequestedAt),
  cancelRequestedBy: row.cancelRequestedBy === null ? null : (JSON.parse(row.cancelRequestedBy) as Actor),
  supersededBy: row.supersededBy,
  retryOf: row.retryOf,
  traceparent: row.traceparent,
  viewCapabilities: row.viewCapabilities
})

const instant = (date: Date | null) => (date === null ? null : DateTime.fromDateUnsafe(date))
const decodeReasonCode = Schema.decodeUnknownSync(ReasonCode)
