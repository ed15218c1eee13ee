/**
 * Paces requests by app and tenant. Nothing waits until the provider complains. From then on requests are spaced at the rate
 * that it bears, interactive ones before background ones.
 *
 * @module
 */
import { GraphError } from "@atlas/operations"
import { Clock, Deferred, Duration, Effect, type Scope } from "effect"
import type { Headers } from "effect/http"
import { GraphLimits } from "../wire/GraphLimits.ts"
import * as RetryAfter from "../wire/RetryAfter.ts"

/** A request that waits for its turn. */
export interface Turn {
  /** Resource units. */
  readonly cost: number
  readonly priority: "interactive" | "background"
  /** Epoch milliseconds after which the request would come too late. */
  readonly deadline: number
}

interface Waiter extends Turn {
  readonly admitted: Deferred.Deferred<void, GraphError>
}

/** How fast one app may ask in one tenant, as far as is known. Graph limits each such pair. */
interface Pace {
  /** Milliseconds between two resource units; 0 until the provider complains. */
  interval: number
  /** Epoch milliseconds before which nothing is sent. */
  pausedUntil: number
  /** Epoch milliseconds: when the next unit is due. */
  nextAt: number
  changedAt: number
  /** Units of the current ten seconds, and of the ten before. */
  window: { readonly begun: number; units: number; readonly before: number }
  readonly waiting: { readonly interactive: Array<Waiter>; readonly background: Array<Waiter> }
  /** Interactive requests served since the last background one. */
  streak: number
  pumping: boolean
}

/** Graph counts the directory's units over ten seconds. https://learn.microsoft.com/graph/throttling-limits */
const windowMillis = 10_000
/** The share of the rate that remains after a 429. */
const slowerBy = 0.7
/** Graph reports the used share of a limit from 0.8 on; the client aims to stay there. */
const comfortable = 0.8
/** The most milliseconds between two units: after the first complaint, and after any number. */
const firstStep = 100
const slowest = 2_000
/** Each second without a complaint shortens the interval by this factor, until it is negligible. */
const recovery = 0.85
const negligible = 1
/** After this many interactive requests a background one is served, so none starves. */
const longestStreak = 8

const makePace = (now: number): Pace => ({
  interval: 0,
  pausedUntil: 0,
  nextAt: 0,
  changedAt: now,
  window: { begun: now, units: 0, before: 0 },
  waiting: { interactive: [], background: [] },
  streak: 0,
  pumping: false
})

const roll = (pace: Pace, now: number): void => {
  const windows = Math.floor((now - pace.window.begun) / windowMillis)
  if (windows < 1) return
  const before = windows === 1 ? pace.window.units : 0
  pace.window = { begun: pace.window.begun + windows * windowMillis, units: 0, before }
}

/** Units per millisecond sent lately. */
const rateOf = (pace: Pace, now: number): number => {
  roll(pace, now)
  const elapsed = now - pace.window.begun
  const before = pace.window.before * (1 - elapsed / windowMillis)
  return (pace.window.units + before) / windowMillis
}

const spend = (pace: Pace, units: number, now: number): void => {
  roll(pace, now)
  pace.window.units += units
  pace.nextAt = Math.max(now, pace.nextAt) + pace.interval * units
}

/**
 * Aims at a rate. A few requests say little about what the tenant bears, so the first step is small. Each further complaint
 * slows down what is already slow.
 */
const slowDown = (pace: Pace, rate: number, now: number): void => {
  const wanted = Math.min(1 / Math.max(rate, 1e-6), firstStep)
  pace.interval = Math.min(Math.max(wanted, pace.interval / slowerBy), slowest)
  pace.changedAt = now
}

const speedUp = (pace: Pace, now: number): void => {
  const seconds = Math.floor((now - pace.changedAt) / 1_000)
  if (pace.interval === 0 || seconds < 1) return
  pace.interval *= recovery ** seconds
  pace.changedAt = now
  if (pace.interval < negligible) pace.interval = 0
}

const nextWaiter = (pace: Pace): Waiter | undefined => {
  const { background, interactive } = pace.waiting
  const first = interactive.length > 0 && (pace.streak < longestStreak || background.length === 0)
  pace.streak = first ? pace.streak + 1 : 0
  return first ? interactive.shift() : background.shift()
}

const tooLate = (millis: number) =>
  new GraphError({
    reasonCode: "provider_throttled",
    message: "Graph throttles the tenant's requests, and this one would be sent too late.",
    retryAfterMillis: millis
  })

