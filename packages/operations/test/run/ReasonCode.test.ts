import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { type KnownReasonCode, knownReasonCodes, ReasonCode, reasonInfo } from "../../src/index.ts"
import { nextAttemptIn } from "../../src/executing/Attempt.ts"
import { spellingsOf } from "../../src/run/ReasonCode.ts"

type Row = readonly [code: KnownReasonCode, retry: "no" | "yes" | "once", blocks: boolean, nextStep: RegExp]

/**
 * Microsoft's taxonomy as it was agreed: worth retrying, blocks the connection, next step. What holds for some requests
 * only (a known conflict, an item's parent) or after a person has looked (a re-read) is `no` here.
 */
const table: ReadonlyArray<Row> = [
  ["provider_connection_missing", "no", true, /add a .*connection/i],
  ["provider_connection_disabled", "no", true, /enable/i],
  ["provider_credential_missing", "no", true, /configure/i],
  ["provider_credential_invalid", "no", true, /replace .*secret/i],
  ["provider_credential_expired", "no", true, /rotate/i],
  ["provider_certificate_invalid", "no", true, /upload .*certificate/i],
  ["provider_app_not_found", "no", true, /install .*consent/i],
  ["provider_app_disabled", "no", true, /enable the app/i],
  ["provider_tenant_not_found", "no", true, /tenant id/i],
  ["provider_tenant_unavailable", "no", true, /check .*tenant/i],
  ["provider_cloud_mismatch", "no", true, /choose the cloud/i],
  ["provider_consent_required", "no", true, /administrator .*consent/i],
  ["provider_resource_not_enabled", "no", true, /enable the service/i],
  ["provider_conditional_access_blocked", "no", true, /exempt .*workload/i],
  ["provider_user_identity_error", "no", true, /app-only credentials/i],
  ["provider_auth_throttled", "yes", false, /wait/i],
  ["provider_auth_unavailable", "yes", false, /tries again/i],
  ["provider_auth_request_invalid", "no", false, /report/i],
  ["provider_token_rejected", "once", false, /./],
  ["provider_claims_challenge", "once", false, /./],
  ["provider_permission_denied", "no", true, /grant the named permission/i],
  ["provider_permission_propagating", "yes", false, /wait/i],
  ["provider_license_required", "no", false, /licence/i],
  ["provider_tenant_mismatch", "no", true, /stop .*alert/i],
  ["provider_contract_violation", "no", false, /report/i],
  ["provider_untrusted_link", "no", false, /security alert/i],
  ["provider_pagination_loop", "once", false, /full sync/i],
  ["provider_resync_required", "yes", false, /automatic/i],
  ["provider_request_invalid", "no", false, /report/i],
  ["provider_content_refused", "no", false, /correct/i],
  ["provider_query_unsupported", "no", false, /report/i],
  ["provider_resource_not_found", "no", false, /marked stale/i],
  ["provider_conflict", "no", false, /read .*again/i],
  ["provider_precondition_failed", "no", false, /plan .*again/i],
  ["provider_throttled", "yes", false, /when the provider allows/i],
  ["provider_dependency_failed", "no", false, /./],
  ["provider_unavailable", "yes", false, /./],
  ["provider_timeout", "yes", false, /tries again/i],
  ["provider_network_error", "yes", false, /tries again/i],
  ["provider_outcome_unknown", "no", false, /reconcile/i],
  ["provider_quota_exceeded", "no", false, /quota/i],
  ["provider_response_invalid", "once", false, /quarantine/i],
  ["provider_partial_result", "yes", false, /nothing was deleted/i],
  ["provider_unknown", "no", false, /inspect/i],
  ["operation_cancelled", "no", false, /inspect/i]
]

/** What the ledger itself needs. */
const ledgerCodes: ReadonlyArray<KnownReasonCode> = [
  "operation_busy",
  "run_superseded",
  "run_stale",
  "time_limit_exceeded",
  "removals_withheld",
  "work_refused",
  "worker_lost",
  "database_unavailable",
  "internal_error",
  "further_failures"
]

