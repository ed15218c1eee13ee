import { Schema } from "effect"

/** How much a reason matters to the person who reads it. */
export type Severity = "info" | "warning" | "error"

/** What is known of a reason code, wherever it appears. */
export interface ReasonInfo {
  readonly severity: Severity
  /** A later attempt may succeed without anybody acting. */
  readonly retryable: boolean
  /** The provider connection stays unusable until a person acts. */
  readonly blocking: boolean
  /** A short title for people. */
  readonly title: string
  /** What a person can do now, as a sentence. */
  readonly nextStep: string
}

const transient = (title: string, nextStep: string): ReasonInfo => ({
  severity: "warning",
  retryable: true,
  blocking: false,
  title,
  nextStep
})

const blocking = (title: string, nextStep: string): ReasonInfo => ({
  severity: "error",
  retryable: false,
  blocking: true,
  title,
  nextStep
})

const failure = (title: string, nextStep: string): ReasonInfo => ({
  severity: "error",
  retryable: false,
  blocking: false,
  title,
  nextStep
})

const reportBug = "This is a defect in Atlas or in the host: report it with the run's link."

const reasons = {
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
  provider_auth_throttled: transient("Sign-in service throttled", "Wait; Atlas tries again."),
  provider_auth_unavailable: transient("Sign-in service unavailable", "Wait; Atlas tries again."),
  provider_auth_request_invalid: failure("Token request refused", reportBug),
  provider_token_rejected: transient("Token rejected", "Start again; if it persists, verify the connection."),
  provider_claims_challenge: transient(
    "Token needs more claims",
    "Start again; if it persists, verify the connection."
  ),
  provider_permission_denied: blocking(
    "Permission missing",
    "Grant the named permission to the app and consent to it."
  ),
  provider_permission_propagating: transient("Permission not yet effective", "Wait some minutes; a grant takes time."),
  provider_license_required: failure("Licence required", "Assign the licence that the service needs."),
  provider_tenant_mismatch: blocking(
    "Another tenant answered",
    "Stop using this connection and check whose credentials it holds."
  ),
  provider_contract_violation: failure("Request outside the contracts", reportBug),
  provider_untrusted_link: failure(
    "Link to a foreign address",
    "Treat it as a security alert: the provider's answer pointed elsewhere."
  ),
  provider_pagination_loop: transient("Listing repeated itself", "Start again; a full listing follows."),
  provider_resync_required: transient("Change history expired", "Nothing: a full listing follows by itself."),
  provider_request_invalid: failure("Request refused", reportBug),
  provider_query_unsupported: failure("Query not supported", reportBug),
  provider_resource_not_found: failure("Not found at the provider", "Synchronise again: the object may be gone."),
  provider_conflict: failure("Conflict at the provider", "Read the object again and repeat."),
  provider_precondition_failed: failure("Object changed meanwhile", "Plan the change again from the current state."),
  provider_throttled: transient("Provider throttled the requests", "Wait; Atlas tries again when the provider allows."),
  provider_dependency_failed: failure("A request it depended on failed", "See the failure of the request before it."),
  provider_unavailable: transient("Provider unavailable", "Wait; Atlas tries again."),
  provider_timeout: transient("Provider did not answer in time", "Wait; Atlas tries again."),
  provider_network_error: transient("Provider unreachable", "Check the network; Atlas tries again."),
  provider_outcome_unknown: failure(
    "Outcome of a write unknown",
    "Compare the object with what was meant before repeating."
  ),
  provider_quota_exceeded: failure("Quota exceeded", "Free or raise the tenant's quota."),
  provider_response_invalid: failure("Answer not understood", reportBug),
  provider_partial_result: transient("Listing incomplete", "Start again; nothing was removed."),
  provider_unknown: failure("Unknown provider failure", "Look at the request ids and ask Microsoft support."),
  operation_cancelled: { ...failure("Cancelled", "Start again when wanted."), severity: "info" },
  operation_busy: transient("Another operation holds the tenant", "Wait for it to end, or look at its run."),
  run_stale: failure("No worker took it in time", "Check that a worker with this operation runs, then start again."),
  time_limit_exceeded: failure("Took too long", "Start again; if it persists, look at what takes so long."),
  run_superseded: { ...failure("Replaced by another start", "See the run that replaced it."), severity: "info" },
  work_refused: failure("Work that does not fit its run", reportBug),
  worker_lost: failure("The worker died repeatedly", "Start again; if it persists, look at the workers' logs."),
  database_unavailable: transient("Database unavailable", "Wait; Atlas tries again."),
  internal_error: failure("Unexpected error", "Look at the worker's log for this run, and report it.")
} satisfies Record<string, ReasonInfo>

/** A reason code that Atlas itself defines. Codes are stable: append, never rename. */
export type KnownReasonCode = keyof typeof reasons

/** A code that a flow of a host defines for itself: `ext.<flow>.<detail>`. */
export type ExtensionReasonCode = `ext.${string}.${string}`

/** Why a run failed, was blocked, or was only partly successful. */
export type ReasonCode = KnownReasonCode | ExtensionReasonCode

/** Every code that Atlas defines, in the order of its table. */
export const knownReasonCodes: ReadonlyArray<KnownReasonCode> = Object.keys(reasons) as Array<KnownReasonCode>

/**
 * A reason code as stored and sent. The types say what may be written; any text is read, because a newer version may have
 * written a code that this one does not know.
 */
export const ReasonCode: Schema.Codec<ReasonCode, string> = Schema.String.pipe(
  Schema.refine((code): code is ReasonCode => code.length > 0)
)

/**
 * What is known of a code.
 *
 * @param code any reason code
 * @returns its severity, whether it is worth retrying, and the next step for a person; an extension code is a plain
 * failure whose flow explains it in its messages.
 */
export const reasonInfo = (code: ReasonCode): ReasonInfo =>
  Object.hasOwn(reasons, code) ? reasons[code as KnownReasonCode] : failure(code, "See the failure's message.")
