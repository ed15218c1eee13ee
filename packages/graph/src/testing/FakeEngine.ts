import { randomUUID } from "node:crypto"
import type { Fault, FaultRule } from "./Fault.ts"
import * as FakeGroupsApi from "./FakeGroupsApi.ts"
import { aadReply, FakeLogin } from "./FakeLogin.ts"
import { errorReply, type FakeLedgerEntry, type FakeReply, type FakeRequest, jsonReply } from "./FakeRequest.ts"
import type { FakeTenant } from "./FakeTenant.ts"

/** Requests remembered at most; a demonstration may run for days. */
const ledgerCapacity = 20_000

type Handler = (request: FakeRequest, tenant: FakeTenant, fault: Fault | undefined, id: string) => FakeReply

interface Route {
  readonly path: RegExp
  /** Any of these suffices. */
  readonly permissions: ReadonlyArray<string>
  readonly handle: Handler
}

const readGroups = ["GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"]

const organization: Handler = (_request, tenant) =>
  jsonReply(200, JSON.stringify({ value: [{ id: tenant.entraTenantId, displayName: tenant.displayName }] }))

const routes: ReadonlyArray<Route> = [
  { path: /^\/v1\.0\/groups$/, permissions: readGroups, handle: FakeGroupsApi.list },
  { path: /^\/v1\.0\/groups\/\$count$/, permissions: readGroups, handle: FakeGroupsApi.count },
  {
    path: /^\/v1\.0\/groups\/([^/]+)$/,
    permissions: readGroups,
    handle: (request, tenant, _fault, id) => FakeGroupsApi.get(request, tenant, id)
  },
  {
    path: /^\/v1\.0\/organization$/,
    permissions: ["Organization.Read.All", "Directory.Read.All"],
    handle: organization
  }
]

const bearerOf = (request: FakeRequest): string | undefined =>
  /^Bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1]

/** A malformed escape stays as it is. */
const decoded = (text: string): string => (/%(?![\da-f]{2})/i.test(text) ? text : decodeURIComponent(text))

/** Replaces the answer altogether. */
const instead = (fault: Fault): FakeReply | undefined => {
  switch (fault._tag) {
    case "Status":
      return { ...jsonReply(fault.status, fault.body), headers: fault.headers }
    case "Aad":
      return aadReply(fault.status, fault.error, fault.number, "Injected fault.")
    case "ConnectionReset":
      return { ...jsonReply(200, ""), delivery: "reset" }
    case "NoAnswer":
      return { ...jsonReply(200, ""), delivery: "noAnswer" }
    case "ShapelessBody":
      return jsonReply(200, `{"unexpected":true}`)
    default:
      return undefined
  }
}

/** Spoils the answer that would have been given. */
const spoilt = (reply: FakeReply, fault: Fault | undefined): FakeReply => {
  switch (fault?._tag) {
    case "TruncatedJson":
      return { ...reply, body: reply.body.slice(0, Math.floor(reply.body.length / 2)) }
    case "HungBody":
      return { ...reply, body: reply.body.slice(0, Math.floor(reply.body.length / 2)), delivery: "hungBody" }
    case "Latency":
      return { ...reply, delayMillis: fault.millis }
    default:
      return reply
  }
}

/** Microsoft Graph and its login service in memory: what both faces of the fake answer with. */
export class FakeEngine {
  readonly #tenants: ReadonlyMap<string, FakeTenant>
  readonly #login: FakeLogin
  #rules: Array<{ readonly rule: FaultRule; seen: number }> = []
  #ledger: Array<FakeLedgerEntry> = []

  constructor(tenants: ReadonlyArray<FakeTenant>, tokenLifetimeMillis: number) {
    this.#tenants = new Map(tenants.map((tenant) => [tenant.entraTenantId.toLowerCase(), tenant]))
    this.#login = new FakeLogin(this.#tenants, tokenLifetimeMillis)
  }

  /** A tenant by its Entra tenant id. */
  tenant(entraTenantId: string): FakeTenant | undefined {
    return this.#tenants.get(entraTenantId.toLowerCase())
  }

  /** The requests so far, oldest first; the oldest are forgotten in the end. */
  get requests(): ReadonlyArray<FakeLedgerEntry> {
    return [...this.#ledger]
  }

  /** Forgets the requests so far. */
  forgetRequests(): void {
    this.#ledger = []
  }

  /** Adds a fault. */
  inject(rule: FaultRule): void {
    this.#rules.push({ rule, seen: 0 })
  }

  /** Removes every fault. */
  clearFaults(): void {
    this.#rules = []
  }

  /** Makes every token issued so far invalid. */
  revokeTokens(): void {
    this.#login.revokeAll()
  }

  /**
   * Answers one request.
   *
   * @param request what came in
   * @param now epoch milliseconds
   */
  handle(request: FakeRequest, now: number): FakeReply {
    const bearer = bearerOf(request)
    const tenant = bearer === undefined ? undefined : this.#login.tenantOf(bearer, now)
    const tenantId = tenant?.entraTenantId ?? this.tenant(request.url.pathname.split("/")[1] ?? "")?.entraTenantId
    const fault = this.#strike(request, tenantId)
    const reply =
      (fault === undefined ? undefined : instead(fault)) ??
      this.#login.handle(request, now) ??
      this.#graph(request, tenant, fault)
    this.#record(request, tenantId, bearer !== undefined, reply.status)
    const clientRequestId = request.headers["client-request-id"]
    return spoilt(
      {
        ...reply,
        headers: {
          "request-id": randomUUID(),
          ...(clientRequestId === undefined ? {} : { "client-request-id": clientRequestId }),
          ...reply.headers
        }
      },
      fault
    )
  }

  #graph(request: FakeRequest, tenant: FakeTenant | undefined, fault: Fault | undefined): FakeReply {
    const path = decoded(request.url.pathname)
    if (!/^\/(v1\.0|beta)\//.test(path)) return errorReply(404, "UnknownError", "")
    if (tenant === undefined) {
      return errorReply(401, "InvalidAuthenticationToken", "Access token is missing, expired or unknown.")
    }
    const route = routes.find((candidate) => candidate.path.test(path))
    if (route === undefined) {
      return errorReply(
        404,
        "Request_ResourceNotFound",
        `Resource not found for the segment '${path.split("/").at(-1)}'.`
      )
    }
    if (request.method !== "GET") {
      return errorReply(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    }
    if (!route.permissions.some((permission) => tenant.permissions.has(permission))) {
      return errorReply(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }
    return route.handle(request, tenant, fault, route.path.exec(path)?.[1] ?? "")
  }

  #strike({ method, url }: FakeRequest, tenant: string | undefined): Fault | undefined {
    const striking = this.#rules
      .filter(
        ({ rule }) =>
          (rule.method === undefined || rule.method === method) &&
          (rule.path === undefined || url.pathname.startsWith(rule.path)) &&
          (rule.tenant === undefined || rule.tenant === tenant)
      )
      .filter((entry) => {
        entry.seen++
        const { nth = 1, times = 1 } = entry.rule
        return entry.seen >= nth && entry.seen < nth + times
      })
    return striking[0]?.rule.fault
  }

  #record({ headers, method, url }: FakeRequest, tenant: string | undefined, hadBearer: boolean, status: number): void {
    if (this.#ledger.length >= ledgerCapacity) this.#ledger = this.#ledger.slice(ledgerCapacity / 2)
    this.#ledger.push({
      method,
      path: url.pathname,
      query: url.search,
      tenant,
      hadBearer,
      consistencyLevel: headers["consistencylevel"],
      clientRequestId: headers["client-request-id"],
      status
    })
  }
}
