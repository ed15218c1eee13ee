import type { RunHandler } from "@atlas/operations"
import { TestDatabase, thorough } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Random, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { copy, makeReplicaStore, type Page, type RoundEnd, type Source } from "../src/index.ts"
import { createTables, cursor, newRun, newTenant, shelf, stored } from "./Fixture.ts"

const histories = thorough({ usually: 30, thoroughly: 300 })
const steps = 12

const between = Random.nextIntBetween
const chance = (share: number) => Effect.map(Random.next, (drawn) => drawn < share)

class Crash {
  readonly _tag = "Crash"
}

type Attempted = Awaited<ReturnType<typeof newRun> extends Effect.Effect<infer A, any, any> ? A : never>

/** A remote collection that keeps changing, its copy, and what has to be true of both whenever somebody looks. */
const makeWorld = Effect.fnUntraced(function* (resumes: boolean) {
  const store = makeReplicaStore(yield* SqlClient.SqlClient, shelf("apples"))
  const tenant = newTenant()
  const remote = new Map<string, string>()
  // Copied when nobody was at work, and there ever since.
  const stable = new Set<string>()
  let created = 0
  let before = 0
  let mayEmpty = false

  const change = Effect.gen(function* () {
    const ids = [...remote.keys()]
    const some = ids[yield* between(0, Math.max(ids.length, 1))]
    const what = yield* between(0, 6)
    if (some === undefined || what <= 2) return remote.set(`id-${String(created++).padStart(4, "0")}`, "New")
    if (what === 3) return remote.set(some, `Renamed ${yield* between(0, 100)}`)
    stable.delete(some)
    return remote.delete(some)
  })

  const catastrophe = Effect.gen(function* () {
    const left = yield* between(0, 3)
    for (const id of [...remote.keys()].slice(left)) {
      stable.delete(id)
      remote.delete(id)
    }
  })

  // A page is read when it is asked for: what is behind it may change meanwhile, and what is ahead as well.
  const source: Source = {
    noun: "apples",
    history: null,
    count: null,
    pages: (from) =>
      Stream.paginate<string, Page>(from ?? "", (after) =>
        Effect.sync(() => {
          const rest = [...remote].filter(([id]) => id > after).sort(([a], [b]) => (a < b ? -1 : 1))
          const shown = rest.slice(0, 3)
          const last = shown.at(-1)?.[0] ?? after
          const isLast = rest.length <= 3
          const page: Page = {
            changes: shown.map(([id, title]) => ({ id, set: { title } })),
            cursor: isLast || !resumes ? null : cursor(last),
            isLast
          }
          return [[page], isLast ? Option.none() : Option.some(last)] as const
        })
      ).pipe(Stream.rechunk(1))
  }

  /** Nobody who looks now misses an object; and the last ones did not go by themselves. */
  const look = Effect.gen(function* () {
    const ids = new Set(Object.keys(yield* stored(tenant)))
    assert.deepStrictEqual(
      [...stable].filter((id) => !ids.has(id)),
      [],
      "objects that exist and were copied are missing"
    )
    if (before > 0 && ids.size === 0) assert.isTrue(mayEmpty, "all objects went without a confirmation")
    before = ids.size
    return ids
  })

  /** What is now shown, and exists, must stay. */
  const settle = Effect.gen(function* () {
    const ids = yield* look
    for (const id of remote.keys()) if (ids.has(id)) stable.add(id)
    assert.strictEqual((yield* store.state(tenant)).size, ids.size, "the size is not that of what is shown")
  })

  const attempt = Effect.fnUntraced(function* ({ run, tally }: Attempted, lively: boolean, confirmed?: number) {
    let crashIn = lively && (yield* chance(0.4)) ? yield* between(0, 8) : Number.POSITIVE_INFINITY
    const crashesFirst = yield* chance(0.5)
    if (confirmed !== undefined) mayEmpty = true
    const transaction = Effect.fnUntraced(function* (work: Effect.Effect<unknown>) {
      const isNow = crashIn-- === 0
      const done = yield* run.transaction(
        Effect.tap(work, () => (isNow && crashesFirst ? Effect.die(new Crash()) : Effect.void))
      )
      if (isNow) return yield* Effect.die(new Crash())
      yield* look
      if (lively && (yield* chance(0.3))) yield* change
      return done
    }) as RunHandler.RunContext<unknown>["transaction"]
    return wordOf(yield* Effect.exit(copy({ run: { ...run, transaction }, tally, source, store, confirmed })))
  })

  const withheld = Effect.map(store.state(tenant), (state) => state.withheld ?? undefined)
  const calm = Effect.sync(() => void (mayEmpty = false))
  return { tenant, remote, change, catastrophe, settle, attempt, withheld, calm }
})

