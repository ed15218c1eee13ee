export { Access, actingCapabilities, type Grant, grantFor, type TenantGrant } from "./Access.ts"
export { Actor, encodeActor } from "./Actor.ts"
export { AuditAction, AuditLog, AuditRecord, RequestId } from "./AuditLog.ts"
export type { Capability } from "./Capability.ts"
export { Failure, type FailureReport, FailureSample, type FailureSummary, RunFailure } from "./Failure.ts"
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
export { type OperationScope, TenantId, type TenantScope, WorkspaceId } from "./OperationScope.ts"
export {
  Authentication,
  CurrentActor,
  OperationsApi,
  OperationsApiGroup,
  OperationTypeResource,
  PageLimit,
  RunEventResource,
  RunResource,
  StartedResource
} from "./OperationsApi.ts"
export * as OperationsHttp from "./OperationsHttp.ts"
export { type LegacyKind, legacyKinds, type LegacyRun, LegacyRuns } from "./LegacyRuns.ts"
export * as OperationType from "./OperationType.ts"
export * as Problems from "./Problems.ts"
export { RemovalGuard } from "./RemovalGuard.ts"
export { type KnownReasonCode, knownReasonCodes, ReasonCode, type ReasonInfo, reasonInfo } from "./ReasonCode.ts"
export { type Run, RunCounts, RunId, RunOutcome, RunRecordLinks, RunStatus } from "./Run.ts"
export { RunCancellation } from "./RunCancellation.ts"
export { RunEvent, RunEventKind, runEventKinds } from "./RunEvent.ts"
export { RunExecutor } from "./RunExecutor.ts"
export * as RunHandler from "./RunHandler.ts"
export type { Identity, IdentityRule, Json } from "./RunIdentity.ts"
export { type Hold, RunLedger } from "./RunLedger.ts"
export { RunReport } from "./RunReport.ts"
export { DefaultRetention, RunRetention } from "./RunRetention.ts"
export type { RunFilter } from "./RunFilter.ts"
export { RunGauges } from "./RunGauges.ts"
export { type EndedRuns, RunHours } from "./RunHours.ts"
export { type Lineage, RunQueries, type RunTally } from "./RunQueries.ts"
export { type Assignment, type Claim, type Claimant, RunQueue } from "./RunQueue.ts"
export { maxPageSize, type RunPage, Runs } from "./Runs.ts"
export { DatabaseListener, type RunSignal, RunSignals } from "./RunSignals.ts"
export {
  requireCapability,
  type StartProblem,
  type StartRequest,
  type StartResult,
  type StartTarget,
  type SystemStartRequest
} from "./RunStart.ts"
export { decodeInput } from "./StartInput.ts"
export * as StartGate from "./StartGate.ts"
export { sanitise, sanitisedCause, sanitisingLogger } from "./Sanitiser.ts"
export { type Authorize, makeAuthorize } from "./TenantAccess.ts"
export * as TraceContext from "./TraceContext.ts"
export { isStorable, storable } from "./StorableText.ts"
export { Waiting, WaitingReason } from "./WhyWaiting.ts"
export * as Worker from "./Worker.ts"
export { WorkRefused } from "./WorkRefused.ts"
export { WorkerSettings } from "./WorkerSettings.ts"
