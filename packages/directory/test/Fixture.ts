import { withRun } from "@atlas/operations/testing"
import * as Pg from "@atlas/operations/pg"
import { FakeGraph, type FakeGraphOptions, type FakeTenantOptions } from "@atlas/fake-graph"
import {
  Access,
  type Actor,
  Operations,
  type Run,
  Runs,
  StartGate,
  TenantId,
  type TenantScope,
  Worker,
  WorkspaceId
} from "@atlas/operations"
import { promptGraph, promptWorker, TestDatabase } from "@atlas/test"
import { Effect, Layer, Stream } from "effect"
import type { SearchPosition, SearchResult } from "../src/cache/CollectionReads.ts"
import { Directory, type DirectoryGroup, GroupsSync, viewDirectory } from "../src/index.ts"
import { DirectoryCache } from "../src/cache/DirectoryCache.ts"

/** An actor who may do everything with the directory of the tenants whose ids are given. */
export const actor = (...tenants: ReadonlyArray<string>): Actor => ({
  id: tenants.join(","),
  kind: "user",
  name: "Ada"
})

/** A member who may start nothing and read nothing. */
export const powerless: Actor = { id: "powerless", kind: "user", name: "Bo" }

/** Each tenant is the only one of a workspace of its own. */
export const scopeOf = (tenant: string): TenantScope => ({
  workspaceId: WorkspaceId.make(`workspace of ${tenant}`),
  tenantId: TenantId.make(tenant)
})

const capabilitiesOf = (who: Actor) =>
  who.id === powerless.id ? new Set<never>() : new Set([viewDirectory, GroupsSync.operation.capabilities.start])

const access = Layer.succeed(
  Access,
  Access.of({
    workspaceOf: (tenant) => Effect.succeedSome(scopeOf(tenant).workspaceId),
    grants: (who) =>
      Effect.succeed(
        (who.id === powerless.id ? ["contoso", "guarded"] : who.id.split(",")).map((tenant) => ({
          workspaceId: scopeOf(tenant).workspaceId,
          tenants: "all" as const,
          capabilities: capabilitiesOf(who)
        }))
      )
  })
)

const openGate = StartGate.layer(StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open)))

/** The cache on a database of its own, and the fake Graph that workers read. */
const withoutWorker = (graph: FakeGraphOptions) =>
  Directory.layer.pipe(
    Layer.provideMerge(Operations.layer(...Directory.operations).pipe(Layer.provide(openGate))),
    Layer.provideMerge(Layer.mergeAll(access, Pg.listener, Layer.provide(FakeGraph.layer(graph), promptGraph))),
    Layer.provideMerge(TestDatabase.layer)
  )

/** The same with a worker. */
export const directory = (...tenants: ReadonlyArray<FakeTenantOptions>) =>
  Worker.layer(...Directory.handlers).pipe(Layer.provide(promptWorker), Layer.provideMerge(withoutWorker({ tenants })))

/** Synchronises a tenant's groups, or what else is named, and yields the completed run. */
export const sync = Effect.fnUntraced(function* (
  tenant: string,
  input: typeof GroupsSync.operation.input.Type = {},
  type: string = GroupsSync.operation.name
): Effect.fn.Return<Run, never, Runs> {
  const runs = yield* Runs
  const who = actor(tenant)
  const { run } = withRun(yield* Effect.orDie(runs.start(who, type, { tenantId: tenant, input })))
  yield* runs.follow(who, run.id, 0).pipe(Stream.runDrain, Effect.timeout("90 seconds"), Effect.orDie)
  return yield* runs.get(who, run.id).pipe(Effect.orDie)
})

/** The ids and names that a tenant's readers are shown: all pages of an empty search. */
export const shown = Effect.fnUntraced(function* (tenant: string) {
  const { groups } = yield* DirectoryCache
  const all: Array<readonly [id: string, displayName: string]> = []
  let after: SearchPosition | null = null
  do {
    const { found }: SearchResult<DirectoryGroup> = yield* groups.search(scopeOf(tenant), {
      query: "",
      filters: [],
      after,
      limit: 1_000
    })
    all.push(...found.map(({ item }) => [item.id, item.displayName] as const))
    const last = found.at(-1)
    after = last && found.length === 1_000 ? { tier: last.tier, foldedName: last.foldedName, id: last.item.id } : null
  } while (after !== null)
  return all.sort(byId)
})

/** The same of the fake's directory: what the cache must hold. */
export const existing = Effect.fnUntraced(function* (tenant: string) {
  const graph = yield* FakeGraph
  const groups = yield* graph.groups(tenant)
  return groups.map(({ displayName, id }) => [id, displayName] as const).sort(byId)
})

const byId = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : a > b ? 1 : 0)
