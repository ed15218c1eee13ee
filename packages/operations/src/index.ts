export { Access, type Grant, grantFor, type TenantGrant } from "./Access.ts"
export { Actor, GivenActor, encodeActor } from "./Actor.ts"
export { AuditAction, AuditLog, AuditRecord, type RecordChange, RequestId } from "./AuditLog.ts"
export { Authorization, type ScopeGrant, type StartTarget } from "./Authorization.ts"
export type { Capability } from "./Capability.ts"
export { argumentsOf, decodeInput, invalid } from "./Decoding.ts"
export { Failure, type FailureReport, FailureSample, type FailureSummary } from "./Failure.ts"
export { reportOf } from "./RunFailure.ts"
export { RunFailure } from "./RunFailure.ts"
export { fold, foldName } from "./foldName.ts"
export {
  Graph,
  type GraphBatchResults,
  type GraphChange,
  GraphCursor,
  type GraphDeltaPage,
  type GraphPage
} from "./Graph.ts"
export { GraphCaller } from "./GraphCaller.ts"
export * as GraphContract from "./GraphContract.ts"
export { GraphError } from "./GraphError.ts"
export {
  type AnyOperationType,
  DuplicateOperationType,
  OperationCatalog,
  UnregisteredOperationType
} from "./OperationCatalog.ts"
export * as Operations from "./Operations.ts"
export { GivenTenantScope, type OperationScope, TenantId, type TenantScope, WorkspaceId } from "./OperationScope.ts"
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
} from "./OperationsApi.ts"
export * as OperationsHttp from "./OperationsHttp.ts"
export { type LegacyKind, legacyKinds, type LegacyRun, LegacyRuns, type LegacyTable } from "./LegacyRuns.ts"
export { nextStep, nextStepOf, nextStepOfRun } from "./NextStep.ts"
export * as HttpProblems from "./HttpProblems.ts"
export * as InputResolver from "./InputResolver.ts"
export * as OperationType from "./OperationType.ts"
export * as Problems from "./Problems.ts"
export { RemovalGuard } from "./RemovalGuard.ts"
export { type KnownReasonCode, knownReasonCodes, ReasonCode, type ReasonInfo, reasonInfo } from "./ReasonCode.ts"
export {
  isWholeRun,
  type Run,
  RunCounts,
  RunId,
  RunOutcome,
  type RunReceipt,
  RunRecordLinks,
  RunStatus
} from "./Run.ts"
export { checkIdempotencyKey } from "./StartInput.ts"
export { RunEvent, RunEventKind, runEventKinds } from "./RunEvent.ts"
export * as RunHandler from "./RunHandler.ts"
export type { Identity } from "./RunIdentity.ts"
export type { IdentityRule } from "./Run.ts"
export type { Json } from "./Json.ts"
export { RunReport } from "./RunReport.ts"
export { DefaultRetention } from "./RunRetention.ts"
export { RunFilter } from "./RunFilter.ts"
export type { EndedRuns } from "./RunHours.ts"
export type { Lineage, RunTally } from "./RunQueries.ts"
export { maxPageSize } from "./RunPages.ts"
export { type RunPage, Runs } from "./Runs.ts"
export { DatabaseListener } from "./RunSignals.ts"
export type {
  StartProblem,
  StartRequest,
  StartResult,
  SystemStartProblem,
  SystemStartRequest,
  SystemStartResult
} from "./RunStart.ts"
export * as StartGate from "./StartGate.ts"
export { sanitise, sanitisedCause, sanitisingLogger } from "./Sanitiser.ts"
export { SystemRunFilter, SystemRuns } from "./SystemRuns.ts"
export * as TraceContext from "./TraceContext.ts"
export { isStorable, storable, StorableText } from "./StorableText.ts"
export { Waiting, WaitingReason } from "./WhyWaiting.ts"
export { Uuid } from "./Uuid.ts"
export * as Worker from "./Worker.ts"
export { WorkerSettings } from "./WorkerSettings.ts"