/** How an attempt ended, in a word. */
const wordOf = (exit: Exit.Exit<RoundEnd, { readonly reasonCode: string }>): string => {
  if (Exit.isSuccess(exit)) return exit.value._tag
  if (exit.cause.reasons.find(Cause.isDieReason)?.defect instanceof Crash) return "crashed"
  const error = Cause.findErrorOption(exit.cause)
  if (error._tag === "None") throw exit.cause.reasons.find(Cause.isDieReason)?.defect
  return error.value.reasonCode
}

const history = Effect.fnUntraced(function* (seed: number) {
  const words: Array<string> = []
  const sql = yield* SqlClient.SqlClient
  const play = Effect.gen(function* () {
    const world = yield* makeWorld(yield* chance(0.5))
    yield* Effect.repeat(world.change, { times: yield* between(0, 30) })
    let runs = [yield* newRun(world.tenant), yield* newRun(world.tenant)]
    for (let step = 0; step < steps; step++) {
      yield* Effect.repeat(world.change, { times: yield* between(0, 4) })
      if (yield* chance(0.1)) yield* world.catastrophe
      const confirmed = (yield* chance(0.3)) ? yield* world.withheld : undefined
      const active = (yield* chance(0.5)) ? runs : runs.slice(0, 1)
      const ended = yield* Effect.forEach(active, (run) => world.attempt(run, true, confirmed), { concurrency: 2 })
      words.push(...ended)
      yield* world.settle
      yield* world.calm
      if (ended.every((word) => word !== "crashed") || (yield* chance(0.3))) {
        runs = [yield* newRun(world.tenant), yield* newRun(world.tenant)]
      }
    }
    // A withheld removal, and its confirmation.
    for (const _ of [1, 2]) words.push(yield* world.attempt(yield* newRun(world.tenant), false, yield* world.withheld))
    assert.deepStrictEqual(yield* stored(world.tenant), Object.fromEntries(world.remote))
    const left = yield* sql`SELECT FROM fruit_sightings WHERE tenant_id = ${world.tenant.tenantId}`
    assert.deepStrictEqual(left, [])
  })
  yield* Random.withSeed(play, seed).pipe(Effect.tapCause(() => Effect.logError(`${seed}: ${words.join(", ")}`)))
  return words
})

layer(Layer.provideMerge(Layer.effectDiscard(createTables), TestDatabase.layer), {
  excludeTestServices: true,
  timeout: "5 minutes"
})("two runs that copy one collection", (it) => {
  it.effect(
    `in ${histories} random histories of changes and crashes hide nothing that is there, and end exact`,
    () =>
      Effect.gen(function* () {
        const seeds = Array.from({ length: histories }, (_, seed) => seed)
        const words = (yield* Effect.forEach(seeds, history, { concurrency: 4 })).flat()
        const tally = Map.groupBy(words, (word) => word)
        // All ends have to be common, or the histories prove little.
        for (const word of ["Applied", "Withheld", "crashed", "operation_busy"]) {
          assert.isAbove(tally.get(word)?.length ?? 0, histories / 2, word)
        }
      }),
    300_000
  )
})
