import { type FailureReport, nextStep, ReasonCode, reasonInfo } from "@atlas/operations"
import { Schema } from "effect"

/** Where a check's answer can be looked up: never a token, a header or a payload. */
const Evidence = Schema.Struct({ what: Schema.String, value: Schema.String })

/** One check of a connection. */
export const ConnectionCheckResult = Schema.Struct({
  /** Stable: `credentials`, `tenant`, `graph`, `permission:<name>`, `licence`. */
  id: Schema.String,
  title: Schema.String,
  /** `skipped`: it could not be checked, because something before it failed or a permission for it is missing. */
  status: Schema.Literals(["passed", "warning", "failed", "skipped"]),
  severity: Schema.Literals(["info", "warning", "error"]),
  reasonCode: Schema.NullOr(ReasonCode),
  /** A sentence for people. */
  message: Schema.String,
  nextStep: Schema.NullOr(Schema.String),
  /** The permission that the app lacks, where that is what the check found. */
  missingPermission: Schema.optionalKey(Schema.String),
  evidence: Schema.Array(Evidence)
})
export type ConnectionCheckResult = typeof ConnectionCheckResult.Type

/** What a verification found out about a connection, on its run; complete once the run is. */
export const ConnectionReport = Schema.Struct({
  kind: Schema.Literal("provider.connection.check"),
  version: Schema.Literal(1),
  connectionId: Schema.String,
  connectionName: Schema.String,
  checks: Schema.Array(ConnectionCheckResult)
})
export type ConnectionReport = typeof ConnectionReport.Type

type Told = Partial<Pick<ConnectionCheckResult, "evidence">>

/** What a check is called: for programs, and for people. */
export type CheckName = Pick<ConnectionCheckResult, "id" | "title">

/** A check that found everything in order. */
export const passed = ({ id, title }: CheckName, message: string, { evidence = [] }: Told = {}) =>
  ConnectionCheckResult.make({
    id,
    title,
    status: "passed",
    severity: "info",
    reasonCode: null,
    message,
    nextStep: null,
    evidence
  })

/** A check that could not be made. */
export const skipped = (check: CheckName, message: string): ConnectionCheckResult => ({
  ...passed(check, message),
  status: "skipped"
})

/** A check that found a problem; what passes by itself, or leaves the rest usable, is a warning. */
export const found = (
  check: CheckName,
  { message, missingPermission, reasonCode }: Pick<FailureReport, "message" | "missingPermission" | "reasonCode">,
  { evidence = [] }: Told = {}
): ConnectionCheckResult => {
  const { retryable, severity } = reasonInfo(reasonCode)
  return {
    ...passed(check, message, { evidence }),
    status: retryable ? "warning" : "failed",
    severity,
    reasonCode,
    nextStep: nextStep(reasonCode, missingPermission === undefined ? [] : [missingPermission]),
    ...(missingPermission === undefined ? {} : { missingPermission })
  }
}
