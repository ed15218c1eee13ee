/**
 * Why a run failed, was blocked or was only partly successful: a stable code with a title, a severity, a next step, and whether
 * another attempt may help. Handlers and the Graph client choose the code. The ledger decides about retries by it, and pages
 * and the API show what is known of it. Hosts add codes of their own.
 *
 * @module
 */
import { Schema, SchemaTransformation } from "effect"
import * as Storable from "../text/Storable.ts"

/** How serious a reason is for the person who reads it. */
export type Severity = "info" | "warning" | "error"

/** What is known of a reason code. */
export interface ReasonInfo {
  readonly severity: Severity
  /** Whether a later attempt may succeed without anybody acting. */
  readonly retryable: boolean
  /** Whether one retry is enough: what fails twice in the same way needs a person. */
  readonly once: boolean
  /** Whether the provider connection stays unusable until a person acts. */
  readonly blocking: boolean
  /** A short title for people. */
  readonly title: string
  /** What a person can do, as a sentence, when no further attempt follows. */
  readonly nextStep: string
  /** What a person can do while another attempt follows. */
  readonly whileRetried: string
}

const transient = (title: string, whileRetried: string, nextStep: string): ReasonInfo => ({
  severity: "warning",
  retryable: true,
  once: false,
  blocking: false,
  title,
  nextStep,
  whileRetried
})

const once = (title: string, whileRetried: string, nextStep: string): ReasonInfo => ({
  ...transient(title, whileRetried, nextStep),
  once: true
})

const failure = (title: string, nextStep: string): ReasonInfo => ({
  severity: "error",
  retryable: false,
  once: false,
  blocking: false,
  title,
  nextStep,
  whileRetried: nextStep
})

const blocking = (title: string, nextStep: string): ReasonInfo => ({ ...failure(title, nextStep), blocking: true })

const note = (title: string, nextStep: string): ReasonInfo => ({ ...failure(title, nextStep), severity: "info" })

const reportBug = "This is a defect in Atlas or in the host: report it with the run's link."
const retrying = "Wait; Atlas tries again."
const retryingOnce = "Wait; Atlas tries again once."
const verify = "Start again; if it persists, verify the connection."
const askMicrosoft = "Start again later; if it persists, check the state of Microsoft's services."

/** Reasons of the provider connection and its token. */
const connectionReasons = {
  provider_connection_missing: blocking("No provider connection", "Add a provider connection to this tenant."),
  provider_connection_disabled: blocking("Provider connection disabled", "Enable the tenant's provider connection."),
  provider_credential_missing: blocking(
    "No credential stored",
    "Configure a secret or certificate for the connection."
  ),
  provider_credential_invalid: blocking("Credential rejected", "Replace the connection's secret."),
  provider_credential_expired: blocking("Credential expired", "Rotate the connection's secret."),
  provider_certificate_invalid: blocking(
    "Certificate rejected",
    "Upload the connection's certificate to the app again."
  ),
  provider_app_not_found: blocking("App not found in the tenant", "Install the app in the tenant and consent to it."),
  provider_app_disabled: blocking("App disabled", "Enable the app in the tenant."),
  provider_tenant_not_found: blocking("Tenant not found", "Correct the connection's tenant id."),
  provider_tenant_unavailable: blocking("Tenant unavailable", "Check the state of the tenant with Microsoft."),
  provider_cloud_mismatch: blocking("Wrong cloud", "Choose the cloud that the tenant lives in."),
  provider_consent_required: blocking("Admin consent required", "Ask a tenant administrator to consent to the app."),
  provider_resource_not_enabled: blocking("Service not enabled", "Enable the service in the tenant."),
  provider_conditional_access_blocked: blocking(
    "Blocked by Conditional Access",
    "Exempt the app's workload identity from the policy that blocks it."
  ),
  provider_user_identity_error: blocking("User credentials configured", "Use app-only credentials for the connection."),
  provider_auth_throttled: transient("Sign-in service throttled", retrying, "Wait a few minutes, then start again."),
  provider_auth_unavailable: transient("Sign-in service unavailable", retrying, askMicrosoft),
  provider_auth_request_invalid: failure("Token request refused", reportBug),
  provider_token_rejected: once("Token rejected", retryingOnce, verify),
  provider_claims_challenge: once("Token needs more claims", retryingOnce, verify),
  provider_permission_denied: blocking(
    "Permission missing",
    "Verify the connection to see which permission is missing, then grant the named permission to the app and give admin consent."
  ),
  provider_permission_propagating: transient(
    "Permission not yet effective",
    "Wait a few minutes; a grant takes time.",
    "Wait a few minutes, because a grant takes time; then start again."
  ),
  // Only what the licence does not cover fails. The rest of the connection works.
  provider_license_required: failure("Licence required", "Assign the licence that the service needs."),
  provider_tenant_mismatch: blocking(
    "Another tenant answered",
    "Stop using this connection, alert its owner and check whose credentials it holds."
  )
} satisfies Record<string, ReasonInfo>

