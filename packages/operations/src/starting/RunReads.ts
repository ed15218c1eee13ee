/**
 * The reads of `Runs`: runs, timelines and counts for people. Each one decodes its arguments and asks `Authorization` before it
 * answers.
 *
 * @module
 */

import { Cause, Effect, Option, PubSub, Random, Schema, Stream } from "effect"
import { type Actor, GivenActor } from "../run/Actor.ts"
import { Authorization } from "../access/Authorization.ts"
import { argumentsOf } from "../boundary/Decoding.ts"
import { Gatekeeper } from "../definition/Gatekeeper.ts"
import { InputResolvers } from "../definition/InputResolvers.ts"
import type * as Operation from "../definition/Operation.ts"
import { OperationCatalog } from "../definition/OperationCatalog.ts"
import type { GateAnswer } from "../definition/StartGate.ts"
import { decodeRunId } from "../run/Run.ts"
import { readCursor, writeCursor } from "../ledger/reads/RunCursor.ts"
import { isStorableFilter, narrow, RunFilter } from "../ledger/reads/RunFilter.ts"
import { RunHours } from "../ledger/reads/RunHours.ts"
import { EventsPage, maxPageSize, PageSize, Sequence } from "../ledger/reads/RunPages.ts"
import { RunQueries } from "../ledger/reads/RunQueries.ts"
import { RunSignals } from "../ledger/RunSignals.ts"
import * as Storable from "../text/Storable.ts"
import { redactCause } from "../text/Redaction.ts"
import type { TenantScope } from "../run/OperationScope.ts"
import { validate } from "./StartInput.ts"
import { WhyWaiting } from "../ledger/reads/WhyWaiting.ts"

// The longest wait of a viewer. Each waits for a time of its own, so that many do not ask all at once.
const recheckMillis = 15_000
const untilRecheck = Random.nextBetween(recheckMillis / 2, recheckMillis)

/** A page of a listing: where it continues, and how many runs it has at most. */
const Page = Schema.Struct({
  cursor: Schema.NullOr(Schema.String),
  limit: PageSize
})
const Text = Schema.String

/** The most operations that one call asks about. */
const mostTypes = 1_000

const decode = {
  ofRun: argumentsOf(Schema.Struct({ actor: GivenActor, id: Text })),
  ofRuns: argumentsOf(
    Schema.Struct({ actor: GivenActor, ids: Schema.Array(Text).check(Schema.isMaxLength(maxPageSize)) })
  ),
  latest: argumentsOf(
    Schema.Struct({
      actor: GivenActor,
      tenantId: Text,
      types: Schema.Array(Text).check(Schema.isMaxLength(mostTypes))
    })
  ),
  list: argumentsOf(Schema.Struct({ actor: GivenActor, filter: RunFilter, page: Page })),
  tally: argumentsOf(Schema.Struct({ actor: GivenActor, filter: RunFilter })),
  ended: argumentsOf(
    Schema.Struct({
      actor: GivenActor,
      filter: RunFilter,
      hours: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 744 }))
    })
  ),
  events: argumentsOf(
    Schema.Struct({
      actor: GivenActor,
      id: Text,
      page: EventsPage
    })
  ),
  follow: argumentsOf(Schema.Struct({ actor: GivenActor, id: Text, after: Sequence }))
}

