import {
  type Actor,
  Authorization,
  type Capability,
  decodeInput,
  isStorable,
  Problems,
  type RunId,
  Runs,
  StartGate,
  type StartProblem,
  type StartResult
} from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { Restore, RestoreItem } from "./Restore.ts"
import { makeRestoreRecords, requireKey, RestoreRequest } from "./RestoreRecords.ts"
import { canTake, makeRestoreState, type RestoreOf, type RestoreState, statesBefore } from "./RestoreState.ts"
import { confirmedGate, execute, plannedGate, preview, RestoreId } from "./RestoreTypes.ts"
import { TenantNames } from "./TenantNames.ts"

/** The right to plan, confirm and execute restores. */
export const restorePolicies: Capability = execute.capabilities.start

/** The right to see restores; every role should have it. */
export const viewRestores: Capability = preview.capabilities.view

type Refused = Problems.Refusal

/** A restore whose plan was asked for. */
export interface PlannedRestore {
  readonly restore: Restore
  /** `existing`: the same request was made before, or a preview is at work already. `blocked`: somebody must act first. */
  readonly disposition: StartResult["disposition"]
  /** The preview: the run that makes the plan. */
  readonly runId: RunId
}

/** How many policies of a restore have come to what. */
export interface RestoreTally {
  readonly action: RestoreItem["action"]
  readonly result: RestoreItem["result"]
  readonly count: number
}

/** A restore is not in a state in which that can be done. */
export class RestoreConflict extends HttpApiError.Problem<RestoreConflict>()(
  "RestoreConflict",
  {
    type: "urn:atlas:problem:restore-conflict",
    status: 409,
    title: "The restore is not in a state that allows this."
  },
  { restoreState: Schema.String }
) {}

const gateOf = (name: string, states: ReadonlyArray<RestoreState>): StartGate.StartGate<SqlClient.SqlClient> =>
  StartGate.make(
    name,
    Effect.fnUntraced(function* ({ input, scope }) {
      const sql = yield* SqlClient.SqlClient
      const { restore } = input as { readonly restore: string }
      const [row] = yield* sql<{ state: RestoreState }>`
        SELECT state FROM restores WHERE id = ${restore}::uuid AND workspace_id = ${scope.workspaceId}
          AND tenant_id = ${scope.tenantId}`.pipe(Effect.orDie)
      if (row === undefined) return StartGate.blocked("ext.restore.missing", "The tenant has no such restore.")
      return states.includes(row.state)
        ? StartGate.open
        : StartGate.blocked(`ext.restore.is_${row.state}`, `The restore is ${row.state}: plan another one.`)
    })
  )

