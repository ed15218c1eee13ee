import { Layer } from "effect"
import * as ClaimLoop from "./ClaimLoop.ts"
import { RunExecutor } from "./RunExecutor.ts"
import * as RunHandlers from "../definition/RunHandlers.ts"
import * as Sweeper from "./upkeep/Sweeper.ts"

/**
 * A worker: claims due runs of the operations that it has handlers for, executes them, and ends those that dead workers left
 * behind. Closing its scope gives running work back. `WorkerSettings` says how it behaves.
 *
 * @param handlers one for each operation that this process executes, from its `toLayer`
 */
export const layer = <const Handlers extends ReadonlyArray<Layer.Layer<never, any, any>>>(...handlers: Handlers) =>
  Layer.mergeAll(ClaimLoop.layer, Sweeper.layer).pipe(
    Layer.provide(RunExecutor.layer),
    Layer.provide(RunHandlers.layer(...handlers))
  )
