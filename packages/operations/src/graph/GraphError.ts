import { Schema } from "effect"
import { ReasonCode } from "../run/ReasonCode.ts"

/** What a request to Microsoft Graph, or for its token, failed with. Holds nothing secret. */
export class GraphError extends Schema.TaggedError<GraphError>()("GraphError", {
  reasonCode: ReasonCode,
  /** A sentence for people, without tokens, links or payloads. */
  message: Schema.String,
  /** The contract's name, where a request was under way. */
  contract: Schema.optionalKey(Schema.String),
  /** The HTTP status, where there was an answer. */
  status: Schema.optionalKey(Schema.Int),
  /** Graph's `request-id`: what Microsoft's support asks for. */
  requestId: Schema.optionalKey(Schema.String),
  /** Our `client-request-id` of the last attempt. */
  clientRequestId: Schema.optionalKey(Schema.String),
  /** How long the provider asked us to wait, in milliseconds. */
  retryAfterMillis: Schema.optionalKey(Schema.Finite),
  /** The permission that was missing, where the provider named it or the contract needs exactly one. */
  missingPermission: Schema.optionalKey(Schema.String)
}) {}
