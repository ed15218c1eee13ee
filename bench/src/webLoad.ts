import { setTimeout as pause } from "node:timers/promises"
import { now } from "./clock.ts"
import { type Percentiles, percentiles } from "./figures.ts"
import { watched } from "./webLedger.ts"

const headers = { authorization: "Bearer dev:operator@northwind" }

/** What is asked for, by name. */
const reads = {
  "list, page": "/admin/operations",
  "list, API": "/api/v1/operations",
  "list of failures": "/api/v1/operations?outcome=failed",
  "list of one reason": "/api/v1/operations?reasonCode=provider_unavailable&from=2020-01-01T00:00:00Z",
  "list of one person": "/api/v1/operations?actor=manager@northwind",
  "list of one tenant and type": "/api/v1/operations?tenant=fabrikam&type=directory_groups.sync",
  viewer: `/admin/operations/${watched.long}`,
  "viewer, in the middle of the timeline": `/admin/operations/${watched.long}?after=5000`,
  "run, API": `/api/v1/operations/${watched.long}`
} as const

/** How long one kind of read takes. */
export interface ReadFigure extends Percentiles {
  readonly read: string
}

const ask = async (url: string): Promise<number> => {
  const from = now()
  const response = await fetch(url, { headers })
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`${url} was answered with ${response.status}.`)
  return now() - from
}

/** One after the other, each as often. */
export const measureReads = async (origin: string, times: number): Promise<ReadonlyArray<ReadFigure>> => {
  const figures: Array<ReadFigure> = []
  for (const [read, path] of Object.entries(reads)) {
    const durations: Array<number> = []
    for (let index = -10; index < times; index++) {
      const duration = await ask(origin + path)
      if (index >= 0) durations.push(duration)
    }
    figures.push({ read, ...percentiles(durations) })
  }
  return figures
}

/** What many viewers at once get. */
export interface LoadFigure {
  readonly viewers: number
  /** Streams that ended before they were told to. */
  readonly lostViewers: number
  readonly seconds: number
  readonly requests: number
  readonly errors: number
  readonly viewer: Percentiles
  readonly all: Percentiles
}

// What people look at, in turn: mostly the viewer.
const mix = ["viewer", "run, API", "viewer", "list, API", "viewer", "list, page"] as const

const openStream = async (origin: string, signal: AbortSignal, onEnd: () => void) => {
  const response = await fetch(`${origin}/api/v1/operations/${watched.active}/events`, {
    headers: { ...headers, accept: "text/event-stream" },
    signal
  })
  if (response.status !== 200 || response.body === null)
    throw new Error(`A stream was answered with ${response.status}.`)
  void response.body.pipeTo(new WritableStream()).then(onEnd, () => signal.aborted || onEnd())
}

/**
 * Reads at a steady rate while many watch a run live. A request starts at its time, whether or not earlier ones were answered.
 *
 * @param origin of the server
 * @param viewers how many streams are open
 * @param rate requests in a second
 * @param seconds how long
 */
export const measureLoad = async (
  origin: string,
  viewers: number,
  rate: number,
  seconds: number
): Promise<LoadFigure> => {
  const ended = new AbortController()
  let lostViewers = 0
  await Promise.all(Array.from({ length: viewers }, () => openStream(origin, ended.signal, () => void lostViewers++)))
  const all: Array<number> = []
  const viewer: Array<number> = []
  let errors = 0
  const begin = now()
  const requests = rate * seconds
  const under = Array.from({ length: requests }, async (_, index) => {
    await pause(Math.max(0, begin + (index * 1000) / rate - now()))
    const name = mix[index % mix.length]!
    try {
      const duration = await ask(origin + reads[name])
      all.push(duration)
      if (name === "viewer") viewer.push(duration)
    } catch {
      errors++
    }
  })
  await Promise.all(under)
  const figure = { viewers, lostViewers, seconds, requests, errors, viewer: percentiles(viewer), all: percentiles(all) }
  ended.abort()
  return figure
}
