/**
 * The run ledger, in Effect: each long-running operation has one record, a run, which exists before its work starts and ends
 * exactly once. A host defines operations (`Operation.make`), answers who may do what (`Access`), composes `Operations.layer`,
 * and `Worker.layer` in processes that execute runs, and calls `Runs`. Hosts without Effect use `@atlas/operations/promise`.
 *
 * @module
 */

export { Access, type Grant } from "./access/Access.ts"
export { AuditLog, AuditRecord, type RecordChange, RequestId } from "./access/AuditLog.ts"
export { Authorization, type TenantGrant } from "./access/Authorization.ts"

export * as Decoding from "./boundary/Decoding.ts"
export * as Problems from "./boundary/Problems.ts"

export * as InputResolver from "./definition/InputResolver.ts"
export * as Operation from "./definition/Operation.ts"
export { OperationCatalog } from "./definition/OperationCatalog.ts"
export { reportOf, RunFailure } from "./definition/RunFailure.ts"
export * as RunHandler from "./definition/RunHandler.ts"
export type { HandlerLayer } from "./definition/RunHandlers.ts"
export * as StartGate from "./definition/StartGate.ts"

export * as Worker from "./executing/Worker.ts"
export { WorkerSettings } from "./executing/WorkerSettings.ts"

export { Graph, type GraphChange, GraphCursor, type GraphDeltaPage, type GraphPage } from "./graph/Graph.ts"
export { GraphCaller } from "./graph/GraphCaller.ts"
export * as GraphContract from "./graph/GraphContract.ts"
export { GraphError } from "./graph/GraphError.ts"

export * as HttpProblems from "./http/HttpProblems.ts"
export * as OperationsApi from "./http/OperationsApi.ts"
export * as OperationsHttp from "./http/OperationsHttp.ts"

export { RunFilter } from "./ledger/reads/RunFilter.ts"
export type { EndedRuns } from "./ledger/reads/RunHours.ts"
export type { Lineage, RunTally } from "./ledger/reads/RunQueries.ts"
export type { Waiting } from "./ledger/reads/WhyWaiting.ts"
export { DefaultRetention } from "./ledger/RunRetention.ts"
export { DatabaseListener } from "./ledger/RunSignals.ts"

export * as Operations from "./Operations.ts"

export { Actor, encodeActor, systemActor } from "./run/Actor.ts"
export type { Capability } from "./run/Capability.ts"
export { Failure, type FailureReport } from "./run/Failure.ts"
export * as NextStep from "./run/NextStep.ts"
export { type OperationScope, TenantId, type TenantScope, WorkspaceId } from "./run/OperationScope.ts"
export { type KnownReasonCode, knownReasonCodes, ReasonCode, reasonInfo } from "./run/ReasonCode.ts"
export {
  isWholeRun,
  type RemovedRun,
  type Run,
  RunCounts,
  RunId,
  RunOutcome,
  type RunReceipt,
  RunStatus
} from "./run/Run.ts"
export { RunEvent, RunEventKind, runEventKinds } from "./run/RunEvent.ts"
export { RunReport } from "./run/RunReport.ts"
export * as TraceContext from "./run/TraceContext.ts"

export { type RunList, Runs } from "./starting/Runs.ts"
export type { StartProblem, StartRequest } from "./starting/RunStart.ts"
export { type RemovedStart, runIdOf, type Started, type StartResult } from "./starting/StartResult.ts"
export { SystemRuns } from "./starting/SystemRuns.ts"

export { canonical } from "./definition/RunIdentity.ts"
export * as ExactJson from "./text/ExactJson.ts"
export * as Folding from "./text/Folding.ts"
export type { Json } from "./text/Json.ts"
export * as Redaction from "./text/Redaction.ts"
export * as SecretNouns from "./text/SecretNouns.ts"
export { sqlText } from "./text/SqlText.ts"
export * as Storable from "./text/Storable.ts"
export { Uuid } from "./text/Uuid.ts"
