import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** One thing that is wrong with what a caller sent: where (a JSON Pointer, RFC 6901) and what. */
export const InputIssue = Schema.Struct({ pointer: Schema.String, detail: Schema.String })
export type InputIssue = typeof InputIssue.Type

/** Nobody is signed in, or the credentials are not accepted. */
export class Unauthenticated extends HttpApiError.Problem<Unauthenticated>()("Unauthenticated", {
  type: "urn:atlas:problem:unauthenticated",
  status: 401,
  title: "Sign in first."
}) {}

/** There is no such thing, or the caller may not know that there is: the two answers are the same. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", {
  type: "urn:atlas:problem:not-found",
  status: 404,
  title: "There is nothing here, or nothing you may see."
}) {}

/** The caller is a member, but lacks the named capability. */
export class Forbidden extends HttpApiError.Problem<Forbidden>()(
  "Forbidden",
  {
    type: "urn:atlas:problem:forbidden",
    status: 403,
    title: "Your role does not allow this."
  },
  { requiredCapability: Schema.String }
) {}

/** What was sent is not acceptable; every reason is listed. */
export class InvalidInput extends HttpApiError.Problem<InvalidInput>()(
  "InvalidInput",
  {
    type: "urn:atlas:problem:invalid-input",
    status: 422,
    title: "The input is not acceptable."
  },
  { errors: Schema.Array(InputIssue) }
) {}

/** A page cursor that this listing did not issue, or that belongs to other filters. */
export class InvalidCursor extends HttpApiError.Problem<InvalidCursor>()("InvalidCursor", {
  type: "urn:atlas:problem:invalid-cursor",
  status: 400,
  title: "The cursor does not belong to this listing: start again without it."
}) {}
