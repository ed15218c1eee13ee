/**
 * The ledger for tests of operations, without a worker process. `layer` composes it under a policy that lets everybody start
 * and see the operations in every tenant, `start` starts runs, and `runUntilIdle` does in the test's own fiber what workers
 * do.
 *
 * @module
 */

import { Effect, Layer, Option } from "effect"
import { Access, type Grant } from "../access/Access.ts"
import type { Actor } from "../run/Actor.ts"
import type { Capability } from "../run/Capability.ts"
import type * as Operation from "../definition/Operation.ts"
import * as Operations from "../Operations.ts"
import { TenantId, WorkspaceId } from "../run/OperationScope.ts"
import type { Run } from "../run/Run.ts"
import { RunExecutor } from "../executing/RunExecutor.ts"
import * as RunHandlers from "../definition/RunHandlers.ts"
import { RunHours } from "../ledger/reads/RunHours.ts"
import { wholeRun, withRun } from "./RunAssertions.ts"
import { RunQueue } from "../ledger/RunQueue.ts"
import { RunRetention } from "../ledger/RunRetention.ts"
import { Runs } from "../starting/Runs.ts"
import type { StartProblem, StartRequest } from "../starting/RunStart.ts"
import { RunSweeps } from "../ledger/RunSweeps.ts"
import { WorkerSettings } from "../executing/WorkerSettings.ts"

/** The actor that `start` starts runs as. Under `openAccess` it may do everything, everywhere. */
export const tester: Actor = { id: "tester", kind: "user", name: "Tester" }

/** The workspace that every tenant of a test belongs to. */
export const workspaceId: WorkspaceId = WorkspaceId.make("test")

/**
 * A policy for tests of rights: one workspace, to which every tenant belongs.
 *
 * @param capabilitiesOf what an actor may do in the tenants that the actor may reach; `undefined` for an outsider
 * @param tenantsOf the tenants that an actor may reach; default: all
 *
 * @example
 * ```ts
 * const capabilities = new Set(Object.values(ArchiveMailboxes.capabilities))
 *
 * const access = TestOperations.accessIn(scope.workspaceId, () => capabilities)
 * ```
 */
export const accessIn = (
  workspaceId: WorkspaceId,
  capabilitiesOf: (actor: Actor) => ReadonlySet<Capability> | undefined,
  tenantsOf: (actor: Actor) => Grant["tenants"] = () => "all"
): Layer.Layer<Access> =>
  Layer.succeed(
    Access,
    Access.of({
      workspaceOf: () => Effect.succeedSome(workspaceId),
      grants: (actor) => {
        const capabilities = capabilitiesOf(actor)
        return Effect.succeed(
          capabilities === undefined ? [] : [{ workspaceId, tenants: tenantsOf(actor), capabilities }]
        )
      }
    })
  )

/** What an actor may do in one workspace. */
export interface Membership {
  readonly workspace: string
  /** The tenants that the actor may reach. Default: all of the workspace. */
  readonly tenants?: ReadonlyArray<string>
  readonly capabilities: ReadonlyArray<Capability>
}

/**
 * A policy for tests of rights: these workspaces with these tenants, and nobody but these members.
 *
 * @param workspaces the tenants of each workspace
 * @param members what each actor may do, by the actor's id
 */
export const accessOf = (
  workspaces: Readonly<Record<string, ReadonlyArray<string>>>,
  members: Readonly<Record<string, Membership>>
): Layer.Layer<Access> => {
  const workspaceOf = new Map(
    Object.entries(workspaces).flatMap(([workspace, tenants]) =>
      tenants.map((tenant) => [tenant, WorkspaceId.make(workspace)] as const)
    )
  )
  const grants = new Map(
    Object.entries(members).map(([id, { workspace, tenants, capabilities }]): [string, ReadonlyArray<Grant>] => [
      id,
      [
        {
          workspaceId: WorkspaceId.make(workspace),
          tenants: tenants === undefined ? "all" : new Set(tenants.map((tenant) => TenantId.make(tenant))),
          capabilities: new Set(capabilities)
        }
      ]
    ])
  )
  return Layer.succeed(
    Access,
    Access.of({
      workspaceOf: (tenantId) => Effect.succeed(Option.fromUndefinedOr(workspaceOf.get(tenantId))),
      grants: ({ id }) => Effect.succeed(grants.get(id) ?? [])
    })
  )
}

