/**
 * Which requests a fault strikes. Every rule counts the requests that match it, from the moment it is added. If several rules
 * strike a request, the first decides.
 *
 * @module
 */
import type { FakeRequest } from "../FakeRequest.ts"
import type { Random } from "../FakeRandom.ts"
import type { Fault } from "./Fault.ts"

/** A fault, and the requests that it strikes. A condition left out matches everything. */
export interface FaultRule {
  readonly fault: Fault
  readonly method?: string
  /** The start of the path, such as `/v1.0/groups`, or an expression. Token requests are below `/{tenant}/oauth2`. */
  readonly path?: string | RegExp
  /** An Entra tenant id. */
  readonly tenant?: string
  /** True: only items of a batch. False: only other requests. */
  readonly batchItem?: boolean
  /** The first matching request to strike, counted from 1. Default 1. */
  readonly nth?: number
  /** How many matching requests in a row to strike. Default 1; with a probability, all. */
  readonly times?: number
  /** How likely each of them is struck, from 0 to 1; the engine's seed decides. Default 1. */
  readonly probability?: number
}

/** The request that rules are compared with. */
export interface FaultTarget {
  readonly request: FakeRequest
  readonly tenant: string | undefined
  readonly batchItem: boolean
}

const matchesPath = (path: string | RegExp | undefined, pathname: string): boolean =>
  path === undefined || (typeof path === "string" ? pathname.startsWith(path) : pathname.search(path) >= 0)

const matches = (rule: FaultRule, { batchItem, request, tenant }: FaultTarget): boolean =>
  (rule.method === undefined || rule.method === request.method) &&
  matchesPath(rule.path, request.url.pathname) &&
  (rule.tenant === undefined || rule.tenant === tenant) &&
  (rule.batchItem === undefined || rule.batchItem === batchItem)

/** The rules of an engine, each with the number of requests that matched it. */
export class FaultRules {
  readonly #random: Random
  #rules: Array<{ readonly rule: FaultRule; seen: number }> = []

  constructor(random: Random) {
    this.#random = random
  }

  /** Adds a rule. */
  add(rule: FaultRule): void {
    this.#rules.push({ rule, seen: 0 })
  }

  /** Removes every rule. */
  clear(): void {
    this.#rules = []
  }

  /** The fault that strikes a request, from the rule that was added first. Every matching rule counts the request. */
  strike(target: FaultTarget): Fault | undefined {
    const striking = this.#rules
      .filter(({ rule }) => matches(rule, target))
      .filter((entry) => {
        entry.seen++
        const { nth = 1, probability, times = probability === undefined ? 1 : Infinity } = entry.rule
        return (
          entry.seen >= nth && entry.seen < nth + times && (probability === undefined || this.#random() < probability)
        )
      })
    return striking[0]?.rule.fault
  }
}
