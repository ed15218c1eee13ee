import { Option, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"

/** What an access token says about itself. Unverified, since only Graph verifies signatures. */
export const TokenClaims = Schema.Struct({
  /** The Entra tenant that the token was issued for. */
  tid: Schema.optionalKey(Schema.String),
  /** The application permissions that the token carries. */
  roles: Schema.optionalKey(Schema.Array(Schema.String))
})
export type TokenClaims = typeof TokenClaims.Type

const decodePayload = Schema.decodeUnknownOption(Schema.fromJsonString(TokenClaims))

/** The claims of an access token; none if it is opaque. */
export const read = (token: string): Option.Option<TokenClaims> =>
  Result.getSuccess(Base64Url.decodeString(token.split(".")[1] ?? "")).pipe(Option.flatMap(decodePayload))

/** Whether a token names a tenant other than the connection's. A connection may hold a domain name, which no token repeats. */
export const isForeign = (claims: Option.Option<TokenClaims>, entraTenantId: string): boolean =>
  /^[\da-f-]{36}$/i.test(entraTenantId) &&
  Option.exists(claims, ({ tid }) => tid !== undefined && tid.toLowerCase() !== entraTenantId.toLowerCase())
