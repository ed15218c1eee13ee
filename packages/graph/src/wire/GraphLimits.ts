/**
 * Timeouts, retries and capacities of the live client. `LiveGraph.layer` reads them once, when it is built, so a host provides
 * its own below that layer.
 *
 * @module
 */
import { Context, type Duration } from "effect"

/** How patient the live client is. */
export interface GraphLimits {
  /** The time of one attempt, from sending to the last byte of the body. */
  readonly requestTimeout: Duration.Input
  /** The time of all attempts of one request, waits included. A wait that would end later does not begin. */
  readonly retryWindow: Duration.Input
  /** The first wait if the provider names none. It doubles with each attempt, with jitter. */
  readonly retryBase: Duration.Input
  /** The longest wait if the provider names none. */
  readonly retryCap: Duration.Input
  /** The most attempts of one request. */
  readonly retryAttempts: number
  /** The most connections whose token and pace are kept. The least recently used goes first. */
  readonly tokenCapacity: number
  /** How long before its end a token is replaced. */
  readonly tokenMargin: Duration.Input
  /** How many requests in a row fail, for reasons that pass by themselves, before those to the tenant are paused. */
  readonly breakerFailures: number
  /** The first pause. It grows up to six times as long while requests keep failing. */
  readonly breakerOpen: Duration.Input
  /** The most batches of one call in flight at once. */
  readonly batchConcurrency: number
}

/** The limits of a host that provides none. */
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

/** The limits that the client uses. Hosts and tests override them. */
export const GraphLimits = Context.Reference<GraphLimits>("@atlas/graph/GraphLimits", {
  defaultValue: () => defaultGraphLimits
})
