/**
 * The bodies with which Graph and Intune refuse, each in its own shape, and why the fake refuses, for the ledger. The sentences
 * are what people report; Microsoft does not promise them.
 *
 * @module
 */
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"
import { type Random, uuidFrom } from "../FakeRandom.ts"

/** What a refusal needs of a call. */
export interface Refusable {
  readonly request: { readonly method: string; readonly url: URL }
  readonly random: Random
}

/** Says why, for the ledger. */
export const because = (reply: FakeReply, reason: string): FakeReply => ({ ...reply, reason })

/** Nobody knows whether Graph takes this, so the fake does not. */
export const unreported = (what: string): string =>
  `Nobody has reported whether Graph takes ${what}, so the fake refuses it.`

/** The refusal of a query in OData's words. */
export const queryRefusal = (message: string, reason = "Graph refuses names that the type does not have."): FakeReply =>
  because(errorReply(400, "BadRequest", message), reason)

/** A `$select` or `$expand` of a member that the type does not have. */
export const noMember = (name: string, type: string): FakeReply =>
  queryRefusal(
    `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`
  )

/** A body that the model does not allow. The sentence is there twice, as Graph writes it. */
export const modelRefusal = (message: string, reason: string): FakeReply => {
  const code = "ModelValidationFailure"
  return because(jsonReply(400, JSON.stringify({ error: { code, message, innerError: { code, message } } })), reason)
}

/** A path that Intune has no route for, whatever metadata says. `template` is the shape of the path: `~/singleton/navigation`. */
export const noRoute = ({ request }: Refusable, template: string, reason: string): FakeReply =>
  because(
    errorReply(
      400,
      "No method match route template",
      `No OData route exists that match template ${template} with http verb ${request.method} for request ` +
        `/DeviceConfigV2/DeviceConfigurationFEService${request.url.pathname.replace(/^\/(?:v1\.0|beta)/, "")}.`
    ),
    reason
  )

/** A path that the version does not have. */
export const noSegment = (segment: string, reason: string): FakeReply =>
  because(errorReply(400, "BadRequest", `Resource not found for the segment '${segment}'.`), reason)

/**
 * A refusal in Intune's most frequent shape: JSON inside the message, with the sentence and a trailer for support.
 *
 * @param code Intune's, which does not always agree with the status
 */
export const intuneReply = (
  { random, request }: Refusable,
  sentence: string,
  reason: string,
  code = "BadRequest",
  status = 400
): FakeReply => {
  const activity = uuidFrom(random)
  const path = request.url.pathname.replace(/^\/(?:v1\.0|beta)\/deviceManagement\//, "deviceManagement/")
  const message = {
    _version: 3,
    Message:
      `${sentence} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - ` +
      `Activity ID: ${activity} - Url: https://fef.msua01.manage.microsoft.com/DeviceConfigV2/${path}?api-version=5026-01-01`,
    CustomApiErrorPhrase: "",
    RetryAfter: null,
    ErrorSourceService: "",
    HttpHeaders: "{}"
  }
  const reply = errorReply(status, code, JSON.stringify(message, undefined, 2).replaceAll("\n", "\r\n"))
  return because({ ...reply, headers: { ...reply.headers, "request-id": activity } }, reason)
}

/** The sentence of Intune that gives no reason. */
export const noReason = "An error has occurred"