/** Restores for people. Outsiders get `NotFound`, members without the capability get `Forbidden`, naming it. */
export class Restores extends Context.Service<
  Restores,
  {
    /** The newest restores of a tenant, or of one of its backups. `limit` is 1 to 200. */
    list(
      actor: Actor,
      tenantId: string,
      page: { readonly backup?: string; readonly before: string | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<Restore>, Refused>
    get(actor: Actor, tenantId: string, id: string): Effect.Effect<Restore, Refused>
    /** Its policies, by collection and id, after the last one that was shown. `limit` is 1 to 500. */
    items(
      actor: Actor,
      tenantId: string,
      id: string,
      page: { readonly after: Pick<RestoreItem, "id" | "source"> | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<RestoreItem>, Refused>
    tally(actor: Actor, tenantId: string, id: string): Effect.Effect<ReadonlyArray<RestoreTally>, Refused>
    /**
     * Begins a restore with its preview: a run that reads, and changes nothing. Both are recorded, or neither is.
     *
     * @param request a `RestoreRequest`; untrusted
     * @param key the caller's own key of this request: the same key and request are the same restore
     */
    plan(
      actor: Actor,
      tenantId: string,
      request: unknown,
      key: string | undefined
    ): Effect.Effect<PlannedRestore, StartProblem>
    /**
     * Starts another preview of a restore whose preview has ended without a plan. It compares everything again. While a preview
     * is at work, that one is answered. `RestoreConflict` for a restore that is planned already, or archived.
     */
    planAgain(actor: Actor, tenantId: string, id: string): Effect.Effect<PlannedRestore, StartProblem | RestoreConflict>
    /**
     * Confirms what was planned, by typing the tenant's name, and starts it: both or neither. One whose execution has stopped is
     * confirmed again, and goes on. `RestoreConflict` where it is not planned, or is over.
     *
     * @param nonce the caller's own key of this confirmation
     */
    confirm(
      actor: Actor,
      tenantId: string,
      id: string,
      typed: { readonly tenantName: string; readonly nonce: string | undefined }
    ): Effect.Effect<StartResult, StartProblem | RestoreConflict>
    /** Archives a restore: nobody can execute it any more. `RestoreConflict` while a run is at work on it, and if it is archived. */
    archive(actor: Actor, tenantId: string, id: string): Effect.Effect<Restore, Refused | RestoreConflict>
  }
>()("@atlas/intune/Restores") {
  static readonly layer: Layer.Layer<Restores, never, Authorization | Runs | SqlClient.SqlClient | TenantNames> = Layer.effect(
    Restores,
    Effect.suspend(() => make)
  )

  /** Open while the restore that a preview names is to be planned. */
  static readonly planned: StartGate.StartGate<SqlClient.SqlClient> = gateOf(plannedGate, statesBefore("preview"))

  /** Open while the restore that an execution names is confirmed, and not over. */
  static readonly confirmed: StartGate.StartGate<SqlClient.SqlClient> = gateOf(confirmedGate, statesBefore("start"))
}

const isId = Schema.is(RestoreId)
const decodeItems = Schema.decodeUnknownEffect(Schema.Array(RestoreItem))

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization
  const runs = yield* Runs
  const names = yield* TenantNames
  const records = yield* makeRestoreRecords
  const state = yield* makeRestoreState
  const itemColumns = sql.literal(`source, id, type, title, action, reason, difference, seen_id AS "seenId", result,
    result_id AS "resultId", result_message AS "resultMessage"`)

  /** All of it is committed, or, where it fails, nothing. */
  const together = <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.catchTag(sql.withTransaction(work), "SqlError", Effect.die)

  // Whoever changes a restore is answered with it: that takes the right to see it, too.
  const authorizeChange = (actor: Actor, tenantId: string) =>
    Effect.andThen(door.tenant(actor, tenantId, restorePolicies, "restore"), door.tenant(actor, tenantId, viewRestores, "restore"))

  const conflict = (restore: Restore, detail: string) => new RestoreConflict({ restoreState: restore.state, detail })

  const list = Effect.fn("Restores.list")(function* (
    actor: Actor,
    tenantId: string,
    { backup, before, limit }: { readonly backup?: string; readonly before: string | null; readonly limit: number }
  ) {
    const tenant = yield* door.tenant(actor, tenantId, viewRestores, "restore")
    if (![before, backup].every((id) => id === null || id === undefined || isId(id))) return []
    return yield* records.list(tenant, { backup: backup ?? null, before, limit: Math.min(Math.max(limit, 1), 200) })
  })

  const get = Effect.fn("Restores.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* records.find(yield* door.tenant(actor, tenantId, viewRestores, "restore"), id)
  })

  const items = Effect.fn("Restores.items")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    { after, limit }: { readonly after: Pick<RestoreItem, "id" | "source"> | null; readonly limit: number }
  ) {
    const restore = yield* get(actor, tenantId, id)
    if (after !== null && ![after.source, after.id].every(isStorable)) return []
    const later = after === null ? sql`true` : sql`(source, id) > (${after.source}, ${after.id})`
    const rows = sql`
      SELECT ${itemColumns} FROM restore_items WHERE restore_id = ${restore.id}::uuid AND ${later}
      ORDER BY source, id LIMIT ${Math.min(Math.max(limit, 1), 500)}`
    return yield* Effect.orDie(Effect.flatMap(rows, decodeItems))
  })

  const tally = Effect.fn("Restores.tally")(function* (actor: Actor, tenantId: string, id: string) {
    const restore = yield* get(actor, tenantId, id)
    return yield* Effect.orDie(sql<RestoreTally>`
      SELECT action, result, count(*)::int AS count FROM restore_items WHERE restore_id = ${restore.id}::uuid
      GROUP BY action, result ORDER BY action, result`)
  })

  const plan = Effect.fn("Restores.plan")(function* (
    actor: Actor,
    tenantId: string,
    request: unknown,
    key: string | undefined
  ) {
    const tenant = yield* authorizeChange(actor, tenantId)
    const wanted = yield* decodeInput(RestoreRequest, request)
    const ownKey = yield* requireKey(key)
    return yield* together(
      Effect.gen(function* () {
        const { known, restore } = yield* records.record(actor, tenant, wanted, ownKey)
        if (known && restore.previewRun !== null) {
          return { restore, disposition: "existing", runId: restore.previewRun } satisfies PlannedRestore
        }
        return yield* startPreview(actor, { tenant, id: restore.id })
      })
    )
  })

  const startPreview = Effect.fnUntraced(function* (actor: Actor, { id, tenant }: RestoreOf) {
    const { tenantId } = tenant
    const { disposition, run } = yield* runs.start(actor, { tenantId, type: preview.name, input: { restore: id } })
    yield* state.preview({ tenant, id }, run.id)
    const restore = yield* records.find(tenant, id)
    return { restore, disposition, runId: run.id } satisfies PlannedRestore
  })

  const planAgain = Effect.fn("Restores.planAgain")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* authorizeChange(actor, tenantId)
    return yield* together(
      Effect.gen(function* () {
        const restore = yield* records.lock(tenant, id)
        if (!canTake("preview", restore.state)) {
          return yield* conflict(restore, `It is ${restore.state}: plan another restore of the backup.`)
        }
        const planned = yield* startPreview(actor, { tenant, id: restore.id })
        if (planned.disposition !== "existing") yield* records.forgetPlan(restore.id)
        return planned
      })
    )
  })

  const confirm = Effect.fn("Restores.confirm")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    typed: { readonly tenantName: string; readonly nonce: string | undefined }
  ) {
    const tenant = yield* authorizeChange(actor, tenantId)
    const found = yield* records.find(tenant, id)
    const nonce = yield* requireKey(typed.nonce)
    if (typed.tenantName.trim() !== (yield* names.nameOf(tenant))) {
      const detail = "This is not the name of the tenant"
      return yield* new Problems.InvalidInput({ errors: [{ pointer: "/tenantName", detail }] })
    }
    return yield* together(
      Effect.gen(function* () {
        const restore = yield* records.lock(tenant, found.id)
        const confirmed = yield* state.confirm({ tenant, id: restore.id }, actor)
        const started = yield* runs.start(actor, {
          tenantId,
          type: execute.name,
          input: { restore: restore.id },
          nonce
        })
        // The same confirmation, made again: its run is there, whatever has become of the restore.
        if (started.disposition === "existing") return started
        if (!confirmed) {
          const detail = `It is ${restore.state}: only a planned restore can be confirmed, and once.`
          return yield* conflict(restore, detail)
        }
        yield* state.start({ tenant, id: restore.id }, started.run.id)
        return started
      })
    )
  })

  /** Whether a run of a restore may still be at work. One that retention has removed is not. */
  const isActive = (actor: Actor, runId: RunId | null) =>
    runId === null
      ? Effect.succeed(false)
      : runs.get(actor, runId).pipe(
          Effect.map(({ status }) => status !== "completed"),
          Effect.catchTag("NotFound", () => Effect.succeed(false))
        )

  const archive = Effect.fn("Restores.archive")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* authorizeChange(actor, tenantId)
    return yield* together(
      Effect.gen(function* () {
        const restore = yield* records.lock(tenant, id)
        if ((yield* isActive(actor, restore.previewRun)) || (yield* isActive(actor, restore.executeRun))) {
          return yield* conflict(restore, "A run is at work on it: cancel the run, or wait until it ends.")
        }
        if (!(yield* state.archive({ tenant, id: restore.id }))) {
          return yield* conflict(restore, "It is archived already.")
        }
        return yield* records.find(tenant, restore.id)
      })
    )
  })

  return Restores.of({ list, get, items, tally, plan, planAgain, confirm, archive })
})
