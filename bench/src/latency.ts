import { randomUUID } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import { now } from "./clock.ts"
import { clear, type Contestant, drained } from "./Contestant.ts"
import { type Percentiles, percentiles } from "./figures.ts"
import type { Plan } from "./Plan.ts"
import { startWorkerProcess } from "./WorkerProcess.ts"

/** Where the worker is, seen from who starts. */
export type Place = "same process" | "other process"

/** How long it takes from the call of `start` until the handler runs, with an idle worker. */
export interface LatencyFigure extends Percentiles {
  readonly engine: string
  readonly place: Place
}

const measure = async (
  count: number,
  startAndHandle: () => Promise<{ readonly from: number; readonly to: number }>
) => {
  const durations: Array<number> = []
  const warmUp = Math.ceil(count / 10)
  for (let job = -warmUp; job < count; job++) {
    // Idle again: what the last one left to do is done.
    await pause(20 + Math.random() * 20)
    const { from, to } = await startAndHandle()
    if (job >= 0) durations.push(to - from)
  }
  return percentiles(durations)
}

const here = async ({ engine, database }: Contestant, { latencies, slots }: Plan) => {
  let resolve: (at: number) => void = () => {}
  await using open = await engine.open(database.url, { slots, handled: () => resolve(now()) })
  return await measure(latencies, async () => {
    const handled = Promise.withResolvers<number>()
    resolve = handled.resolve
    const from = now()
    await open.start([randomUUID()], 1)
    return { from, to: await handled.promise }
  })
}

const elsewhere = async (contestant: Contestant, { latencies, slots }: Plan) => {
  await using open = await contestant.engine.open(contestant.database.url)
  await using worker = await startWorkerProcess(contestant, slots)
  return await measure(latencies, async () => {
    const handled = worker.handled(1)
    const from = now()
    await open.start([randomUUID()], 1)
    const [job] = await handled
    return { from, to: job!.at }
  })
}

/** One engine after the other: while one is measured, the others do not run. */
export const measureLatency = async (
  contestants: ReadonlyArray<Contestant>,
  plan: Plan
): Promise<ReadonlyArray<LatencyFigure>> => {
  const figures: Array<LatencyFigure> = []
  for (const contestant of contestants) {
    for (const [place, measureThere] of [
      ["same process", here],
      ["other process", elsewhere]
    ] as const) {
      figures.push({ engine: contestant.engine.name, place, ...(await measureThere(contestant, plan)) })
      await drained(contestant)
      await clear(contestant)
    }
  }
  return figures
}
