/**
 * The access tokens that a fake issues, and what it remembers of each.
 *
 * @module
 */
import { Option, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { type Random, uuidFrom } from "../FakeRandom.ts"
import type { FakeTenant } from "../tenant/FakeTenant.ts"

/** What a token stands for. */
export interface FakeSession {
  readonly tenant: FakeTenant
  /** The app, or the managed identity. */
  readonly clientId: string
  /** The permissions that were granted when it was issued. */
  readonly roles: ReadonlySet<string>
  /** The claims that it was requested with: the JSON of each, by name. */
  readonly claims: ReadonlyMap<string, string>
  readonly expiresAt: number
}

/** What a token is issued for. */
export interface FakeTokenRequest {
  readonly tenant: FakeTenant
  readonly clientId: string
  readonly audience: string
  /** The form's `claims`: JSON. */
  readonly claims: string | null
}

/** The most tokens remembered. The oldest are forgotten first, and then rejected. */
const capacity = 10_000

const decodeClaims = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ access_token: Schema.Record(Schema.String, Schema.Unknown) }))
)

/** The claims that a request asks for in the access token: the JSON of each, by name. */
const claimsIn = (text: string | null): ReadonlyMap<string, string> => {
  const wanted = Option.getOrUndefined(decodeClaims(text))?.access_token ?? {}
  return new Map(Object.entries(wanted).map(([name, value]) => [name, JSON.stringify(value)]))
}

/** What a client declares in the claim `xms_cc`: `CP1` if it answers claims challenges. */
const capabilitiesIn = (claims: ReadonlyMap<string, string>): ReadonlyArray<string> =>
  claims.get("xms_cc")?.includes('"CP1"') === true ? ["CP1"] : []

/** Whether a token was acquired with the claims that a challenge, in JSON, asks for. */
export const meets = (session: FakeSession, challenge: string): boolean =>
  [...claimsIn(challenge)].every(([name, value]) => session.claims.get(name) === value)

/**
 * The app-only tokens of a fake Graph. They look like JWTs, as Microsoft's happen to, but only the engine that issued a token
 * accepts it.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
export class FakeTokens {
  readonly #lifetimeMillis: number
  readonly #random: Random
  readonly #issued = new Map<string, FakeSession>()

  constructor(lifetimeMillis: number, random: Random) {
    this.#lifetimeMillis = lifetimeMillis
    this.#random = random
  }

  /** Seconds that a token lives. */
  get lifetimeSeconds(): number {
    return Math.floor(this.#lifetimeMillis / 1000)
  }

  /** What a token stands for; undefined if it expired, was revoked, or came from elsewhere. */
  find(token: string, now: number): FakeSession | undefined {
    const session = this.#issued.get(token)
    return session !== undefined && now < session.expiresAt ? session : undefined
  }

  /** Invalidates every token issued so far. */
  revokeAll(): void {
    this.#issued.clear()
  }

  /** Issues a token. */
  issue({ audience, claims, clientId, tenant }: FakeTokenRequest, now: number): string {
    const expiresAt = now + this.#lifetimeMillis
    const roles = [...tenant.permissions]
    const requested = claimsIn(claims)
    const seconds = Math.floor(now / 1000)
    const payload = {
      aud: audience,
      iss: `https://sts.windows.net/${tenant.entraTenantId}/`,
      iat: seconds,
      nbf: seconds,
      exp: Math.floor(expiresAt / 1000),
      appid: clientId,
      idtyp: "app",
      roles,
      tid: tenant.entraTenantId,
      uti: uuidFrom(this.#random),
      ver: "1.0",
      xms_cc: capabilitiesIn(requested)
    }
    const parts = [{ typ: "JWT", alg: "RS256", kid: "fake" }, payload].map((part) => JSON.stringify(part))
    const token = [...parts, `${uuidFrom(this.#random)}${uuidFrom(this.#random)}`].map(Base64Url.encode).join(".")
    this.#issued.set(token, { tenant, clientId, roles: new Set(roles), claims: requested, expiresAt })
    const [oldest] = this.#issued.keys()
    if (this.#issued.size > capacity && oldest !== undefined) this.#issued.delete(oldest)
    return token
  }
}
