import { DateTime } from "effect"
import * as FakeBatch from "./FakeBatch.ts"
import type { FakeDeltaSettings } from "../resources/FakeCall.ts"
import { FakeLedger } from "./FakeLedger.ts"
import { FakeLogin } from "../login/FakeLogin.ts"
import { type Random, randomFrom, uuidFrom } from "../FakeRandom.ts"
import { errorReply, type FakeReply, type FakeRequest } from "../FakeRequest.ts"
import * as FakeRoutes from "../resources/FakeRoutes.ts"
import type { FakeTenant } from "../tenant/FakeTenant.ts"
import { FakeThrottle, type FakeThrottleOption } from "./FakeThrottle.ts"
import { type FakeSession, FakeTokens, meets } from "../login/FakeTokens.ts"
import type { Fault } from "../faults/Fault.ts"
import { forHandlers, instead, spoilt } from "../faults/FaultEffects.ts"
import { FaultRules } from "../faults/FaultRules.ts"

const bearerOf = (request: FakeRequest): string | undefined =>
  /^Bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1]

/** A malformed escape stays as it is. */
const decoded = (text: string): string => (/%(?![\da-f]{2})/i.test(text) ? text : decodeURIComponent(text))

/** How an engine behaves, apart from its faults. */
export interface FakeEngineOptions {
  readonly tokenLifetimeMillis: number
  /** Decides everything random. */
  readonly seed: number
  /** Added to the delay of every answer. */
  readonly latencyMillis: number
  /** Undefined: no throttling. */
  readonly throttle: FakeThrottleOption | undefined
  readonly delta: FakeDeltaSettings
  /** How long it takes until a change is visible. */
  readonly replicationLagMillis: number
  /** Where hostile links lead to. */
  readonly foreignOrigin: () => string
}

interface Incoming {
  readonly request: FakeRequest
  readonly session: FakeSession | undefined
  /** The Entra tenant, if the token or the path names one. */
  readonly tenant: string | undefined
  readonly hadBearer: boolean
  readonly batch: boolean
}

/** Microsoft Graph and its login service in memory: what both faces of the fake answer with. */
export class FakeEngine {
  readonly ledger = new FakeLedger()
  readonly rules: FaultRules
  readonly tokens: FakeTokens
  readonly #tenants: ReadonlyMap<string, FakeTenant>
  readonly #login: FakeLogin
  readonly #random: Random
  readonly #throttle: FakeThrottle
  readonly #options: FakeEngineOptions
  #pending: Array<{ readonly at: number; readonly apply: () => void }> = []

