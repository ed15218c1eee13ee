/**
 * Translates refusals of Microsoft's token endpoints into reason codes.
 *
 * @module
 */
import type { KnownReasonCode } from "@atlas/operations"

/** What AADSTS numbers mean for a connection. They are more exact than the OAuth error. */
const byNumber: Readonly<Record<number, KnownReasonCode>> = {
  7000218: "provider_credential_missing",
  7000215: "provider_credential_invalid",
  70002: "provider_credential_invalid",
  // A federated assertion that matches no trust of the app, or cannot be trusted.
  50013: "provider_credential_invalid",
  50027: "provider_credential_invalid",
  70021: "provider_credential_invalid",
  700024: "provider_credential_invalid",
  700211: "provider_credential_invalid",
  700212: "provider_credential_invalid",
  700213: "provider_credential_invalid",
  7000222: "provider_credential_expired",
  700027: "provider_certificate_invalid",
  700030: "provider_certificate_invalid",
  50012: "provider_certificate_invalid",
  700016: "provider_app_not_found",
  700011: "provider_app_not_found",
  7000229: "provider_app_not_found",
  7000112: "provider_app_disabled",
  70001: "provider_app_disabled",
  90002: "provider_tenant_not_found",
  50059: "provider_tenant_not_found",
  50128: "provider_tenant_not_found",
  5000224: "provider_tenant_unavailable",
  90038: "provider_cloud_mismatch",
  900432: "provider_cloud_mismatch",
  900382: "provider_cloud_mismatch",
  65001: "provider_consent_required",
  90094: "provider_consent_required",
  650056: "provider_consent_required",
  90008: "provider_consent_required",
  500011: "provider_resource_not_enabled",
  650052: "provider_resource_not_enabled",
  53003: "provider_conditional_access_blocked",
  530032: "provider_conditional_access_blocked",
  500021: "provider_conditional_access_blocked",
  500022: "provider_conditional_access_blocked",
  50034: "provider_user_identity_error",
  50057: "provider_user_identity_error",
  50076: "provider_user_identity_error",
  50079: "provider_user_identity_error",
  50126: "provider_user_identity_error",
  90055: "provider_auth_throttled",
  90033: "provider_auth_unavailable",
  90006: "provider_auth_unavailable",
  90012: "provider_auth_unavailable",
  90024: "provider_auth_unavailable",
  90090: "provider_auth_unavailable",
  50033: "provider_auth_unavailable",
  900144: "provider_auth_request_invalid",
  9002313: "provider_auth_request_invalid",
  70011: "provider_auth_request_invalid"
}

const byOAuthError: Readonly<Record<string, KnownReasonCode>> = {
  invalid_client: "provider_credential_invalid",
  unauthorized_client: "provider_app_not_found",
  consent_required: "provider_consent_required",
  temporarily_unavailable: "provider_auth_unavailable",
  server_error: "provider_auth_unavailable",
  invalid_request: "provider_auth_request_invalid",
  invalid_scope: "provider_auth_request_invalid",
  unsupported_grant_type: "provider_auth_request_invalid"
}

/** The parts of a refusal that decide its reason. */
export interface TokenRefusal {
  readonly status: number
  /** OAuth's `error`. */
  readonly error: string | undefined
  /** `error_codes`: AADSTS numbers. */
  readonly numbers: ReadonlyArray<number>
}

/** The AADSTS numbers that Atlas knows. */
export const knownNumbers: ReadonlyArray<number> = Object.keys(byNumber).map(Number)

/**
 * Why the token endpoint refused: by a known AADSTS number, else by OAuth's error, else by the status.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export const reasonOf = ({ error, numbers, status }: TokenRefusal): KnownReasonCode => {
  const known = numbers.find((number) => Object.hasOwn(byNumber, number))
  if (known !== undefined) return byNumber[known] ?? "provider_unknown"
  if (status === 429) return "provider_auth_throttled"
  if (error !== undefined && Object.hasOwn(byOAuthError, error)) return byOAuthError[error] ?? "provider_unknown"
  return status >= 500 ? "provider_auth_unavailable" : "provider_unknown"
}

/**
 * Why a machine's identity service refused. It sends no numbers: 400 means that the machine has no such identity, and 404
 * and 410 pass.
 *
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
 */
export const reasonOfMachine = (refusal: TokenRefusal): KnownReasonCode => {
  if (refusal.numbers.length > 0 || refusal.status === 429) return reasonOf(refusal)
  if (refusal.status === 400) return "provider_credential_missing"
  return [404, 410].includes(refusal.status) || refusal.status >= 500
    ? "provider_auth_unavailable"
    : "provider_credential_invalid"
}
