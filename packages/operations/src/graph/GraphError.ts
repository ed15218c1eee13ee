/**
 * What a request to Microsoft Graph, or for its token, failed with. Its reason code decides whether the ledger tries again.
 * Handlers fail with it as it is, or report it for one item with `reportOf`.
 *
 * @module
 */
import { Schema } from "effect"
import { ReasonCode } from "../run/ReasonCode.ts"

/** A failure of Graph. It holds no secrets. */
export class GraphError extends Schema.TaggedError<GraphError>()("GraphError", {
  reasonCode: ReasonCode,
  /** A sentence for people, without tokens, links or payloads. */
  message: Schema.String,
  /** The contract's name, if a request was under way. */
  contract: Schema.optionalKey(Schema.String),
  /** The HTTP status, if there was an answer. */
  status: Schema.optionalKey(Schema.Int),
  /** Graph's `request-id`, for Microsoft's support. */
  requestId: Schema.optionalKey(Schema.String),
  /** The `client-request-id` of the last attempt. */
  clientRequestId: Schema.optionalKey(Schema.String),
  /** How long the provider asked to wait, in milliseconds. */
  retryAfterMillis: Schema.optionalKey(Schema.Finite),
  /** The missing permission, if the provider named it or the contract needs exactly one. */
  missingPermission: Schema.optionalKey(Schema.String)
}) {}
