import { Schema, SchemaTransformation } from "effect"

/** How much a reason matters to the person who reads it. */
export type Severity = "info" | "warning" | "error"

/** What is known of a reason code, wherever it appears. */
export interface ReasonInfo {
  readonly severity: Severity
  /** A later attempt may succeed without anybody acting. */
  readonly retryable: boolean
  /** Retryable, but one repetition is enough: what fails the same way again needs a person. */
  readonly once: boolean
  /** The provider connection stays unusable until a person acts. */
  readonly blocking: boolean
  /** A short title for people. */
  readonly title: string
  /** What a person can do, as a sentence, where Atlas does nothing more. */
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

/** What concerns the connection and the token for it. */
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
  provider_auth_throttled: transient("Sign-in service throttled", retrying, "Wait some minutes, then start again."),
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
    "Wait some minutes; a grant takes time.",
    "Wait some minutes, because a grant takes time; then start again."
  ),
  // What the licence does not cover fails; the rest of the connection works.
  provider_license_required: failure("Licence required", "Assign the licence that the service needs."),
  provider_tenant_mismatch: blocking(
    "Another tenant answered",
    "Stop using this connection, alert its owner and check whose credentials it holds."
  )
} satisfies Record<string, ReasonInfo>

/** What concerns requests to the provider, and their answers. */
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
    "Nothing: a full sync follows automatically.",
    "Start again; a full sync follows."
  ),
  provider_request_invalid: failure("Request refused", reportBug),
  provider_query_unsupported: failure("Query not supported", reportBug),
  provider_resource_not_found: failure(
    "Not found at the provider",
    "Synchronise again: an object that is gone is then marked stale."
  ),
  // Which conflicts pass is known where the request is made; a run that is told of one waits for a person.
  provider_conflict: failure("Conflict at the provider", "Read the object again and repeat."),
  // Another attempt would overwrite what somebody else has changed: a person has to see it first.
  provider_precondition_failed: failure("Object changed meanwhile", "Plan the change again from the current state."),
  provider_throttled: transient(
    "Provider throttled the requests",
    "Wait; Atlas tries again when the provider allows.",
    "Start again later; if it persists, start fewer operations at the same time."
  ),
  // Repeated with the request it depended on, whose reason decides.
  provider_dependency_failed: failure("A request it depended on failed", "See the failure of the request before it."),
  // None of these three is a write's: one whose answer was lost is `provider_outcome_unknown`.
  provider_unavailable: transient("Provider unavailable", retrying, askMicrosoft),
  provider_timeout: transient("Provider did not answer in time", retrying, askMicrosoft),
  provider_network_error: transient(
    "Provider unreachable",
    "Check the network; Atlas tries again.",
    "Check the network, then start again."
  ),
  provider_outcome_unknown: failure(
    "Outcome of a write unknown",
    "Reconcile: compare the object with what was meant before repeating."
  ),
  provider_quota_exceeded: failure("Quota exceeded", "Free or raise the tenant's quota."),
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

/** What concerns the run itself, and what executes it. */
const runReasons = {
  operation_cancelled: note("Cancelled", "Inspect the timeline; start again when wanted."),
  operation_busy: transient(
    "Another operation holds the tenant",
    "Wait; Atlas goes on when it has ended.",
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
      "Removals need a confirmation",
      "Check in the directory whether so much was really deleted; if so, confirm the removals."
    ),
    severity: "warning"
  },
  work_refused: failure("Work did not match its run", reportBug),
  worker_lost: failure("The worker died repeatedly", "Start again; if it persists, look at the workers' logs."),
  database_unavailable: transient("Database unavailable", retrying, "Start again when the database answers."),
  internal_error: failure("Unexpected error", "Look at the worker's log for this run, and report it."),
  further_failures: failure("Further failures", "Look at the log: they had more reasons than a run keeps.")
} satisfies Record<string, ReasonInfo>

const reasons = { ...connectionReasons, ...requestReasons, ...runReasons }

/** A reason code that Atlas itself defines. Codes are stable: append, never rename. */
export type KnownReasonCode = keyof typeof reasons

/** A code that a flow of a host defines for itself: `ext.<flow>.<detail>`. */
export type ExtensionReasonCode = `ext.${string}.${string}`

/** Why a run failed, was blocked, or was only partly successful. */
export type ReasonCode = KnownReasonCode | ExtensionReasonCode

/** Every code that Atlas defines, in the order of its table. */
export const knownReasonCodes: ReadonlyArray<KnownReasonCode> = Object.keys(reasons) as Array<KnownReasonCode>

/** What older versions wrote, and what it is called now. Only ever read. */
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

/**
 * Every text that means the same reason in stored runs: today's code, and what older versions wrote.
 *
 * @param code of today, or an older one
 */
export const spellingsOf = (code: string): ReadonlyArray<string> => {
  const today = current(code)
  return [today, ...Object.keys(olderCodes).filter((older) => olderCodes[older] === today)]
}

/**
 * A reason code as stored and sent. The types say what may be written; any text is read, because a newer version may have
 * written a code that this one does not know. What an older version wrote is read as today's code.
 */
export const ReasonCode: Schema.Codec<ReasonCode, string> = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.pipe(Schema.refine((code): code is ReasonCode => code.length > 0 && !isOlder(code))),
    SchemaTransformation.transform({ decode: current, encode: (code) => code })
  )
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
