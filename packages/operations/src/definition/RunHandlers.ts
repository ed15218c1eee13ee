/**
 * Which handlers a worker has. A layer of `Operation.toLayer` registers its handler with the worker that it is given to, before
 * the worker begins.
 *
 * @module
 */
import { Context, Effect, Layer, Option, type Scope } from "effect"
import type * as Operation from "./Operation.ts"
import { DuplicateOperation, OperationCatalog, UnregisteredOperation } from "./OperationCatalog.ts"
import type { Handle } from "./RunHandler.ts"

/** An operation with its handler in this process. */
export interface RunHandler<R = never> {
  readonly operation: Operation.Any
  readonly handle: Handle<any, any, R>
}

/** The handlers of one worker. */
export class RunHandlers extends Context.Service<
  RunHandlers,
  {
    /** Adds a handler. It refuses a second one for an operation, and one for an operation that is not in the catalog. */
    register(handler: RunHandler): Effect.Effect<void, DuplicateOperation | UnregisteredOperation>
    /** The operations that have a handler here. Runs of other operations are left to other workers. */
    readonly types: Effect.Effect<ReadonlyArray<Operation.Any>>
    find(type: string): Option.Option<RunHandler>
  }
>()("@atlas/operations/RunHandlers") {}

const make = Effect.gen(function* () {
  const catalog = yield* OperationCatalog
  const byName = new Map<string, RunHandler>()
  return RunHandlers.of({
    register: Effect.fnUntraced(function* (handler) {
      const { name } = handler.operation
      if (byName.has(name)) return yield* new DuplicateOperation({ name })
      const known = Option.getOrUndefined(catalog.find(name))
      if (known !== handler.operation) return yield* new UnregisteredOperation({ name })
      byName.set(name, handler)
    }),
    types: Effect.sync(() => Array.from(byName.values(), ({ operation }) => operation)),
    find: (type) => Option.fromUndefinedOr(byName.get(type))
  })
})

/** A new registry with the handlers that the given layers register. */
export const layer = <const Handlers extends ReadonlyArray<Layer.Layer<never, any, any>>>(
  ...handlers: Handlers
): Layer.Layer<
  RunHandlers,
  Layer.Error<Handlers[number]>,
  OperationCatalog | Exclude<Layer.Services<Handlers[number]>, RunHandlers>
> => Layer.provideMerge(Layer.mergeAll(Layer.empty, ...handlers), Layer.effect(RunHandlers, make))

/**
 * A layer that registers a handler with the worker that it is given to. It also has the operation and the handler as members.
 */
export interface HandlerLayer<R = never>
  extends
    RunHandler<R>,
    // A handler's own resources are released when its attempt ends.
    Layer.Layer<never, DuplicateOperation | UnregisteredOperation, RunHandlers | Exclude<R, Scope.Scope>> {}

/** The layer of `Operation.toLayer`. It registers with each worker anew, even where two workers are built together. */
export const toLayer = <R>({ operation, handle }: RunHandler<R>): HandlerLayer<R> => {
  const registration = Effect.gen(function* () {
    const context = yield* Effect.context<any>()
    const handlers = yield* RunHandlers
    yield* handlers.register({
      operation,
      handle: (run) => Effect.scoped(Effect.updateContext(handle(run), (own) => Context.merge(context, own)))
    })
  })
  return Object.assign(Layer.fresh(Layer.effectDiscard(registration)), { operation, handle })
}
