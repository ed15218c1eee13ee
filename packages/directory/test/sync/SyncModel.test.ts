import { defaultGraphLimits, GraphLimits } from "@atlas/graph"
import { FakeGraph, fakeGroup, Fault } from "@atlas/fake-graph"
import { type Run, type RunCounts, type RunHandler, RunId } from "@atlas/operations"
import { TestDatabase, thorough } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Random } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { GroupsSync } from "../../src/index.ts"
import { DirectoryCache } from "../../src/cache/DirectoryCache.ts"
import { existing, scopeOf, shown } from "../Fixture.ts"

const histories = thorough({ usually: 25, thoroughly: 150 })
const steps = 10

/** Short waits: what counts is the order of things, not how long they take. */
const hasty = {
  ...defaultGraphLimits,
  requestTimeout: "500 millis",
  retryBase: "1 milli",
  retryCap: "3 millis",
  retryWindow: "5 seconds",
  retryAttempts: 3,
  breakerOpen: "5 millis"
} as const

const faults: ReadonlyArray<Fault.Fault> = [
  Fault.throttled("0.01"),
  Fault.status(503, "ServiceNotAvailable"),
  Fault.status(403, "Authorization_RequestDenied"),
  Fault.truncatedJson,
  Fault.shapelessBody,
  Fault.emptyBody,
  Fault.connectionReset,
  Fault.noAnswer,
  Fault.emptyPage,
  Fault.duplicates,
  Fault.nextLinkCycle,
  Fault.hostileLink("earlierPage"),
  Fault.hostileLink("foreignHost"),
  Fault.deltaGone,
  Fault.deltaSyncStateNotFound(),
  Fault.deltaSyncStateNotFound("resyncRequired")
]

const between = Random.nextIntBetween
const chance = (share: number) => Effect.map(Random.next, (drawn) => drawn < share)

/** What the process does that dies. */
class Crash {
  readonly when: "before the commit" | "after the commit"
  constructor(when: Crash["when"]) {
    this.when = when
  }
}

/** A directory and its cache, and what has to be true of both whenever somebody looks. */
const makeWorld = Effect.fnUntraced(function* (tenant: string) {
  const graph = yield* FakeGraph
  const { groups } = yield* DirectoryCache
  // Cached when a sync was complete, and in the directory ever since.
  const stable = new Set<string>()
  const everShown = new Set<string>()
  let created = 0

  const change = Effect.gen(function* () {
    const all = yield* graph.groups(tenant)
    const some = all[yield* between(0, Math.max(all.length, 1))]
    const what = yield* between(0, 8)
    if (some === undefined || what <= 2) {
      const id = `group-${created++}`
      return yield* graph.putGroup(tenant, fakeGroup({ id, displayName: `Group ${id}` }))
    }
    if (what === 3) return yield* graph.renameGroup(tenant, some.id, `Renamed ${yield* between(0, 1_000)}`)
    if (what === 4) return yield* graph.putGroup(tenant, { ...some, mail: null, groupTypes: ["Unified"] })
    if (what === 5) return yield* graph.restoreGroup(tenant, `group-${yield* between(0, created)}`)
    if (what === 6) stable.delete(some.id)
    if (what === 6) return yield* graph.softDeleteGroup(tenant, some.id)
    const id = (yield* chance(0.5)) ? some.id : `group-${yield* between(0, created)}`
    stable.delete(id)
    return yield* graph.removeGroup(tenant, id)
  })

  const catastrophe = Effect.gen(function* () {
    for (const { id } of (yield* graph.groups(tenant)).slice(0, 25)) {
      stable.delete(id)
      yield* graph.removeGroup(tenant, id)
    }
  })

  /** Nobody who looks now misses a group. */
  const look = Effect.gen(function* () {
    const ids = (yield* shown(tenant)).map(([id]) => id)
    for (const id of ids) everShown.add(id)
    const seen = new Set(ids)
    assert.strictEqual(seen.size, ids.length, "a group was shown twice")
    assert.deepStrictEqual(
      [...stable].filter((id) => !seen.has(id)),
      [],
      "groups that exist and were cached are missing"
    )
    assert.strictEqual((yield* groups.state(scopeOf(tenant))).size, ids.length, "the size is not that of what is shown")
    return seen
  })

  /** What is now shown, and exists, must stay. */
  const settle = Effect.gen(function* () {
    const seen = yield* look
    for (const [id] of yield* existing(tenant)) if (seen.has(id)) stable.add(id)
  })

  return { change, catastrophe, look, settle, everShown }
})
type World = Effect.Success<ReturnType<typeof makeWorld>>

