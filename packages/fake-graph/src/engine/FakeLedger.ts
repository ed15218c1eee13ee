/**
 * The requests to a fake, for tests to read and assert. An entry says what was asked, of which tenant, and with which status it
 * was answered. Bodies and tokens are not kept.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import type { FakeRequest } from "../FakeRequest.ts"

/** The most requests remembered; a demonstration may run for days. */
const capacity = 20_000

/** One request of the ledger. */
export interface FakeLedgerEntry {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: string
  /** The Entra tenant, if the token or the path names one. */
  readonly tenant: string | undefined
  readonly hadBearer: boolean
  /** It went to a host other than the fake: to the trap at `foreignOrigin`, or out of the in-memory client. */
  readonly foreign: boolean
  /** It is an item of a batch. The batch has an entry of its own, before those of its items. */
  readonly batch: boolean
  /** Bytes of the request's body. */
  readonly bodySize: number
  readonly consistencyLevel: string | undefined
  readonly prefer: string | undefined
  /** The header `x-ms-throttle-priority`. */
  readonly throttlePriority: string | undefined
  readonly clientRequestId: string | undefined
  /** 0 if no answer was sent: the connection was cut, or the request was never answered. */
  readonly status: number
  /** Why the fake refused: the fact about Graph that it knows, or that nobody knows what Graph does there. */
  readonly reason: string | undefined
}

/** What the ledger gets besides a request. */
export type FakeLedgerContext = Pick<FakeLedgerEntry, "tenant" | "hadBearer" | "foreign" | "batch">

/** The part of a contract that requests are compared with. Every `GraphContract` is one. */
export interface RegisteredContract {
  readonly name: string
  readonly version: string
  readonly path: string
  /** Default GET. */
  readonly method?: string
  readonly select?: ReadonlyArray<string>
}

/** The requests to a fake Graph are not those that a test asserts. */
export class FakeLedgerMismatch extends Schema.TaggedError<FakeLedgerMismatch>()("FakeLedgerMismatch", {
  message: Schema.String
}) {}

/** The latest requests to an engine, oldest first. */
export class FakeLedger {
  #entries: Array<FakeLedgerEntry> = []

  /** The requests so far. */
  get entries(): ReadonlyArray<FakeLedgerEntry> {
    return [...this.#entries]
  }

  /** Forgets the requests so far. */
  forget(): void {
    this.#entries = []
  }

  /** Records a request, and returns a function that takes the status of its answer, and why it was refused. */
  begin(
    { body, headers, method, url }: FakeRequest,
    context: FakeLedgerContext
  ): (status: number, reason?: string) => void {
    if (this.#entries.length >= capacity) this.#entries = this.#entries.slice(capacity / 2)
    const entry: { -readonly [name in keyof FakeLedgerEntry]: FakeLedgerEntry[name] } = {
      method,
      host: url.host,
      path: url.pathname,
      query: url.search,
      ...context,
      bodySize: Buffer.byteLength(body),
      consistencyLevel: headers["consistencylevel"],
      prefer: headers["prefer"],
      throttlePriority: headers["x-ms-throttle-priority"],
      clientRequestId: headers["client-request-id"],
      status: 0,
      reason: undefined
    }
    this.#entries.push(entry)
    return (status, reason) => {
      entry.status = status
      entry.reason = reason
    }
  }

  /** The query with which the latest listing of a tenant's collection began. */
  firstQuery(path: string, tenant: string | undefined): string {
    const first = this.#entries.findLast(
      (entry) => entry.path === path && entry.tenant === tenant && !continues(entry.query)
    )
    return first?.query ?? ""
  }
}

/** Whether a query comes from one of the provider's own links, which need not repeat the contract's query. */
const continues = (query: string): boolean => /[?&](\$|%24)(skiptoken|deltatoken)=(?!latest\b)/i.test(query)

const shown = ({ method, path, query, status }: FakeLedgerEntry): string => `${method} ${path}${query} (${status})`

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

const pathOf = ({ path, version }: RegisteredContract): RegExp =>
  new RegExp(
    `^/${escaped(version)}${path
      .split(/\{\w+\}/)
      .map(escaped)
      .join("[^/]+")}$`
  )

const selectOf = (query: string): string => new URLSearchParams(query).get("$select") ?? ""

const isOf = (contract: RegisteredContract, entry: FakeLedgerEntry): boolean =>
  (contract.method ?? "GET") === entry.method &&
  pathOf(contract).test(entry.path) &&
  (continues(entry.query) || selectOf(entry.query) === (contract.select ?? []).join(","))

const isGraph = ({ foreign, path }: FakeLedgerEntry): boolean =>
  foreign || (/^\/(v1\.0|beta)\//.test(path) && !/\/(\$|%24)batch$/.test(path))

const none = (
  found: ReadonlyArray<FakeLedgerEntry>,
  sentence: string,
  show: (entry: FakeLedgerEntry) => string
): Effect.Effect<void, FakeLedgerMismatch> =>
  found.length === 0
    ? Effect.void
    : Effect.fail(
        new FakeLedgerMismatch({ message: `${sentence}\n${found.map((entry) => `- ${show(entry)}`).join("\n")}` })
      )

/**
 * Asserts that a registered contract makes every request to Graph and every item of a batch, by its method, version, path and
 * `$select`. Links from the provider are compared without `$select`, and requests for tokens do not count. The failure lists
 * the requests that no contract makes.
 */
export const assertOnlyContracts = (
  entries: ReadonlyArray<FakeLedgerEntry>,
  contracts: ReadonlyArray<RegisteredContract>
): Effect.Effect<void, FakeLedgerMismatch> =>
  none(
    entries.filter(
      (entry) => isGraph(entry) && (entry.foreign || !contracts.some((contract) => isOf(contract, entry)))
    ),
    `Requests that none of the contracts makes (${contracts.map(({ name }) => name).join(", ") || "none given"}):`,
    (entry) => (entry.foreign ? `${shown(entry)} to ${entry.host}` : shown(entry))
  )

/** Asserts that no bearer token was sent to another host. The failure lists where it went. */
export const assertNoForeignBearer = (
  entries: ReadonlyArray<FakeLedgerEntry>
): Effect.Effect<void, FakeLedgerMismatch> =>
  none(
    entries.filter(({ foreign, hadBearer }) => foreign && hadBearer),
    "A bearer token was sent to another host:",
    ({ host, method, path }) => `${method} ${path} to ${host}`
  )