/** Serves the waiting requests of one pace in order. Ends when none is left. */
const pump = Effect.fnUntraced(function* (pace: Pace) {
  for (;;) {
    const now = yield* Clock.currentTimeMillis
    const at = Math.max(pace.pausedUntil, pace.nextAt)
    if (at > now) yield* Effect.sleep(at - now)
    else {
      const waiter = nextWaiter(pace)
      if (waiter === undefined) break
      if (waiter.deadline < now) yield* Deferred.fail(waiter.admitted, tooLate(pace.interval * waiter.cost))
      else {
        spend(pace, waiter.cost, now)
        yield* Deferred.succeed(waiter.admitted, undefined)
      }
    }
  }
  pace.pumping = false
})

/** What an answer says about the pace. */
export interface Feedback {
  readonly status: number
  readonly headers: Headers.Headers
  /** The cost of the answered request. */
  readonly cost: number
}

const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined

const learn = (pace: Pace, { cost, headers, status }: Feedback, now: number, pause: number): void => {
  const real = numberIn(headers["x-ms-resource-unit"])
  if (real !== undefined && real > cost) spend(pace, real - cost, now)
  if (status === 429) {
    // Requests in flight together are refused together, which counts as one complaint.
    if (now >= pace.pausedUntil) slowDown(pace, rateOf(pace, now) * slowerBy, now)
    pace.pausedUntil = Math.max(pace.pausedUntil, now + pause)
    return
  }
  const used = numberIn(headers["x-ms-throttle-limit-percentage"]) ?? 0
  if (used < comfortable) return speedUp(pace, now)
  if (now - pace.changedAt >= 1_000) slowDown(pace, (rateOf(pace, now) * comfortable) / used, now)
}

/** Gives requests their turn. A `key` stands for one app in one tenant. */
export interface GraphPacing {
  /** Waits for a request's turn. Fails with `provider_throttled` if it would come after the deadline. */
  admit(key: string, turn: Turn): Effect.Effect<void, GraphError>
  /** Adjusts the pace to an answer. */
  learn(key: string, feedback: Feedback): Effect.Effect<void>
}

/**
 * Makes the paces of all tenants; of those that no request waits for, the least recently used is forgotten first. Effect's
 * `RateLimiter` learns from 429 too, but it knows neither priorities nor the headers that warn before a 429.
 */
export const make: Effect.Effect<GraphPacing, never, Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const { retryBase, tokenCapacity } = yield* GraphLimits
  const defaultPause = Duration.toMillis(retryBase)
  const paces = new Map<string, Pace>()

  const paceOf = (key: string, now: number): Pace => {
    const pace = paces.get(key) ?? makePace(now)
    paces.delete(key)
    paces.set(key, pace)
    for (const [oldest, { pumping }] of paces) {
      if (paces.size <= tokenCapacity || oldest === key) break
      // Requests that wait keep their pace, and later ones would begin another beside it.
      if (!pumping) paces.delete(oldest)
    }
    return pace
  }

  const queueUp = (pace: Pace, turn: Turn) =>
    Effect.uninterruptibleMask((restore) => {
      const queue = pace.waiting[turn.priority]
      const waiter: Waiter = { ...turn, admitted: Deferred.makeUnsafe() }
      queue.push(waiter)
      const start = pace.pumping ? Effect.void : Effect.forkIn(Effect.interruptible(pump(pace)), scope)
      pace.pumping = true
      const leave = Effect.sync(() => {
        const position = queue.indexOf(waiter)
        if (position >= 0) queue.splice(position, 1)
      })
      return Effect.andThen(start, Effect.ensuring(restore(Deferred.await(waiter.admitted)), leave))
    })

  const admit = Effect.fnUntraced(function* (key: string, turn: Turn) {
    const now = yield* Clock.currentTimeMillis
    const pace = paceOf(key, now)
    if (pace.pausedUntil > turn.deadline) return yield* tooLate(pace.pausedUntil - now)
    if (pace.pumping || Math.max(pace.pausedUntil, pace.nextAt) > now) return yield* queueUp(pace, turn)
    spend(pace, turn.cost, now)
  })

  const learnFrom = (key: string, feedback: Feedback) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const asked = RetryAfter.millis(feedback.headers["retry-after"], now)
      learn(paceOf(key, now), feedback, now, asked._tag === "Some" ? asked.value : defaultPause)
    })

  return { admit, learn: learnFrom }
})
