import { FakeGraph, fakeGroup, Fault } from "@atlas/fake-graph"
import { Graph, type GraphCursor, GraphContract, type GraphDeltaPage } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { contoso, entraTenantId, inMemory, overHttp, prompt } from "../Fixtures.ts"

const Changed = Schema.Struct({
  id: Schema.String,
  displayName: Schema.optionalKey(Schema.NullOr(Schema.String)),
  description: Schema.optionalKey(Schema.NullOr(Schema.String))
})
type Changed = typeof Changed.Type

const options = {
  name: "groups.delta",
  version: "v1.0",
  path: "/groups/delta",
  select: ["displayName", "description"],
  schema: Changed,
  permissions: [{ name: "GroupMember.Read.All", appRoleId: "98830695-27a2-44f7-8c18-0c3ebc9698f6" }]
} as const
const changes = GraphContract.delta(options)
const minimalChanges = GraphContract.delta({ ...options, name: "groups.deltaMinimal", minimal: true })

const fake = { tenants: [{ tenantId: "contoso", groups: 65 }], deltaPageSize: 20 }

/** What a consumer keeps: the names by id, merged as patches, and where it goes on. */
const round = Effect.fnUntraced(function* (
  known: Map<string, Changed>,
  from?: GraphCursor,
  contract: typeof changes = changes
) {
  const graph = yield* Graph
  const pages = yield* Stream.runCollect(graph.delta(contoso, contract, {}, from))
  for (const change of pages.flatMap((page) => page.changes)) {
    if (change._tag === "Removed") known.delete(change.id)
    else known.set(change.id, { ...known.get(change.id), ...change.item })
  }
  return { pages, cursor: pages.at(-1)?.cursor ?? assert.fail("a round has pages") }
})

const names = (known: Map<string, Changed>) =>
  new Map([...known.values()].map(({ displayName, id }) => [id, displayName ?? null]))

const expected = Effect.map(
  Effect.flatMap(FakeGraph, ({ groups }) => groups(entraTenantId)),
  (groups) => new Map<string, string | null>(groups.map(({ displayName, id }) => [id, displayName]))
)

/** Renames, adds, removes and restores some groups. */
const churn = Effect.fnUntraced(function* (step: number) {
  const { groups, putGroup, removeGroup, renameGroup, restoreGroup, softDeleteGroup } = yield* FakeGraph
  const all = yield* groups(entraTenantId)
  const at = (index: number) => all[(step * 7 + index) % all.length]?.id ?? ""
  yield* renameGroup(entraTenantId, at(0), `Renamed ${step}`)
  yield* softDeleteGroup(entraTenantId, at(3))
  yield* softDeleteGroup(entraTenantId, at(5))
  yield* restoreGroup(entraTenantId, at(5))
  yield* removeGroup(entraTenantId, at(8))
  yield* putGroup(
    entraTenantId,
    fakeGroup({ id: `00000000-0000-4000-8000-00000000000${step}`, displayName: `New ${step}` })
  )
})

const tags = (pages: ReadonlyArray<GraphDeltaPage<Changed>>) => pages.map(({ isLast }) => isLast)