/** Makes the reads of `Runs`, which documents them. */
export const makeRunReads = Effect.gen(function* () {
  const door = yield* Authorization
  const catalog = yield* OperationCatalog
  const gatekeeper = yield* Gatekeeper
  const queries = yield* RunQueries
  const resolvers = yield* InputResolvers
  const ends = yield* RunHours
  const signals = yield* RunSignals
  const waiting = yield* WhyWaiting

  const operations = Effect.fn("Runs.operations")(function* (actor: Actor) {
    const visible = new Set((yield* door.visible(actor)).flatMap(({ capabilities }) => capabilities))
    return catalog.operations.filter(({ capabilities }) => visible.has(capabilities.view))
  })

  const get = Effect.fn("Runs.get")(function* (givenActor: Actor, givenId: string) {
    const { actor, id } = yield* decode.ofRun({ actor: givenActor, id: givenId })
    return yield* door.view(actor, yield* queries.find(id))
  })

  const getMany = Effect.fn("Runs.getMany")(function* (givenActor: Actor, givenIds: ReadonlyArray<string>) {
    const { actor, ids } = yield* decode.ofRuns({ actor: givenActor, ids: givenIds })
    const known = ids.flatMap((id) => Option.toArray(decodeRunId(id)))
    return yield* queries.among(yield* door.visible(actor), known)
  })

  const lineage = Effect.fn("Runs.lineage")(function* (actor: Actor, id: string) {
    return yield* queries.lineage(yield* get(actor, id))
  })

  const whyWaiting = Effect.fn("Runs.whyWaiting")(function* (actor: Actor, id: string) {
    return yield* waiting.of(yield* get(actor, id))
  })

  const latest = Effect.fn("Runs.latest")(function* (givenActor: Actor, tenant: string, names: ReadonlyArray<string>) {
    const { actor, tenantId, types } = yield* decode.latest({ actor: givenActor, tenantId: tenant, types: names })
    const { capabilities, scope } = yield* door.member(actor, tenantId)
    return yield* queries.latest(scope, [...capabilities], types.filter(Storable.is))
  })

  // None for an operation that needs an input. What throws in one operation's schema, resolver or gate is in the log, and
  // hides no answer of the others.
  const answerOf = (operation: Operation.Any, scope: TenantScope, actor: Actor) =>
    validate(operation, {}, (input) => resolvers.resolve(operation, input, scope)).pipe(
      Effect.flatMap(({ input }) => gatekeeper.check(operation, { scope, input, actor })),
      Effect.map((answer): readonly [string, GateAnswer] => [operation.name, answer]),
      Effect.catchDefect((defect) =>
        Effect.andThen(
          Effect.logError(`Could not ask the gates of ${operation.name}`, redactCause(Cause.die(defect))),
          Effect.fail(undefined)
        )
      )
    )

  const gates = Effect.fn("Runs.gates")(function* (givenActor: Actor, tenant: string, names: ReadonlyArray<string>) {
    const { actor, tenantId, types } = yield* decode.latest({ actor: givenActor, tenantId: tenant, types: names })
    const { capabilities, scope } = yield* door.member(actor, tenantId)
    const concerns = ({ capabilities: needed, scope: kind }: Operation.Any) =>
      kind === "tenant" && (capabilities.has(needed.start) || capabilities.has(needed.view))
    const known = [...new Set(types)].flatMap((name) => Option.toArray(Option.filter(catalog.find(name), concerns)))
    const answers = yield* Effect.forEach(known, (operation) => Effect.option(answerOf(operation, scope, actor)))
    return new Map(answers.flatMap((answer) => Option.toArray(answer)))
  })

  const list = Effect.fn("Runs.list")(function* (
    givenActor: Actor,
    givenFilter: RunFilter,
    givenPage: { readonly cursor: string | null; readonly limit: number }
  ) {
    const { actor, filter, page } = yield* decode.list({ actor: givenActor, filter: givenFilter, page: givenPage })
    const before = page.cursor === null ? null : yield* readCursor(page.cursor, filter)
    if (!isStorableFilter(filter)) return { runs: [], nextCursor: null }
    const runs = yield* queries.list(yield* door.visible(actor), filter, { before, limit: page.limit + 1 })
    const shown = runs.slice(0, page.limit)
    const last = shown.at(-1)
    return { runs: shown, nextCursor: runs.length > page.limit && last ? writeCursor(last.id, filter) : null }
  })

  const tally = Effect.fn("Runs.tally")(function* (givenActor: Actor, givenFilter: RunFilter = {}) {
    const { actor, filter } = yield* decode.tally({ actor: givenActor, filter: givenFilter })
    if (!isStorableFilter(filter)) return { queued: 0, running: 0 }
    return yield* queries.tally(yield* door.visible(actor), filter)
  })

  const ended = Effect.fn("Runs.ended")(function* (givenActor: Actor, givenFilter: RunFilter, givenHours: number) {
    const given = { actor: givenActor, filter: givenFilter, hours: givenHours }
    const { actor, filter, hours } = yield* decode.ended(given)
    if (!isStorableFilter(filter)) return []
    return yield* ends.ended(narrow(yield* door.visible(actor), filter), filter.type ?? null, hours)
  })

  const events = Effect.fn("Runs.events")(function* (
    givenActor: Actor,
    givenId: string,
    givenPage: { readonly after: number; readonly limit: number }
  ) {
    const { actor, id, page } = yield* decode.events({ actor: givenActor, id: givenId, page: givenPage })
    return yield* queries.events(yield* get(actor, id), page)
  })

  const follow = (givenActor: Actor, givenId: string, givenAfter: number) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { actor, after, id } = yield* decode.follow({ actor: givenActor, id: givenId, after: givenAfter })
        const subscription = yield* signals.subscribe
        const ofThisRun = PubSub.take(subscription).pipe(
          Effect.repeat({ until: (signal) => signal._tag === "Changed" && signal.runId === id.toLowerCase() })
        )
        const changed = Effect.flatMap(untilRecheck, (millis) => Effect.timeoutOption(ofThisRun, millis))
        const next = Effect.fnUntraced(function* (seq: number) {
          while (true) {
            const run = yield* get(actor, id)
            const batch = yield* queries.events(run, { after: seq, limit: maxPageSize })
            const newest = batch.at(-1)?.seq ?? seq
            const ended = run.status === "completed" && newest >= run.lastEvent
            if (batch.length > 0 || ended) {
              return [batch, ended ? Option.none<number>() : Option.some(newest)] as const
            }
            yield* changed
          }
        })
        return Stream.paginate(after, next)
      })
    )

  return { lineage, whyWaiting, operations, get, getMany, latest, gates, list, tally, ended, events, follow }
})