/** Reasons of requests to the provider and of its responses. */
const requestReasons = {
  provider_contract_violation: failure("Request outside the contracts", reportBug),
  provider_untrusted_link: failure(
    "Link to a foreign address",
    "Treat it as a security alert: the provider's answer pointed elsewhere."
  ),
  provider_pagination_loop: once(
    "Listing repeated itself",
    "Wait; a full sync follows.",
    "Start again; a full sync follows."
  ),
  provider_resync_required: transient(
    "Change history expired",
    "No action needed: a full sync follows automatically.",
    "Start again; a full sync follows."
  ),
  provider_request_invalid: failure("Request refused", reportBug),
  provider_content_refused: failure(
    "Content refused",
    "Correct what Microsoft's reason names, in the object or in what it refers to; then repeat the change."
  ),
  provider_query_unsupported: failure("Query not supported", reportBug),
  provider_resource_not_found: failure(
    "Not found at the provider",
    "Sync again: an object that no longer exists is then marked stale."
  ),
  // The flow that makes the request knows which conflicts pass. A conflict that reaches the run needs a person.
  provider_conflict: failure("Conflict at the provider", "Read the object again, then repeat the change."),
  // Another attempt would overwrite somebody else's change, so a person must look first.
  provider_precondition_failed: failure("Object changed meanwhile", "Plan the change again from the current state."),
  provider_throttled: transient(
    "Provider throttled the requests",
    "Wait; Atlas tries again when the provider allows.",
    "Start again later; if it persists, start fewer operations at the same time."
  ),
  // The reason of the request that it depended on decides whether both are retried.
  provider_dependency_failed: failure("A request it depended on failed", "See the failure of the request before it."),
  // These three never stand for a write: a write whose response was lost is `provider_outcome_unknown`.
  provider_unavailable: transient("Provider unavailable", retrying, askMicrosoft),
  provider_timeout: transient("Provider did not answer in time", retrying, askMicrosoft),
  provider_network_error: transient(
    "Provider unreachable",
    "Check the network; Atlas tries again.",
    "Check the network, then start again."
  ),
  provider_outcome_unknown: failure(
    "Outcome of a write unknown",
    "Reconcile: compare the object with the intended change before you repeat it."
  ),
  provider_quota_exceeded: failure("Quota exceeded", "Free up or raise the tenant's quota."),
  provider_response_invalid: once(
    "Answer not understood",
    "Wait; Atlas tries again once. If it persists, quarantine what could not be read.",
    "Quarantine what could not be read, and report it with the run's link."
  ),
  provider_partial_result: transient(
    "Listing incomplete",
    "Wait; Atlas tries again, and nothing was deleted.",
    "Start again; nothing was deleted."
  ),
  provider_unknown: failure("Unknown provider failure", "Inspect the request ids and ask Microsoft support.")
} satisfies Record<string, ReasonInfo>

/** Reasons of the run itself and of its workers. */
const runReasons = {
  operation_cancelled: note("Cancelled", "Inspect the timeline; start again if needed."),
  operation_busy: transient(
    "Another operation holds the tenant",
    "Wait; Atlas continues when it has ended.",
    "Wait until it has ended, then start again."
  ),
  run_superseded: note("Superseded", "See the run that replaced this one."),
  run_stale: failure("No worker took the run", "Check that a worker for this operation is running, then start again."),
  time_limit_exceeded: failure(
    "Time limit exceeded",
    "Start again; if it persists, narrow the operation or raise its limit."
  ),
  removals_withheld: {
    ...failure(
      "Removals need confirmation",
      "Check in the directory whether that many objects were really deleted; if so, confirm the removals."
    ),
    severity: "warning"
  },
  work_refused: failure("Work did not match its run", reportBug),
  worker_lost: failure("The worker died repeatedly", "Start again; if it persists, check the workers' logs."),
  database_unavailable: transient("Database unavailable", retrying, "Start again when the database answers."),
  internal_error: failure("Unexpected error", "Find this run in the worker's log, and report the error."),
  further_failures: failure("Further failures", "Check the log: there were more reasons than a run keeps.")
} satisfies Record<string, ReasonInfo>

const reasons = { ...connectionReasons, ...requestReasons, ...runReasons }

/** A reason code that Atlas defines. Codes are stable: append, never rename. */
export type KnownReasonCode = keyof typeof reasons

/** A code that a host defines for a flow of its own: `ext.<flow>.<detail>`. */
export type ExtensionReasonCode = `ext.${string}.${string}`

/** A reason code of Atlas or of a host. */
export type ReasonCode = KnownReasonCode | ExtensionReasonCode

/** Every code that Atlas defines, in the order of its table. */
export const knownReasonCodes: ReadonlyArray<KnownReasonCode> = Object.keys(reasons) as Array<KnownReasonCode>

/** Codes that older versions stored, with today's codes. They are only read. */
const olderCodes: Readonly<Record<string, KnownReasonCode>> = {
  permission_denied: "provider_permission_denied",
  authentication_failed: "provider_credential_invalid",
  throttled: "provider_throttled",
  dependency_unreachable: "provider_network_error",
  missing_configuration: "provider_connection_missing",
  unknown_error: "provider_unknown"
}

const isOlder = (code: string): boolean => Object.hasOwn(olderCodes, code)

const current = (code: string): string => (isOlder(code) ? (olderCodes[code] ?? code) : code)

/** Every stored code that means the same reason: today's, and those of older versions. */
export const spellingsOf = (code: string): ReadonlyArray<string> => {
  const today = current(code)
  return [today, ...Object.keys(olderCodes).filter((older) => olderCodes[older] === today)]
}

/**
 * A reason code as stored and sent. Any text can be read, because a newer version may have stored a code that this one does not
 * know. A code of an older version is read as today's.
 */
export const ReasonCode: Schema.Codec<ReasonCode, string> = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.pipe(Schema.refine((code): code is ReasonCode => code.length > 0 && !isOlder(code))),
    SchemaTransformation.transform({ decode: current, encode: (code) => code })
  )
)

/** A reason code that a host's own code gives: one that can be stored. */
export const GivenReasonCode = Schema.String.check(Schema.isMaxLength(200), Storable.check).pipe(
  Schema.decodeTo(ReasonCode)
)

/** What is known of a code. A code of a host is a plain failure, which its message explains. */
export const reasonInfo = (code: ReasonCode): ReasonInfo =>
  Object.hasOwn(reasons, code) ? reasons[code as KnownReasonCode] : failure(code, "See the failure's message.")
