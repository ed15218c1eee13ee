/**
 * Atlas for hosts with plain promises. `defineOperation` takes the schemas of any Standard Schema library. `createAtlas`
 * connects to the host's Postgres, creates the tables, and starts, shows and executes runs. Each refusal is an `AtlasError`,
 * and an HTTP answer as it is. No declaration here comes from Effect.
 *
 * @module
 */
export {
  type Atlas,
  type AtlasOptions,
  type ListFilter,
  type RemovedStart,
  type StartAnswer,
  type Started,
  type StartDetails,
  type StartRequest,
  type StartTarget,
  type SystemStarted,
  type SystemStartRequest
} from "./Atlas.ts"
export { createAtlas } from "./createAtlas.ts"
export {
  AtlasError,
  DatabaseUnavailable,
  DuplicateOperation,
  Forbidden,
  IdempotencyKeyRequired,
  IdempotencyKeyReused,
  InvalidCursor,
  InvalidInput,
  NotFound,
  NotSupported,
  OperationBusy,
  type ProblemDetails,
  RunConflict,
  UnexpectedError
} from "./AtlasError.ts"
export type { LogEntry } from "./LogEntry.ts"
export type { Grant, HostAccess } from "./HostAccess.ts"
export {
  type Block,
  defineOperation,
  type Duration,
  type HandlerContext,
  type HandlerResult,
  type Identity,
  type Json,
  type Operation,
  type OperationDefinition,
  type Query,
  type Retention,
  RunFailure,
  type Scope
} from "./Operation.ts"
export type {
  Actor,
  FailedItems,
  FailureReport,
  ReasonCode,
  Run,
  RunActor,
  RunCounts,
  RunEvent,
  RunReceipt,
  RunReport
} from "./Run.ts"
