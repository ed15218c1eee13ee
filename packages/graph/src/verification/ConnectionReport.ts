/**
 * What a verification found: the report of a `provider.connection.check` run, for pages and API clients to decode. A result may
 * name a reason, a next step and evidence. It never holds a token, a header or a payload.
 *
 * @module
 */
import { type FailureReport, NextStep, ReasonCode, reasonInfo } from "@atlas/operations"
import { Schema } from "effect"

/** What helps to look an answer up, such as a request id. */
const Evidence = Schema.Struct({ what: Schema.String, value: Schema.String })

/** The result of one check. */
export const ConnectionCheckResult = Schema.Struct({
  /** Stable: `credentials`, `tenant`, `graph`, `permission:<name>`, `licence`. */
  id: Schema.String,
  title: Schema.String,
  /** `skipped`: not checked, because an earlier check failed or the permission for it is missing. */
  status: Schema.Literals(["passed", "warning", "failed", "skipped"]),
  severity: Schema.Literals(["info", "warning", "error"]),
  reasonCode: Schema.NullOr(ReasonCode),
  /** A sentence for people. */
  message: Schema.String,
  nextStep: Schema.NullOr(Schema.String),
  /** The permission that the app lacks, if the check found that. */
  missingPermission: Schema.optionalKey(Schema.String),
  evidence: Schema.Array(Evidence)
})
export type ConnectionCheckResult = typeof ConnectionCheckResult.Type

/** The report of a verification. It is complete once its run is. */
export const ConnectionReport = Schema.Struct({
  kind: Schema.Literal("provider.connection.check"),
  version: Schema.Literal(1),
  connectionId: Schema.String,
  connectionName: Schema.String,
  checks: Schema.Array(ConnectionCheckResult)
})
export type ConnectionReport = typeof ConnectionReport.Type

type Told = Partial<Pick<ConnectionCheckResult, "evidence">>

/** A check's stable id for programs, and its title for people. */
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

/** A check that was not possible. */
export const skipped = (check: CheckName, message: string): ConnectionCheckResult => ({
  ...passed(check, message),
  status: "skipped"
})

/** A check that found a problem: a `warning` if the reason passes by itself, else `failed`. */
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
    nextStep: NextStep.of(reasonCode, missingPermission === undefined ? [] : [missingPermission]),
    ...(missingPermission === undefined ? {} : { missingPermission })
  }
}
