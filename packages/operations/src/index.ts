/**
 * The run ledger, in Effect: each long-running operation has one record, a run, which exists before its work starts and ends
 * exactly once. A host defines operations (`Operation.make`), answers who may do what (`Access`), composes `Operations.layer`,
 * and `Worker.layer` in processes that execute runs, and calls `Runs`. Hosts without Effect use `@atlas/operations/promise`.
 *
 * @module
 */

export { Access, type Grant, grantFor } from "./access/Access.ts"
export { Actor, GivenActor, encodeActor } from "./run/Actor.ts"
export { AuditAction, AuditLog, AuditRecord, type RecordChange, RequestId } from "./access/AuditLog.ts"
export { Authorization, type ScopeGrant, type StartTarget, type TenantGrant } from "./access/Authorization.ts"
export type { Capability } from "./run/Capability.ts"
export { argumentsOf, decodeInput, invalid } from "./boundary/Decoding.ts"
export { Failure, type FailureReport, FailureSample, type FailureSummary } from "./run/Failure.ts"
export { reportOf } from "./definition/RunFailure.ts"
export { RunFailure } from "./definition/RunFailure.ts"
export { fold, foldName } from "./text/foldName.ts"
export {
  Graph,
  type GraphBatchResults,
  type GraphChange,
  GraphCursor,
  type GraphDeltaPage,
  type GraphPage
} from "./graph/Graph.ts"
export { GraphCaller } from "./graph/GraphCaller.ts"
export * as GraphContract from "./graph/GraphContract.ts"
export { GraphError } from "./graph/GraphError.ts"
export { DuplicateOperation, OperationCatalog, UnregisteredOperation } from "./definition/OperationCatalog.ts"
export * as Operations from "./Operations.ts"
export { GivenTenantScope, type OperationScope, TenantId, type TenantScope, WorkspaceId } from "./run/OperationScope.ts"
export {
  Authentication,
  CurrentActor,
  OperationsApi,
  OperationsApiGroup,
  OperationTypeResource,
  PageLimit,
  RunEventResource,
  RunReceiptResource,
  RunResource,
  StartedResource
} from "./http/OperationsApi.ts"
export * as OperationsHttp from "./http/OperationsHttp.ts"
export { nextStep, nextStepOf, nextStepOfRun } from "./run/NextStep.ts"
export * as HttpProblems from "./http/HttpProblems.ts"
export * as InputResolver from "./definition/InputResolver.ts"
export * as Operation from "./definition/Operation.ts"
export * as Problems from "./boundary/Problems.ts"
export { type KnownReasonCode, knownReasonCodes, ReasonCode, type ReasonInfo, reasonInfo } from "./run/ReasonCode.ts"
export {
  isWholeRun,
  type Run,
  RunCounts,
  RunId,
  RunOutcome,
  type RunReceipt,
  RunRecordLinks,
  RunStatus
} from "./run/Run.ts"
export { checkIdempotencyKey } from "./starting/StartInput.ts"
export { RunEvent, RunEventKind, runEventKinds } from "./run/RunEvent.ts"
export * as RunHandler from "./definition/RunHandler.ts"
export type { HandlerLayer } from "./definition/RunHandlers.ts"
export type { Identity } from "./definition/RunIdentity.ts"
export type { IdentityRule } from "./run/Run.ts"
export type { Json } from "./text/Json.ts"
export { RunReport } from "./run/RunReport.ts"
export { DefaultRetention } from "./ledger/RunRetention.ts"
export { RunFilter } from "./ledger/reads/RunFilter.ts"
export type { EndedRuns } from "./ledger/reads/RunHours.ts"
export type { Lineage, RunTally } from "./ledger/reads/RunQueries.ts"
export { maxPageSize } from "./ledger/reads/RunPages.ts"
export { type RunList, Runs } from "./starting/Runs.ts"
export { DatabaseListener } from "./ledger/RunSignals.ts"
export type {
  StartProblem,
  StartRequest,
  StartResult,
  SystemStartProblem,
  SystemStartRequest,
  SystemStartResult
} from "./starting/RunStart.ts"
export * as StartGate from "./definition/StartGate.ts"
export { sanitise, sanitisedCause, sanitisingLogger } from "./text/Sanitiser.ts"
export { SystemRunFilter, SystemRuns } from "./starting/SystemRuns.ts"
export * as TraceContext from "./run/TraceContext.ts"
export { sqlJoin, sqlText, sqlWord } from "./text/SqlText.ts"
export { isStorable, storable, StorableText } from "./text/StorableText.ts"
export { Waiting, WaitingReason } from "./ledger/reads/WhyWaiting.ts"
export { Uuid } from "./text/Uuid.ts"
export * as Worker from "./executing/Worker.ts"
export { WorkerSettings } from "./executing/WorkerSettings.ts"
