/**
 * What Atlas refuses callers with. Each refusal is an error in Effect and, unchanged, an HTTP answer as RFC 9457 (Problem
 * Details) writes it. `@atlas/operations/promise` has the same refusals as classes.
 *
 * @module
 */
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** One problem with what a caller sent: where it is, as a JSON Pointer (RFC 6901), and what it is. */
export const InputIssue = Schema.Struct({ pointer: Schema.String, detail: Schema.String })
export type InputIssue = typeof InputIssue.Type

/** Nobody is signed in, or the credentials were refused. */
export class Unauthenticated extends HttpApiError.Problem<Unauthenticated>()("Unauthenticated", {
  type: "urn:atlas:problem:unauthenticated",
  status: 401,
  title: "Sign in first."
}) {}

/** There is no such thing, or the caller must not learn that there is. Both get the same answer. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", {
  type: "urn:atlas:problem:not-found",
  status: 404,
  title: "There is nothing here, or nothing you may see."
}) {}

/** The caller is a member but lacks the named capability. */
export class Forbidden extends HttpApiError.Problem<Forbidden>()(
  "Forbidden",
  {
    type: "urn:atlas:problem:forbidden",
    status: 403,
    title: "Your role does not allow this."
  },
  { requiredCapability: Schema.String }
) {}

/** What the caller sent is invalid. Up to twenty problems are listed. */
export class InvalidInput extends HttpApiError.Problem<InvalidInput>()(
  "InvalidInput",
  {
    type: "urn:atlas:problem:invalid-input",
    status: 422,
    title: "The input is invalid."
  },
  { errors: Schema.Array(InputIssue) }
) {}

/**
 * A request that an HTTP API cannot decode, or with a query parameter that the call does not know. Up to twenty problems are
 * listed. Their pointers begin with the part of the request: `/query`, `/params`, `/headers` or `/payload`.
 */
export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()(
  "InvalidRequest",
  {
    type: "urn:atlas:problem:invalid-request",
    status: 400,
    title: "The request is invalid."
  },
  { errors: Schema.Array(InputIssue) }
) {}

/** Each start of this operation needs an idempotency key, and the caller sent none. */
export class IdempotencyKeyRequired extends HttpApiError.Problem<IdempotencyKeyRequired>()("IdempotencyKeyRequired", {
  type: "urn:atlas:problem:idempotency-key-required",
  status: 400,
  title: "Send an Idempotency-Key of your own with each new start."
}) {}

/** The idempotency key was used before, for another request. */
export class IdempotencyKeyReused extends HttpApiError.Problem<IdempotencyKeyReused>()(
  "IdempotencyKeyReused",
  {
    type: "urn:atlas:problem:idempotency-key-reused",
    status: 422,
    title: "This Idempotency-Key was used before: use a new one."
  },
  {
    /** The run of the request that the key belongs to, if there was one. */
    runId: Schema.optionalKey(Schema.String)
  }
) {}

/** Another operation holds the scope, and this one does not queue behind it. No run was recorded. */
export class OperationBusy extends HttpApiError.Problem<OperationBusy>()(
  "OperationBusy",
  {
    type: "urn:atlas:problem:operation-busy",
    status: 409,
    title: "Another operation is at work here: wait for it to end."
  },
  {
    disposition: Schema.Literal("busy"),
    reasonCode: Schema.String,
    nextStep: Schema.String,
    /** The run that holds the scope. */
    holder: Schema.Struct({ id: Schema.String, type: Schema.String, status: Schema.String }),
    /** Absolute links to the holder. */
    links: Schema.optionalKey(Schema.Struct({ self: Schema.String, view: Schema.String }))
  }
) {}

/** The run is in a state that does not allow this. */
export class RunConflict extends HttpApiError.Problem<RunConflict>()(
  "RunConflict",
  {
    type: "urn:atlas:problem:run-conflict",
    status: 409,
    title: "The run is not in a state that allows this."
  },
  { runId: Schema.String, runStatus: Schema.String, runOutcome: Schema.String }
) {}

/** The operation does not allow this. */
export class NotSupported extends HttpApiError.Problem<NotSupported>()("NotSupported", {
  type: "urn:atlas:problem:not-supported",
  status: 409,
  title: "This operation does not allow this."
}) {}

/** A cursor that does not come from this listing, or belongs to other filters. */
export class InvalidCursor extends HttpApiError.Problem<InvalidCursor>()("InvalidCursor", {
  type: "urn:atlas:problem:invalid-cursor",
  status: 400,
  title: "The cursor does not belong to this listing: start again without it."
}) {}

/** What `Authorization` refuses with, before anything is read or done. */
export type Refusal = NotFound | Forbidden | InvalidInput
