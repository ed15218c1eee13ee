/**
 * Throttling by Graph's documented limits. The directory counts resource units and writes, Intune counts requests and writes. A
 * fake throttles only if `FakeGraphOptions.throttle` asks for it.
 *
 * @module
 */
import { errorReply, type FakeReply, type FakeRequest } from "../FakeRequest.ts"

/** What an app may use, per tenant unless said otherwise. Without a limit, use is unlimited. */
export interface FakeThrottleLimits {
  /** Resource units of the directory per 10 seconds. */
  readonly units?: number
  /** Writes to the directory per 150 seconds. */
  readonly writes?: number
  /** Resource units of the directory per 20 seconds, in all tenants together. */
  readonly appUnits?: number
  /** Requests to Intune per 20 seconds. */
  readonly intune?: number
  /** Writes to Intune per 20 seconds. */
  readonly intuneWrites?: number
}

/** Graph's limits for a small, medium or large tenant, or other limits. */
export type FakeThrottleOption = "S" | "M" | "L" | FakeThrottleLimits

const common = { writes: 3_000, appUnits: 150_000, intune: 1_000, intuneWrites: 100 }

const sizes: Readonly<Record<"S" | "M" | "L", FakeThrottleLimits>> = {
  S: { ...common, units: 3_500 },
  M: { ...common, units: 5_000 },
  L: { ...common, units: 8_000 }
}

/** The app that asks, and in which tenant. */
export interface FakeCaller {
  readonly clientId: string
  readonly entraTenantId: string
}

/** The result for a request: a refusal, or headers for its answer. */
export type FakeAdmission =
  | { readonly refusal: FakeReply }
  | { readonly refusal: undefined; readonly headers: Readonly<Record<string, string>> }

const isIntune = ({ url }: FakeRequest): boolean =>
  /^\/(v1\.0|beta)\/(deviceManagement|deviceAppManagement)(\/|$)/.test(url.pathname)

const isWrite = ({ method }: FakeRequest): boolean => method !== "GET"

const baseCost = (path: string): number => {
  if (/\/members(\/|$)/.test(path)) return 3
  return path.endsWith("/appRoleAssignments") ? 2 : 1
}

/** Resource units of a request to the directory. */
const unitsOf = ({ url }: FakeRequest): number => {
  const top = Number(url.searchParams.get("$top") ?? 100)
  return Math.max(1, baseCost(url.pathname) - (url.searchParams.has("$select") ? 1 : 0) - (top < 20 ? 1 : 0))
}

interface Bucket {
  readonly limit: keyof FakeThrottleLimits
  readonly windowMillis: number
  readonly information: string
  /** What a request takes from the bucket; 0 if it does not count. */
  readonly cost: (request: FakeRequest) => number
}

const buckets: ReadonlyArray<Bucket> = [
  {
    limit: "units",
    windowMillis: 10_000,
    information: "ResourceUnitLimitExceeded",
    cost: (request) => (isIntune(request) ? 0 : unitsOf(request))
  },
  {
    limit: "appUnits",
    windowMillis: 20_000,
    information: "ResourceUnitLimitExceeded",
    cost: (request) => (isIntune(request) ? 0 : unitsOf(request))
  },
  {
    limit: "writes",
    windowMillis: 150_000,
    information: "WriteLimitExceeded",
    cost: (request) => (!isIntune(request) && isWrite(request) ? 1 : 0)
  },
  {
    limit: "intune",
    windowMillis: 20_000,
    information: "RequestLimitExceeded",
    cost: (request) => (isIntune(request) ? 1 : 0)
  },
  {
    limit: "intuneWrites",
    windowMillis: 20_000,
    information: "WriteLimitExceeded",
    cost: (request) => (isIntune(request) && isWrite(request) ? 1 : 0)
  }
]

/** From this share of a limit on, answers warn. */
const warningShare = 0.8

const scopeOf = (request: FakeRequest, { limit }: Bucket, { clientId, entraTenantId }: FakeCaller): string => {
  const kind = isWrite(request) ? "Write" : "Read"
  return limit === "appUnits"
    ? `Application/${kind}/${clientId}`
    : `Tenant_Application/${kind}/${clientId}/${entraTenantId}`
}

interface Window {
  readonly endsAt: number
  readonly used: number
}

/**
 * The buckets of an engine. A window begins with the first request in it. Once it is full, every request that would take more
 * is refused until the window ends. A refused request costs nothing.
 *
 * @see https://learn.microsoft.com/graph/throttling-limits
 */
export class FakeThrottle {
  readonly #limits: FakeThrottleLimits
  readonly #windows = new Map<string, Window>()

  constructor(option: FakeThrottleOption) {
    this.#limits = typeof option === "string" ? sizes[option] : option
  }

  /** Charges one request to the caller's buckets; `now` is in epoch milliseconds. */
  admit(request: FakeRequest, caller: FakeCaller, now: number): FakeAdmission {
    const units: Record<string, string> = isIntune(request) ? {} : { "x-ms-resource-unit": String(unitsOf(request)) }
    const charges = buckets
      .filter((bucket) => this.#limits[bucket.limit] !== undefined && bucket.cost(request) > 0)
      .map((bucket) => {
        const key = [bucket.limit, caller.clientId, bucket.limit === "appUnits" ? "" : caller.entraTenantId].join()
        const { endsAt, used } = this.#windowOf(key, bucket, now)
        return { bucket, key, endsAt, used: used + bucket.cost(request), limit: this.#limits[bucket.limit] ?? Infinity }
      })
    const full = charges.find(({ limit, used }) => used > limit)
    if (full !== undefined) {
      const reply = errorReply(429, "TooManyRequests", "Too many requests.")
      const headers = {
        ...units,
        "retry-after": String(Math.ceil((full.endsAt - now) / 1000)),
        "x-ms-throttle-scope": scopeOf(request, full.bucket, caller),
        "x-ms-throttle-information": full.bucket.information
      }
      return { refusal: { ...reply, headers: { ...reply.headers, ...headers } } }
    }
    for (const { endsAt, key, used } of charges) this.#windows.set(key, { endsAt, used })
    const share = Math.max(0, ...charges.map(({ limit, used }) => used / limit))
    const warning = share < warningShare ? {} : { "x-ms-throttle-limit-percentage": share.toFixed(2) }
    return { refusal: undefined, headers: { ...units, ...warning } }
  }

  #windowOf(key: string, { windowMillis }: Bucket, now: number): Window {
    const window = this.#windows.get(key)
    return window === undefined || window.endsAt <= now ? { endsAt: now + windowMillis, used: 0 } : window
  }
}