  constructor(tenants: ReadonlyArray<FakeTenant>, options: FakeEngineOptions) {
    this.#options = options
    this.#random = randomFrom(options.seed)
    this.rules = new FaultRules(this.#random)
    this.tokens = new FakeTokens(options.tokenLifetimeMillis, this.#random)
    this.#throttle = new FakeThrottle(options.throttle ?? {})
    this.#tenants = new Map(tenants.map((tenant) => [tenant.entraTenantId.toLowerCase(), tenant]))
    this.#login = new FakeLogin(this.#tenants, this.tokens)
  }

  /** A tenant by its Entra tenant id. */
  tenant(entraTenantId: string): FakeTenant | undefined {
    return this.#tenants.get(entraTenantId.toLowerCase())
  }

  /** Makes a change that is visible after the replication lag. `now` is in epoch milliseconds, here and below. */
  change(apply: () => void, now: number): void {
    this.#pending.push({ at: now + this.#options.replicationLagMillis, apply })
    this.settle(now)
  }

  /** Applies the changes that are due. */
  settle(now: number): void {
    const due = this.#pending.filter(({ at }) => at <= now)
    this.#pending = this.#pending.filter(({ at }) => at > now)
    for (const { apply } of due) apply()
  }

  /** Records a request that went to another host, with the status of its answer; 0 for none. */
  recordForeign(request: FakeRequest, status: number): void {
    const hadBearer = bearerOf(request) !== undefined
    this.ledger.begin(request, { tenant: undefined, hadBearer, foreign: true, batch: false })(status)
  }

  /** Answers one request. */
  handle(request: FakeRequest, now: number): FakeReply {
    this.settle(now)
    const reply = this.#answer(request, false, now)
    return { ...reply, delayMillis: reply.delayMillis + this.#options.latencyMillis }
  }

  #answer(request: FakeRequest, batch: boolean, now: number): FakeReply {
    const incoming = this.#incoming(request, batch, now)
    const { hadBearer, tenant } = incoming
    const finish = this.ledger.begin(request, { tenant, hadBearer, batch, foreign: false })
    const fault = this.#fault(incoming)
    const work = () =>
      this.#login.handle(request, now) ?? this.#batch(incoming, now) ?? this.#graph(incoming, fault, now)
    const reply = spoilt((fault === undefined ? undefined : instead(fault)) ?? work(), fault)
    finish(reply.delivery === "reset" || reply.delivery === "noAnswer" ? 0 : reply.status, reply.reason)
    return { ...reply, headers: { ...this.#headers(request, now), ...reply.headers } }
  }

  #incoming(request: FakeRequest, batch: boolean, now: number): Incoming {
    const bearer = bearerOf(request)
    const session = bearer === undefined ? undefined : this.tokens.find(bearer, now)
    const tenant = session?.tenant ?? this.tenant(request.url.pathname.split("/")[1] ?? "")
    return { request, session, tenant: tenant?.entraTenantId, hadBearer: bearer !== undefined, batch }
  }

  #fault({ batch, request, session, tenant }: Incoming): Fault | undefined {
    const fault = this.rules.strike({ request, tenant, batchItem: batch })
    if (fault?._tag === "ItemMissing" && !batch) return undefined
    if (fault?._tag === "ClaimsChallenge" && session !== undefined && meets(session, fault.claims)) return undefined
    return forHandlers(fault, {
      request,
      foreignOrigin: this.#options.foreignOrigin(),
      firstPage: `${request.url.origin}${request.url.pathname}${this.ledger.firstQuery(request.url.pathname, tenant)}`
    })
  }

  #headers({ headers }: FakeRequest, now: number): Record<string, string> {
    const clientRequestId = headers["client-request-id"]
    return {
      date: DateTime.toDateUtc(DateTime.makeUnsafe(now)).toUTCString(),
      "request-id": uuidFrom(this.#random),
      "x-ms-ags-diagnostic": `{"ServerInfo":{"DataCenter":"Fake","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"FAKE"}}`,
      ...(clientRequestId === undefined ? {} : { "client-request-id": clientRequestId })
    }
  }

  #batch({ request, session }: Incoming, now: number): FakeReply | undefined {
    if (session === undefined || request.method !== "POST" || !FakeBatch.isBatch(request)) return undefined
    return FakeBatch.handle(request, (item) => this.#answer(item, true, now), this.#random)
  }

  #graph({ request, session }: Incoming, fault: Fault | undefined, now: number): FakeReply {
    const path = decoded(request.url.pathname)
    if (!/^\/(v1\.0|beta)\//.test(path)) return errorReply(404, "UnknownError", "")
    if (session === undefined) {
      return errorReply(401, "InvalidAuthenticationToken", "Access token is missing, expired or unknown.")
    }
    const { clientId, roles, tenant } = session
    const admission = this.#throttle.admit(request, { clientId, entraTenantId: tenant.entraTenantId }, now)
    if (admission.refusal !== undefined) return admission.refusal
    const { delta } = this.#options
    const call = { request, tenant, roles, fault, now, random: this.#random, delta }
    const reply = FakeRoutes.answer(call, path)
    return { ...reply, headers: { ...reply.headers, ...admission.headers } }
  }
}
