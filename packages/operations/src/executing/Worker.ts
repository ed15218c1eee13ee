/**
 * A worker claims due runs of the operations that it has handlers for, executes them, and ends the runs that dead workers left
 * behind. Hosts add it to each process that is to execute runs; any number of them share one database. `WorkerSettings` says
 * how it behaves.
 *
 * @module
 */

import { Layer } from "effect"
import * as ClaimLoop from "./ClaimLoop.ts"
import { RunExecutor } from "./RunExecutor.ts"
import * as RunHandlers from "../definition/RunHandlers.ts"
import * as Upkeep from "./upkeep/Upkeep.ts"

/**
 * A worker for as long as its scope is open. Closing the scope gives running work back to the queue.
 *
 * @param handlers one for each operation that this process executes, from the operation's `toLayer`
 *
 * @example
 * ```ts
 * const atlas = Worker.layer(exportReport).pipe(
 *   Layer.provideMerge(Operations.layer(ExportReport)),
 *   Layer.provide([access, database])
 * )
 * const runtime = ManagedRuntime.make(atlas)
 * ```
 */
export const layer = <const Handlers extends ReadonlyArray<Layer.Layer<never, any, any>>>(...handlers: Handlers) =>
  Layer.mergeAll(ClaimLoop.layer, Upkeep.layer).pipe(
    Layer.provide(RunExecutor.layer),
    Layer.provide(RunHandlers.layer(...handlers))
  )