const older = {
  permission_denied: "provider_permission_denied",
  authentication_failed: "provider_credential_invalid",
  throttled: "provider_throttled",
  dependency_unreachable: "provider_network_error",
  missing_configuration: "provider_connection_missing",
  unknown_error: "provider_unknown"
} as const

const decode = Schema.decodeUnknownOption(ReasonCode)
const encode = Schema.encodeUnknownOption(ReasonCode)

describe("ReasonCode", () => {
  it.each(table)("says of %s what the table says", (code, retry, blocks, nextStep) => {
    const info = reasonInfo(code)
    assert.deepStrictEqual(
      [info.retryable, info.once, info.blocking],
      [retry !== "no", retry === "once", blocks],
      "retry and block"
    )
    // The table says what helps while Atlas still tries.
    assert.match(info.whileRetried, nextStep)
    assert.isNotEmpty(info.title)
  })

  it.each(knownReasonCodes)("promises nothing of %s where no attempt follows", (code) => {
    const { nextStep, retryable, whileRetried } = reasonInfo(code)
    assert.isNotEmpty(nextStep)
    assert.notMatch(nextStep, /tries again|automatically|^nothing/i)
    if (!retryable) assert.strictEqual(whileRetried, nextStep)
  })

  it("knows no code beyond the table and the ledger's own", () => {
    const listed = [...table.map(([code]) => code), ...ledgerCodes]
    assert.deepStrictEqual([...knownReasonCodes].sort(), listed.sort())
  })

  it("weighs what ends a run by intention less than what fails it", () => {
    assert.deepStrictEqual(
      (["operation_cancelled", "run_superseded", "operation_busy", "run_stale"] as const).map(
        (code) => reasonInfo(code).severity
      ),
      ["info", "info", "warning", "error"]
    )
    assert.isTrue(reasonInfo("operation_busy").retryable)
  })

  it.each(Object.entries(older))("reads the older %s as %s, and never writes it", (code, today) => {
    assert.deepStrictEqual(decode(code), Option.some(today))
    assert.isTrue(Option.isNone(encode(code)))
    assert.isFalse(knownReasonCodes.includes(code as never))
  })

  it.each(Object.entries(older))("finds %s and %s under one another's name", (code, today) => {
    assert.sameMembers([...spellingsOf(code)], [code, today])
    assert.sameMembers([...spellingsOf(today)], [code, today])
  })

  it("knows one spelling of every other code", () => {
    const others = knownReasonCodes.filter((code) => !Object.values(older).includes(code as never))
    for (const code of [...others, "ext.test.gone", "constructor"]) assert.deepStrictEqual(spellingsOf(code), [code])
  })

  it.prop(
    "reads every other text as it is, and writes back what it read",
    { code: Schema.NonEmptyString },
    ({ code }) => {
      const read = Option.getOrThrow(decode(code))
      assert.strictEqual(read, Object.hasOwn(older, code) ? older[code as keyof typeof older] : code)
      assert.deepStrictEqual(encode(read), Option.some(read))
      assert.isNotEmpty(reasonInfo(read as ReasonCode).nextStep)
    }
  )

  it("repeats what is worth one repetition once, and after another reason again", () => {
    const policy = { maxAttempts: 9, backoff: "1 second", maxBackoff: "1 minute" } as const
    const failure = { reasonCode: "provider_response_invalid", message: "", count: 1 } as const
    const repeats = (last: ReasonCode | null) => {
      const attempt = { failed: last === null ? 0 : 1, max: 9, last, remainingMillis: 60_000 }
      return Option.isSome(nextAttemptIn(policy, { _tag: "Failed", failure, retryAfterMillis: 0 }, attempt, 0.5))
    }
    assert.deepStrictEqual([null, "provider_throttled" as const, "provider_response_invalid" as const].map(repeats), [
      true,
      true,
      false
    ])
  })
})
