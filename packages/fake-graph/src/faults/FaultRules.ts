import type { FakeRequest } from "../FakeRequest.ts"
import type { Random } from "../FakeRandom.ts"
import type { Fault } from "./Fault.ts"

/** Which requests a fault strikes. What is left out matches everything. */
export interface FaultRule {
  readonly fault: Fault
  readonly method?: string
  /** The beginning of the path, such as `/v1.0/groups`, or an expression; tokens are under `/{tenant}/oauth2`. */
  readonly path?: string | RegExp
  /** An Entra tenant id. */
  readonly tenant?: string
  /** Only items of a batch, or only requests that are none. */
  readonly batchItem?: boolean
  /** The first of the matching requests to strike, from 1. Default 1. */
  readonly nth?: number
  /** How many in a row. Default 1; with a probability all. */
  readonly times?: number
  /** From 0 to 1: how likely each of them is struck, decided by the engine's seed. Default 1. */
  readonly probability?: number
}

/** What rules are compared with. */
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

/** The rules of an engine, each with how many requests matched it. */
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

  /** The fault that strikes a request: of several the one whose rule was added first, but every rule counts it. */
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