/** One attempt of a run, which may die at any of its transactions, while the directory goes on. */
const attempt = Effect.fnUntraced(function* (
  world: World,
  tenant: string,
  run: { readonly id: RunId; counts: RunCounts },
  input: typeof GroupsSync.operation.input.Type,
  lively: boolean
) {
  const sql = yield* SqlClient.SqlClient
  let crashIn = lively && (yield* chance(0.5)) ? yield* between(0, 8) : Number.POSITIVE_INFINITY
  const crashWhen = (yield* chance(0.5)) ? "before the commit" : "after the commit"
  const crash = (when: Crash["when"]) =>
    crashIn === 0 && when === crashWhen ? Effect.die(new Crash(when)) : Effect.void

  const transaction: RunHandler.RunContext<unknown>["transaction"] = Effect.fnUntraced(function* (work, counts) {
    const result = yield* sql.withTransaction(Effect.tap(work, () => crash("before the commit"))).pipe(Effect.orDie)
    if (counts !== undefined) run.counts = counts(result)
    yield* world.look
    yield* crash("after the commit")
    crashIn -= 1
    if (lively && (yield* chance(0.2))) yield* world.change
    return result
  }) as RunHandler.RunContext<unknown>["transaction"]

  return yield* Effect.exit(
    GroupsSync.handler.handle({
      run: { id: run.id, summaryCounts: run.counts } as Run,
      scope: scopeOf(tenant),
      input,
      progress: () => Effect.void,
      failed: () => Effect.void,
      report: () => Effect.void,
      transaction
    })
  )
})

const newRun = () => ({ id: RunId.make(SecureRandom.uuidV7Unsafe()), counts: {} as RunCounts })

/** How an attempt ended, in a word. */
const wordOf = (exit: Exit.Exit<RunHandler.RunResult, { readonly reasonCode: string }>): string => {
  if (Exit.isSuccess(exit)) return exit.value.outcome
  const defect = exit.cause.reasons.find(Cause.isDieReason)?.defect
  if (defect instanceof Crash) return "crashed"
  const error = Cause.findErrorOption(exit.cause)
  if (error._tag === "None") throw defect
  return error.value.reasonCode
}

const history = Effect.fnUntraced(function* (number: number) {
  const tenant = `history-${number}`
  const words: Array<string> = []
  const play = Effect.gen(function* () {
    const graph = yield* FakeGraph
    const world = yield* makeWorld(tenant)
    yield* Effect.repeat(world.change, { times: yield* between(0, 60) })
    let run = newRun()
    let withheld: number | null = null
    const state = DirectoryCache.use(({ groups }) => groups.state(scopeOf(tenant)))
    const sync = Effect.fnUntraced(function* (lively: boolean) {
      const input = {
        ...((yield* chance(0.1)) ? { full: true } : {}),
        ...(withheld === null || (lively && (yield* chance(0.5))) ? {} : { confirmRemovals: withheld })
      }
      const word = wordOf(yield* attempt(world, tenant, run, input, lively))
      words.push(word)
      yield* word === "succeeded" ? world.settle : world.look
      withheld = (yield* state).withheld
      if (word === "succeeded" || word === "partially_succeeded" || (yield* chance(0.3))) run = newRun()
      return word
    })

    for (let step = 0; step < steps; step++) {
      yield* Effect.repeat(world.change, { times: yield* between(0, 12) })
      if (yield* chance(0.07)) yield* world.catastrophe
      if (yield* chance(0.5)) {
        const fault = faults[yield* between(0, faults.length)] ?? Fault.truncatedJson
        const nth = yield* between(1, 6)
        yield* graph.inject({ fault, path: "/v1.0/groups", nth, times: yield* between(1, 4) })
      }
      yield* sync(true)
      if (yield* chance(0.5)) yield* graph.clearFaults
    }

    yield* graph.clearFaults
    // At most: a broken off run, a withheld removal, its confirmation, and what happened meanwhile.
    for (let calm = 0; calm < 6; calm++) if ((yield* sync(false)) === "succeeded" && calm > 2) break
    assert.strictEqual(words.at(-1), "succeeded")
    assert.deepStrictEqual(yield* shown(tenant), yield* existing(tenant))
    const { groups } = yield* DirectoryCache
    const labels = yield* groups.labels(scopeOf(tenant), [...world.everShown])
    assert.strictEqual(labels.length, world.everShown.size, "a name was forgotten")
    const gone = new Set((yield* existing(tenant)).map(([id]) => id))
    assert.isTrue(labels.every(({ id, removal }) => (removal === null) === gone.has(id)))
  })
  const options = {
    tenants: [{ tenantId: tenant, entraTenantId: tenant, groups: 0 }],
    deltaPageSize: 7,
    deltaIrregularities: number % 3 > 0,
    seed: number
  }
  const graph = FakeGraph.layer(options).pipe(Layer.provide(Layer.succeed(GraphLimits, hasty)))
  yield* Random.withSeed(play, tenant).pipe(
    Effect.provide(graph),
    Effect.mapError((error) => error),
    Effect.tapCause(() => Effect.logError(`History ${number}: ${words.join(", ")}`))
  )
  return words
})

layer(DirectoryCache.layer.pipe(Layer.provideMerge(TestDatabase.layer)), {
  excludeTestServices: true,
  timeout: "5 minutes"
})("directory_groups.sync", (it) => {
  it.effect(
    `in ${histories} random histories of changes, faults and crashes never hides a group that is there, and ends exact`,
    () =>
      Effect.gen(function* () {
        const words = yield* Effect.forEach(
          Array.from({ length: histories }, (_, at) => at),
          history,
          { concurrency: 8 }
        )
        const tally = Map.groupBy(words.flat(), (word) => word)
        // All ends have to be common, or the histories prove little.
        const count = (word: string) => tally.get(word)?.length ?? 0
        assert.isAbove(count("succeeded"), histories * 4)
        assert.isAbove(count("crashed"), histories)
        assert.isAbove(count("partially_succeeded"), histories / 10)
        assert.isAbove(tally.size, 8)
      }),
    300_000
  )
})
