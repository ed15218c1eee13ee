import { randomUUID } from "node:crypto"
import { AtlasEngine } from "./AtlasEngine.ts"
import { bareInsert } from "./BareInsert.ts"
import { timed } from "./clock.ts"
import { clear, type Contestant, unfinished } from "./Contestant.ts"
import { median } from "./figures.ts"
import type { Plan } from "./Plan.ts"

/** What a contender in this measurement reached at one concurrency. */
export interface StartFigure {
  readonly what: string
  readonly concurrency: number
  readonly perSecond: number
  /** To the bare insert of the same round. */
  readonly ofLimit: number
}

interface Contender {
  readonly what: string
  readonly contestant: Contestant
  /** Jobs that are there afterwards, for each one started. */
  readonly adds: 0 | 1
  /** Gets ready to start as many; what it returns starts them. */
  readonly prepare: (count: number) => (concurrency: number) => Promise<void>
}

const newKeys = (count: number) => Array.from({ length: count }, () => randomUUID())

const startsPerSecond = async ({ what, contestant, adds, prepare }: Contender, concurrency: number, count: number) => {
  const start = prepare(count)
  const before = await unfinished(contestant)
  const millis = await timed(() => start(concurrency))
  const added = (await unfinished(contestant)) - before
  if (added !== adds * count) throw new Error(`${what}: ${added} of ${adds * count} were added.`)
  return (count / millis) * 1000
}

/**
 * Starts per second, without a worker. The contenders take turns, in the other direction every other round, so that noise
 * hits all alike.
 */
export const measureStarts = async (
  atlas: Contestant,
  peers: ReadonlyArray<Contestant>,
  plan: Plan
): Promise<ReadonlyArray<StartFigure>> => {
  await using open = new AsyncDisposableStack()
  const ours = open.use(await AtlasEngine.open(atlas.database.url))
  await ours.start(newKeys(1), 1)
  const insert = await bareInsert(ours)

  let active: ReadonlyArray<string> = []
  const contenders: Array<Contender> = [
    { what: "bare insert", contestant: atlas, adds: 1, prepare: insert },
    {
      what: "Atlas, created",
      contestant: atlas,
      adds: 1,
      prepare: (count) => {
        const keys = newKeys(count)
        return (concurrency) => ours.start(keys, concurrency)
      }
    },
    {
      what: "Atlas, existing",
      contestant: atlas,
      adds: 0,
      prepare: () => (concurrency) => ours.start(active, concurrency)
    }
  ]
  for (const peer of peers) {
    const theirs = open.use(await peer.engine.open(peer.database.url))
    contenders.push({
      what: peer.engine.name,
      contestant: peer,
      adds: 1,
      prepare: (count) => {
        const keys = newKeys(count)
        return (concurrency) => theirs.start(keys, concurrency)
      }
    })
  }

  const measured = new Map<string, Array<{ readonly perSecond: number; readonly ofLimit: number }>>()
  for (let round = 0; round <= plan.rounds; round++) {
    for (const [concurrency, count] of Object.entries(plan.starts)) {
      active = newKeys(count)
      await ours.start(active, 32)
      const rates = new Map<Contender, number>()
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        rates.set(contender, await startsPerSecond(contender, Number(concurrency), count))
      }
      for (const contestant of [atlas, ...peers]) await clear(contestant)
      if (round === 0) continue
      const limit = rates.get(contenders[0]!)!
      for (const [{ what }, perSecond] of rates) {
        const id = `${what}@${concurrency}`
        measured.set(id, [...(measured.get(id) ?? []), { perSecond, ofLimit: perSecond / limit }])
      }
    }
  }
  return Object.keys(plan.starts).flatMap((concurrency) =>
    contenders.map(({ what }) => {
      const rounds = measured.get(`${what}@${concurrency}`)!
      return {
        what,
        concurrency: Number(concurrency),
        perSecond: median(rounds.map(({ perSecond }) => perSecond)),
        ofLimit: median(rounds.map(({ ofLimit }) => ofLimit))
      }
    })
  )
}
