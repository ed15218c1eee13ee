import { Layer } from "effect"
import * as ClaimLoop from "./ClaimLoop.ts"
import { RunExecutor } from "./RunExecutor.ts"
import * as RunHandler from "../definition/RunHandler.ts"
import * as Sweeper from "./upkeep/Sweeper.ts"

/**
 * A worker: claims due runs of the types that it has handlers for, executes them, and ends those that dead workers left
 * behind. Closing its scope gives running work back. `WorkerSettings` says how it behaves.
 *
 * @param handlers one for each operation type that this process executes
 */
export const layer = <const Handlers extends ReadonlyArray<RunHandler.RunHandler<any>>>(...handlers: Handlers) =>
  Layer.mergeAll(ClaimLoop.layer, Sweeper.layer).pipe(
    Layer.provide(RunExecutor.layer),
    Layer.provide(RunHandler.layer(...handlers))
  )
