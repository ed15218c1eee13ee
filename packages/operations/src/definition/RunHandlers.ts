import { Context, type Option } from "effect"
import type { AnyOperationType } from "./OperationCatalog.ts"
import type { RunHandler } from "./RunHandler.ts"

/** The handlers of this process. Types without one here are left to other workers. */
export class RunHandlers extends Context.Service<
  RunHandlers,
  {
    readonly types: ReadonlyArray<AnyOperationType>
    find(type: string): Option.Option<RunHandler>
  }
>()("@atlas/operations/RunHandlers") {}
