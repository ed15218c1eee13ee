import { FakeGraph, type FakeTenantOptions } from "@atlas/graph/testing"
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
import { databaseListener, TestDatabase } from "@atlas/test"
import { Effect, Layer, Option, Stream } from "effect"
import { DirectoryGroups, GroupCache, GroupsSync, viewDirectory } from "../src/index.ts"

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
  who.id === powerless.id ? new Set<never>() : new Set([viewDirectory, GroupsSync.type.capabilities.start])

const access = Layer.succeed(
  Access,
  Access.of({
    grants: (who) =>
      Effect.succeed(
        who.id.split(",").map((tenant) => ({
          workspaceId: scopeOf(tenant).workspaceId,
          tenants: "all" as const,
          capabilities: capabilitiesOf(who)
        }))
      ),
    tenant: (who, tenant) =>
      Effect.succeed(
        who.id === powerless.id || who.id.split(",").includes(tenant)
          ? Option.some({ scope: scopeOf(tenant), capabilities: capabilitiesOf(who) })
          : Option.none()
      )
  })
)

const openGate = StartGate.layer(StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open)))

/** The cache on a database of its own, a worker that fills it, and the fake Graph that it reads. */
export const directory = (...tenants: ReadonlyArray<FakeTenantOptions>) =>
  Worker.layer(GroupsSync.handler).pipe(
    Layer.provideMerge(DirectoryGroups.layer),
    Layer.provideMerge(
      Layer.mergeAll(Operations.layer(GroupsSync.type), GroupCache.layer).pipe(Layer.provide(openGate))
    ),
    Layer.provideMerge(Layer.mergeAll(access, databaseListener, FakeGraph.layer({ tenants }))),
    Layer.provideMerge(TestDatabase.layer)
  )

/** Synchronises a tenant's groups and yields the completed run. */
export const sync = Effect.fnUntraced(function* (tenant: string): Effect.fn.Return<Run, never, Runs> {
  const runs = yield* Runs
  const who = actor(tenant)
  const { run } = yield* runs.start(who, { tenantId: tenant, type: GroupsSync.type.name, input: {} }).pipe(Effect.orDie)
  yield* runs.follow(who, run.id, 0).pipe(Stream.runDrain, Effect.timeout("30 seconds"), Effect.orDie)
  return yield* runs.get(who, run.id).pipe(Effect.orDie)
})
