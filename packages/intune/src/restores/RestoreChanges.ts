/**
 * The changes that people make to restores: planning, planning again, confirming, archiving. Each change is recorded together
 * with its run and its audit record, or not at all. `Restores` offers them.
 *
 * @module
 */

import {
  type Actor,
  AuditLog,
  Authorization,
  type Capability,
  Decoding,
  type Problems,
  RunId,
  Runs,
  type StartProblem,
  type StartResult,
  type TenantScope
} from "@atlas/operations"
import { Effect, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { inTransaction } from "../policies/inTransaction.ts"
import type { PolicyStore } from "../policies/PolicyStore.ts"
import type { Restore } from "./Restore.ts"
import { makeRestoreItemStore } from "./RestoreItemStore.ts"
import { makeRestoreRecords, requireKey, RestoreRequest } from "./RestoreRecords.ts"
import { makeRestoreStore } from "./RestoreStore.ts"
import { canTake, makeRestoreState, type RestoreOf } from "./state.ts"
import { execute, preview } from "./RestoreOperations.ts"
import { TenantNames } from "./TenantNames.ts"

/** The capability to plan, confirm and execute restores. */
export const restorePolicies: Capability = execute.capabilities.start

/** The capability to view restores. Give it to every role. */
export const viewRestores: Capability = preview.capabilities.view

/** What a request for a plan is answered with. */
export interface PlannedRestore {
  readonly restore: Restore
  /** `existing`: the same request was made before, or a preview is active already. `blocked`: somebody must act first. */
  readonly disposition: StartResult["disposition"]
  /** The preview: the run that makes the plan. */
  readonly runId: RunId
}

/** The state of a restore does not allow what was asked. */
export class RestoreConflict extends HttpApiError.Problem<RestoreConflict>()(
  "RestoreConflict",
  {
    type: "urn:atlas:problem:restore-conflict",
    status: 409,
    title: "The state of the restore does not allow this."
  },
  { restoreState: Schema.String }
) {}

/** What a restore is called in the audit. */
export const restoreKind = "restore"

const decodeTyped = Decoding.argumentsOf(
  Schema.Struct({ typed: Schema.Struct({ tenantName: Schema.String, idempotencyKey: Schema.optional(Schema.String) }) })
)

/** What the audit keeps of a restore. */
const auditedState = ({ backupId, state, withAssignments }: Restore) => ({ state, backupId, withAssignments })

/** The functions that change restores. */
export interface RestoreChanges {
  /**
   * Records a restore and starts its preview, which changes nothing: both, or neither.
   *
   * @param request a `RestoreRequest`; untrusted
   * @param key the idempotency key: the same request with the same key returns the same restore
   */
  plan(
    actor: Actor,
    tenantId: string,
    request: unknown,
    key: string | undefined
  ): Effect.Effect<PlannedRestore, StartProblem>
  /**
   * Starts another preview of a restore whose preview ended without a plan. It compares everything again. If a preview is
   * active, it is returned instead. `RestoreConflict` for a restore that has a plan, or is archived.
   */
  planAgain(actor: Actor, tenantId: string, id: string): Effect.Effect<PlannedRestore, StartProblem | RestoreConflict>
  /**
   * Confirms a plan by the tenant's name, and starts its execution: both, or neither. Confirm a restore again whose execution
   * has stopped, and it goes on. `RestoreConflict` if it has no plan, or is over.
   *
   * @param typed the tenant's name as the person typed it, and the idempotency key of this confirmation
   */
  confirm(
    actor: Actor,
    tenantId: string,
    id: string,
    typed: { readonly tenantName: string; readonly idempotencyKey: string | undefined }
  ): Effect.Effect<StartResult, StartProblem | RestoreConflict>
  /**
   * Archives a restore: nobody can execute it any more. `RestoreConflict` while a run of it is active, and if it is archived
   * already.
   */
  archive(actor: Actor, tenantId: string, id: string): Effect.Effect<Restore, Problems.Refusal | RestoreConflict>
}

/** Makes the functions that change restores. */
export const makeRestoreChanges: Effect.Effect<
  RestoreChanges,
  never,
  AuditLog | Authorization | PolicyStore | Runs | SqlClient.SqlClient | TenantNames
> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization
  const audit = yield* AuditLog
  const runs = yield* Runs
  const names = yield* TenantNames
  const records = yield* makeRestoreRecords
  const store = yield* makeRestoreStore
  const policies = yield* makeRestoreItemStore
  const state = yield* makeRestoreState
  const together = inTransaction(sql)

  // The answer shows the restore, which takes the capability to view it, too.
  const changing = (actor: Actor, tenantId: string) =>
    Effect.andThen(
      door.tenant(actor, tenantId, restorePolicies, restoreKind),
      door.tenant(actor, tenantId, viewRestores, restoreKind)
    )

  const conflict = (restore: Restore, detail: string) => new RestoreConflict({ restoreState: restore.state, detail })

  /** Records a change in the audit, and returns the restore after it. */
  const record = Effect.fnUntraced(function* (
    actor: Actor,
    tenant: TenantScope,
    action: `restore.${string}`,
    { before, id, runId }: { readonly id: string; readonly before?: Restore; readonly runId?: RunId | null }
  ) {
    const after = yield* Effect.orDie(store.find(tenant, id))
    yield* audit
      .record({
        action,
        actor,
        scope: tenant,
        record: { kind: restoreKind, id },
        before: before && auditedState(before),
        after: auditedState(after),
        runId
      })
      .pipe(Effect.orDie)
    return after
  })

  const startPreview = Effect.fnUntraced(function* (actor: Actor, { id, tenant }: RestoreOf) {
    const { tenantId } = tenant
    const { disposition, run } = yield* runs.start(actor, preview, { tenantId, input: { restore: id } })
    yield* state.preview({ tenant, id }, run.id)
    return { disposition, runId: run.id }
  })

  const plan = Effect.fn("Restores.plan")(function* (
    actor: Actor,
    tenantId: string,
    request: unknown,
    key: string | undefined
  ) {
    const tenant = yield* changing(actor, tenantId)
    const wanted = yield* Decoding.decodeInput(RestoreRequest, request)
    const ownKey = yield* requireKey(key)
    return yield* together(
      Effect.gen(function* () {
        const { known, restore } = yield* records.record(actor, tenant, wanted, ownKey)
        if (known && restore.previewRun !== null) {
          return { restore, disposition: "existing", runId: restore.previewRun } satisfies PlannedRestore
        }
        const { id } = restore
        const started = yield* startPreview(actor, { tenant, id })
        const planning = yield* record(actor, tenant, "restore.planned", { id, runId: started.runId })
        return { restore: planning, ...started } satisfies PlannedRestore
      })
    )
  })

  const planAgain = Effect.fn("Restores.planAgain")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* changing(actor, tenantId)
    return yield* together(
      Effect.gen(function* () {
        const before = yield* store.lock(tenant, id)
        if (!canTake("preview", before.state)) {
          return yield* conflict(before, `It is ${before.state}: plan another restore of the backup.`)
        }
        const started = yield* startPreview(actor, { tenant, id: before.id })
        if (started.disposition === "existing") return { restore: before, ...started } satisfies PlannedRestore
        yield* policies.forgetPlan(before.id)
        const change = { id: before.id, before, runId: started.runId }
        const restore = yield* record(actor, tenant, "restore.planned_again", change)
        return { restore, ...started } satisfies PlannedRestore
      })
    )
  })

  const start = Effect.fnUntraced(function* (actor: Actor, tenant: TenantScope, id: string, idempotencyKey: string) {
    const before = yield* store.lock(tenant, id)
    const restore = { tenant, id: before.id }
    const confirmed = yield* state.confirm(restore, actor)
    const { tenantId } = tenant
    const started = yield* runs.start(actor, execute, { tenantId, input: { restore: before.id }, idempotencyKey })
    // The same confirmation again: its run is there, whatever became of the restore.
    if (started.disposition === "existing") return started
    if (!confirmed) {
      return yield* conflict(
        before,
        `It is ${before.state}: only a restore that is planned, or whose execution has stopped, can be confirmed.`
      )
    }
    yield* state.start(restore, started.run.id)
    yield* record(actor, tenant, "restore.confirmed", { id: before.id, before, runId: started.run.id })
    return started
  })

  const confirm = Effect.fn("Restores.confirm")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: { readonly tenantName: string; readonly idempotencyKey: string | undefined }
  ) {
    const { typed } = yield* decodeTyped({ typed: given })
    const tenant = yield* changing(actor, tenantId)
    const restore = yield* store.find(tenant, id)
    const idempotencyKey = yield* requireKey(typed.idempotencyKey)
    if (typed.tenantName.trim() !== (yield* names.nameOf(tenant))) {
      return yield* Decoding.invalid("/tenantName", "This is not the tenant's name: type it exactly")
    }
    return yield* together(start(actor, tenant, restore.id, idempotencyKey)).pipe(
      // The transaction was rolled back, and with it the record of the refusal: record it again.
      Effect.tapError((problem) =>
        problem._tag === "OperationBusy"
          ? record(actor, tenant, "restore.refused_as_busy", {
              id: restore.id,
              before: restore,
              runId: RunId.make(problem.holder.id)
            })
          : Effect.void
      )
    )
  })

  /** Whether a run is active. One that retention has removed is not. */
  const isActive = (actor: Actor, runId: RunId | null) =>
    runId === null
      ? Effect.succeed(false)
      : runs.get(actor, runId).pipe(
          Effect.map(({ status }) => status !== "completed"),
          Effect.catchTag("NotFound", () => Effect.succeed(false))
        )

  const archive = Effect.fn("Restores.archive")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* changing(actor, tenantId)
    return yield* together(
      Effect.gen(function* () {
        const before = yield* store.lock(tenant, id)
        if ((yield* isActive(actor, before.previewRun)) || (yield* isActive(actor, before.executeRun))) {
          return yield* conflict(before, "A run is at work on it: cancel the run, or wait until it ends.")
        }
        if (!(yield* state.archive({ tenant, id: before.id }))) {
          return yield* conflict(before, "It is archived already.")
        }
        return yield* record(actor, tenant, "restore.archived", { id: before.id, before })
      })
    )
  })

  return { plan, planAgain, confirm, archive }
})