describe("delta", () => {
  it.effect("gives everything first, then only what changed, and ends every round with where to go on", () =>
    Effect.gen(function* () {
      const known = new Map<string, Changed>()
      const first = yield* round(known)
      assert.deepStrictEqual(tags(first.pages), [false, false, false, true])
      assert.deepStrictEqual(names(known), yield* expected)
      const nothing = yield* round(known, first.cursor)
      assert.deepStrictEqual([nothing.pages.length, nothing.pages[0]?.changes.length], [1, 0])
      yield* churn(1)
      const second = yield* round(known, nothing.cursor)
      assert.isAtMost(second.pages.flatMap((page) => page.changes).length, 6)
      assert.deepStrictEqual(names(known), yield* expected)
    }).pipe(Effect.provide(inMemory(fake)))
  )

  it.live("is exact after any number of rounds, whatever Graph may do with duplicates, order and empty pages", () =>
    Effect.forEach([1, 2, 3, 4, 5], (seed) =>
      Effect.gen(function* () {
        const known = new Map<string, Changed>()
        yield* churn(9)
        let { cursor } = yield* round(known)
        for (const step of [1, 2, 3, 4]) {
          yield* churn(step)
          cursor = (yield* round(known, cursor)).cursor
          assert.deepStrictEqual(names(known), yield* expected)
        }
      }).pipe(Effect.provide(overHttp({ ...fake, seed, deltaIrregularities: true })))
    )
  )

  it.effect("does not take the collection's beginning for the rest of a round of changes", () =>
    Effect.gen(function* () {
      const { groups, inject, renameGroup } = yield* FakeGraph
      const first = yield* round(new Map())
      for (const { id } of yield* groups(entraTenantId)) yield* renameGroup(entraTenantId, id, "Renamed")
      yield* inject({ path: "/v1.0/groups/delta", nth: 1, fault: Fault.hostileLink("earlierPage") })
      const refused = yield* Effect.flip(round(new Map(), first.cursor))
      assert.strictEqual(refused.reasonCode, "provider_pagination_loop")
    }).pipe(Effect.provide(inMemory(fake)))
  )

  it.effect("tells soft-deleted groups from those that are gone for good", () =>
    Effect.gen(function* () {
      const { groups, removeGroup, softDeleteGroup } = yield* FakeGraph
      const { cursor } = yield* round(new Map())
      const [one, two] = yield* groups(entraTenantId)
      yield* softDeleteGroup(entraTenantId, one?.id ?? "")
      yield* removeGroup(entraTenantId, two?.id ?? "")
      const { pages } = yield* round(new Map(), cursor)
      assert.deepStrictEqual(pages[0]?.changes, [
        { _tag: "Removed", id: one?.id ?? "", reason: "changed" },
        { _tag: "Removed", id: two?.id ?? "", reason: "deleted" }
      ])
    }).pipe(Effect.provide(inMemory(fake)))
  )

  it.effect("asks for changed properties only, where the contract says so, on every page", () =>
    Effect.gen(function* () {
      const { groups, renameGroup, requests } = yield* FakeGraph
      const known = new Map<string, Changed>()
      const { cursor } = yield* round(known, undefined, minimalChanges)
      const [group] = yield* groups(entraTenantId)
      yield* renameGroup(entraTenantId, group?.id ?? "", "Patched")
      const { pages } = yield* round(known, cursor, minimalChanges)
      assert.deepStrictEqual(pages[0]?.changes, [
        { _tag: "Upserted", id: group?.id ?? "", item: { id: group?.id ?? "", displayName: "Patched" } }
      ])
      const asked = (yield* requests).filter(({ path }) => path.endsWith("/delta"))
      assert.isTrue(asked.every(({ prefer }) => prefer === "return=minimal"))
      assert.deepStrictEqual(names(known), yield* expected)
    }).pipe(Effect.provide(inMemory(fake)))
  )

  it.effect("goes on after a page whose cursor was stored", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const [first, second] = yield* Stream.runCollect(Stream.take(graph.delta(contoso, changes, {}), 2))
      const known = new Map<string, Changed>()
      yield* round(known, second?.cursor)
      const before = [first, second].flatMap((page) => page?.changes ?? [])
      assert.strictEqual(known.size + before.length, 65)
    }).pipe(Effect.provide(inMemory(fake)))
  )

  const forgotten: ReadonlyArray<readonly [string, Fault.Fault]> = [
    ["410 with a location", Fault.deltaGone],
    ["400 syncStateNotFound", Fault.deltaSyncStateNotFound("syncStateNotFound")],
    ["400 SYNCSTATENOTFOUND", Fault.deltaSyncStateNotFound("SYNCSTATENOTFOUND")],
    ["400 resyncRequired", Fault.deltaSyncStateNotFound("resyncRequired")],
    ["404 for a link that Graph gave", Fault.status(404, "UnknownError", "")],
    ["400 about its token", Fault.status(400, "Request_BadRequest", "Badly formed token.")]
  ]
  it.effect.each(forgotten)("asks for a new beginning where the history is forgotten: %s", ([, fault]) =>
    Effect.gen(function* () {
      const { inject } = yield* FakeGraph
      const { cursor } = yield* round(new Map())
      yield* inject({ path: "/v1.0/groups/delta", fault })
      const error = yield* Effect.flip(round(new Map(), cursor))
      assert.strictEqual(error.reasonCode, "provider_resync_required")
      const known = new Map<string, Changed>()
      yield* round(known)
      assert.deepStrictEqual(names(known), yield* expected)
    }).pipe(Effect.provide(inMemory(fake)))
  )

  it.effect("asks for a new beginning once the token has expired", () =>
    Effect.gen(function* () {
      const { cursor } = yield* round(new Map())
      yield* TestClock.adjust("7 days")
      assert.strictEqual((yield* Effect.flip(round(new Map(), cursor))).reasonCode, "provider_resync_required")
    }).pipe(Effect.provide(inMemory(fake)))
  )

  it.live("refuses a page that says neither how it goes on nor that it is the last", () =>
    Effect.gen(function* () {
      const { inject } = yield* FakeGraph
      const body = { _tag: "Status", status: 200, headers: {}, body: `{"value":[]}` } as const
      yield* inject({ path: "/v1.0/groups/delta", times: 9, fault: body })
      assert.strictEqual((yield* Effect.flip(round(new Map()))).reasonCode, "provider_response_invalid")
    }).pipe(Effect.provide(inMemory(fake, prompt)))
  )

  it.live("hands out no delta link that leads elsewhere", () =>
    Effect.gen(function* () {
      const { foreignOrigin, inject } = yield* FakeGraph
      const body = JSON.stringify({ value: [], "@odata.deltaLink": `${foreignOrigin}/v1.0/groups/delta?$deltatoken=1` })
      yield* inject({ path: "/v1.0/groups/delta", fault: { _tag: "Status", status: 200, headers: {}, body } })
      assert.strictEqual((yield* Effect.flip(round(new Map()))).reasonCode, "provider_untrusted_link")
    }).pipe(Effect.provide(inMemory(fake, prompt)))
  )
})