/**
 * A policy for tests of flows: everybody may start and see the given operations in every tenant. It does not grant what a `viewOf`
 * derives from inputs: test such operations with an `accessIn` that has those capabilities.
 */
export const openAccess = (...types: ReadonlyArray<Operation.Any>): Layer.Layer<Access> => {
  const capabilities = new Set(types.flatMap((type) => [type.capabilities.start, type.capabilities.view]))
  return accessIn(workspaceId, () => capabilities)
}

/**
 * The ledger with the given handlers and no worker: `runUntilIdle` is the worker. Provide it with a database, such as
 * `TestDatabase.layer()`, with what the handlers need, such as `FakeGraph.layer(…)`, and by `StartGate.layer` with the gates
 * that the operations name. The policy is `openAccess`.
 *
 * @param handlers of the operations that the test starts, from their `toLayer`
 *
 * @example
 * ```ts
 * const fake = FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups }] })
 * const host = TestOperations.layer(countMailGroups).pipe(Layer.provideMerge(Layer.merge(TestDatabase.layer(), fake)))
 * ```
 */
export const layer = <const Handlers extends ReadonlyArray<Operation.HandlerLayer<any>>>(...handlers: Handlers) => {
  const types = handlers.map(({ operation }) => operation)
  return RunExecutor.layer.pipe(
    Layer.provide(RunHandlers.layer(...handlers)),
    Layer.provideMerge(Operations.layer(...types)),
    Layer.provide(openAccess(...types)),
    Layer.orDie
  )
}

/**
 * Starts an operation as `tester`, as `Runs.start` does. Every tenant exists.
 *
 * @param operation one of those whose handlers `layer` was given, or its name
 *
 * @example
 * ```ts
 * const { id } = yield* TestOperations.start(CountMailGroups, { tenantId: "contoso", input: {} })
 * yield* TestOperations.runUntilIdle
 * yield* assertRun(id, { status: "queued", attempt: 1 })
 * ```
 */
export const start = <const Chosen extends Operation.Any | string>(
  operation: Chosen,
  request: StartRequest<Operation.Given<Chosen>>
): Effect.Effect<Run, StartProblem, Runs> =>
  Runs.use((runs) => Effect.map(runs.start(tester, operation, request), (result) => wholeRun(withRun(result).run)))

const mostRounds = 1_000

/**
 * Does what workers do, until nothing is due: executes the runs that are due and the runs that they start, ends runs that
 * nobody will finish, counts ended runs, and removes runs beyond their retention. It leaves attempts alone that are due later;
 * let time pass with `DatabaseClock.advance`. Yields how many attempts it executed. Runs that are still due after a thousand
 * rounds are a defect.
 */
export const runUntilIdle: Effect.Effect<number, never, RunExecutor | RunHours | RunQueue | RunRetention | RunSweeps> =
  Effect.gen(function* () {
    const { worker, types, execute } = yield* RunExecutor
    const { leaseMillis, slots } = yield* WorkerSettings
    const claim = (yield* RunQueue).claimer({ worker, types, leaseMillis })
    let attempts = 0
    for (let round = 0; round < mostRounds; round++) {
      const claims = yield* claim(slots)
      if (claims.length === 0) {
        const { endLapsed, failStale } = yield* RunSweeps
        yield* Effect.all([
          endLapsed,
          failStale,
          RunHours.use(({ count }) => count),
          RunRetention.use(({ remove }) => remove)
        ])
        return attempts
      }
      yield* Effect.forEach(claims, execute, { concurrency: "unbounded", discard: true })
      attempts += claims.length
    }
    return yield* Effect.die(
      new Error(
        `Runs are still due after ${mostRounds} rounds: check whether a handler starts its own operation again.`
      )
    )
  })
