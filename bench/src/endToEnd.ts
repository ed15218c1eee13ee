import { randomUUID } from "node:crypto"
import { timed } from "./clock.ts"
import { clear, type Contestant, drained } from "./Contestant.ts"
import { type Cost, measureCost } from "./cost.ts"
import { median } from "./figures.ts"
import type { Place } from "./latency.ts"
import type { Plan } from "./Plan.ts"
import type { Postgres } from "./Postgres.ts"
import { startWorkerProcess } from "./WorkerProcess.ts"

/** Jobs that do nothing, from their start until they are recorded as done. */
export interface EndToEndFigure {
  readonly engine: string
  readonly place: Place
  readonly perSecond: number
  /** For one job. Only with the worker in another process. */
  readonly cost: Cost | null
}

/** A contestant with its client and its worker. */
interface Setting extends AsyncDisposable {
  /** Starts the jobs and waits until all are done. */
  run(jobs: number): Promise<void>
}

const concurrency = 32
const newKeys = (count: number) => Array.from({ length: count }, () => randomUUID())

const here = async (contestant: Contestant, slots: number): Promise<Setting> => {
  let done = () => {}
  const open = await contestant.engine.open(contestant.database.url, { slots, handled: () => done() })
  return {
    run: async (jobs) => {
      const last = Promise.withResolvers<void>()
      let left = jobs
      done = () => {
        if (--left === 0) last.resolve()
      }
      await open.start(newKeys(jobs), concurrency)
      await last.promise
      await drained(contestant)
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]()
  }
}

const elsewhere = async (contestant: Contestant, slots: number): Promise<Setting> => {
  const open = await contestant.engine.open(contestant.database.url)
  const worker = await startWorkerProcess(contestant, slots)
  return {
    run: async (jobs) => {
      const handled = worker.handled(jobs)
      await open.start(newKeys(jobs), concurrency)
      await handled
      await drained(contestant)
    },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]()
      await open[Symbol.asyncDispose]()
    }
  }
}

/** The engines take turns, in the other direction every other round; each is there only while it is its turn. */
export const measureEndToEnd = async (
  postgres: Postgres,
  contestants: ReadonlyArray<Contestant>,
  { rounds, jobs, slots }: Plan
): Promise<ReadonlyArray<EndToEndFigure>> => {
  const turns = contestants.flatMap((contestant) => [
    { contestant, place: "same process" as const, prepare: here, rates: new Array<number>() },
    { contestant, place: "other process" as const, prepare: elsewhere, rates: new Array<number>() }
  ])
  const costs = new Map<Contestant, Cost>()
  for (let round = 0; round <= rounds; round++) {
    for (const { contestant, place, prepare, rates } of round % 2 === 0 ? turns : turns.toReversed()) {
      // The first round only counts the cost.
      if (round === 0 && place === "same process") continue
      await using setting = await prepare(contestant, slots)
      // What is loaded and compiled on first use.
      await setting.run(slots * 4)
      if (round > 0) {
        rates.push((jobs / (await timed(() => setting.run(jobs)))) * 1000)
      } else if (place === "other process") {
        const { statements, commits, walBytes } = await measureCost(postgres, contestant, () => setting.run(jobs))
        costs.set(contestant, { statements: statements / jobs, commits: commits / jobs, walBytes: walBytes / jobs })
      }
      await clear(contestant)
    }
  }
  return turns.map(({ contestant, place, rates }) => ({
    engine: contestant.engine.name,
    place,
    perSecond: median(rates),
    cost: place === "other process" ? costs.get(contestant)! : null
  }))
}
