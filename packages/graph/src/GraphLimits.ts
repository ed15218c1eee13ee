import { Context, type Duration } from "effect"

/** How patient the live client is. */
export interface GraphLimits {
  /** One attempt, from sending to the last byte of the body. */
  readonly requestTimeout: Duration.Input
  /** All attempts of one request, waits included: a wait that would end later is not begun. */
  readonly retryWindow: Duration.Input
  /** First wait where the provider names none; it doubles from attempt to attempt, with jitter. */
  readonly retryBase: Duration.Input
  /** Longest wait where the provider names none. */
  readonly retryCap: Duration.Input
  /** Attempts of one request at most. */
  readonly retryAttempts: number
  /** Connections whose token and pace are kept at once; the least recently used goes first. */
  readonly tokenCapacity: number
  /** How long before its end a token is replaced. */
  readonly tokenMargin: Duration.Input
  /** Requests that fail in a row, for whatever passes by itself, before a tenant is left alone for a while. */
  readonly breakerFailures: number
  /** How long it is left alone at first; up to six times as long where that does not help. */
  readonly breakerOpen: Duration.Input
  /** Batches of one call that are under way at once. */
  readonly batchConcurrency: number
}

/** The limits used where the host provides none. */
export const defaultGraphLimits: GraphLimits = {
  requestTimeout: "60 seconds",
  retryWindow: "3 minutes",
  retryBase: "500 millis",
  retryCap: "20 seconds",
  retryAttempts: 6,
  tokenCapacity: 2_000,
  tokenMargin: "5 minutes",
  breakerFailures: 10,
  breakerOpen: "10 seconds",
  batchConcurrency: 4
}

/** Overrides for hosts and tests; read when the client's layer is built. */
export const GraphLimits = Context.Reference<GraphLimits>("@atlas/graph/GraphLimits", {
  defaultValue: () => defaultGraphLimits
})
