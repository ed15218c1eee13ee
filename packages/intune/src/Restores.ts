import {
  type Actor,
  Authorization,
  type Capability,
  decodeInput,
  encodeActor,
  isStorable,
  Problems,
  Runs,
  StartGate,
  type StartProblem,
  type StartResult,
  type TenantScope
} from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpApiError } from "effect/http-api"
import { SqlClient, type SqlError } from "effect/sql"
import { BackupId } from "./BackupSet.ts"
import { Restore, RestoreItem } from "./Restore.ts"
import { confirmedGate, execute, plannedGate, preview, RestoreId } from "./RestoreTypes.ts"
import { TenantNames } from "./TenantNames.ts"
import { viewBackups } from "./BackupSchedules.ts"

/** The right to plan, confirm and execute restores. */
export const restorePolicies: Capability = execute.capabilities.start

/** What a person wants to have restored. */
export const RestoreRequest = Schema.Struct({
  backup: BackupId,
  /** Policies of the backup; null for all. */
  items: Schema.NullOr(
    Schema.Array(Schema.Struct({ source: Schema.String, id: Schema.String })).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(10_000)
    )
  ),
  /** Whether they are assigned as the backup says, too. */
  withAssignments: Schema.Boolean
})

type Refused = Problems.Refusal

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

const gateOf = (name: string, states: ReadonlyArray<string>): StartGate.StartGate<SqlClient.SqlClient> =>
  StartGate.make(
    name,
    Effect.fnUntraced(function* ({ input, scope }) {
      const sql = yield* SqlClient.SqlClient
      const { restore } = input as { readonly restore: string }
      const [row] = yield* sql<{ state: string }>`
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
    /** Begins a restore with its preview: a run that reads, and changes nothing. */
    plan(
      actor: Actor,
      tenantId: string,
      request: unknown
    ): Effect.Effect<{ readonly restore: Restore; readonly started: StartResult }, StartProblem>
    /**
     * Confirms what was planned, by typing the tenant's name, and starts it. `RestoreConflict` where it is not planned, or is over.
     *
     * @param nonce the caller's own key of this confirmation
     */
    confirm(
      actor: Actor,
      tenantId: string,
      id: string,
      typed: { readonly tenantName: string; readonly nonce: string | undefined }
    ): Effect.Effect<StartResult, StartProblem | RestoreConflict>
    /** Puts a restore away: it cannot be run any more. One that is at work is a `RestoreConflict`. */
    archive(actor: Actor, tenantId: string, id: string): Effect.Effect<Restore, Refused | RestoreConflict>
  }
>()("@atlas/intune/Restores") {
  static readonly layer: Layer.Layer<Restores, never, Authorization | Runs | SqlClient.SqlClient | TenantNames> =
    Layer.effect(
      Restores,
      Effect.suspend(() => make)
    )

  /** Open while the restore that a preview names is to be planned. */
  static readonly planned: StartGate.StartGate<SqlClient.SqlClient> = gateOf(plannedGate, ["planning"])

  /** Open while the restore that an execution names is confirmed, and not over. */
  static readonly confirmed: StartGate.StartGate<SqlClient.SqlClient> = gateOf(confirmedGate, ["confirmed", "running"])
}

const columns = `id::text, set_id::text AS "backupId", with_assignments AS "withAssignments", state,
  preview_run::text AS "previewRun", execute_run::text AS "executeRun", safety_set::text AS "safetyBackupId",
  created_by AS "createdBy", confirmed_by AS "confirmedBy", created_at AS "createdAt", planned_at AS "plannedAt",
  confirmed_at AS "confirmedAt", done_at AS "doneAt"`
const itemColumns = `source, id, type, title, action, reason, difference, seen_id AS "seenId", result,
  result_id AS "resultId", result_message AS "resultMessage"`

const isId = Schema.is(RestoreId)
const decode = Schema.decodeUnknownEffect(Schema.Array(Restore))
const decodeItems = Schema.decodeUnknownEffect(Schema.Array(RestoreItem))

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization
  const runs = yield* Runs
  const names = yield* TenantNames
  const selected = sql.literal(columns)

  const rowsOf = <A>(rows: Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>) => Effect.orDie(rows)
  const tenantIs = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  const one = (tenant: TenantScope, id: string) => sql`${tenantIs(tenant)} AND id = ${id}::uuid`

  const find = Effect.fnUntraced(function* (tenant: TenantScope, id: string) {
    const rows = isId(id) ? yield* rowsOf(sql`SELECT ${selected} FROM restores WHERE ${one(tenant, id)}`) : []
    const [restore] = yield* Effect.orDie(decode(rows))
    return restore ?? (yield* new Problems.NotFound({}))
  })

  const list = Effect.fn("Restores.list")(function* (
    actor: Actor,
    tenantId: string,
    { backup, before, limit }: { readonly backup?: string; readonly before: string | null; readonly limit: number }
  ) {
    const tenant = yield* door.tenant(actor, tenantId, viewBackups, "restore")
    if (![before, backup].every((id) => id === null || id === undefined || isId(id))) return []
    const ofBackup = backup === undefined ? sql`true` : sql`set_id = ${backup}::uuid`
    const older = before === null ? sql`true` : sql`id < ${before}::uuid`
    const rows = sql`
      SELECT ${selected} FROM restores WHERE ${tenantIs(tenant)} AND ${ofBackup} AND ${older} ORDER BY id DESC
      LIMIT ${Math.min(Math.max(limit, 1), 200)}`
    return yield* Effect.orDie(decode(yield* rowsOf(rows)))
  })

  const get = Effect.fn("Restores.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* find(yield* door.tenant(actor, tenantId, viewBackups, "restore"), id)
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
      SELECT ${sql.literal(itemColumns)} FROM restore_items WHERE restore_id = ${restore.id}::uuid AND ${later}
      ORDER BY source, id LIMIT ${Math.min(Math.max(limit, 1), 500)}`
    return yield* Effect.orDie(decodeItems(yield* rowsOf(rows)))
  })

  const tally = Effect.fn("Restores.tally")(function* (actor: Actor, tenantId: string, id: string) {
    const restore = yield* get(actor, tenantId, id)
    return yield* rowsOf(sql<RestoreTally>`
      SELECT action, result, count(*)::int AS count FROM restore_items WHERE restore_id = ${restore.id}::uuid
      GROUP BY action, result ORDER BY action, result`)
  })

  const record = Effect.fnUntraced(
    function* (
      actor: Actor,
      tenant: TenantScope,
      { backup, items: wanted, withAssignments }: typeof RestoreRequest.Type
    ) {
      const id = SecureRandom.uuidV7Unsafe()
      const chosen =
        wanted === null
          ? sql`true`
          : sql`(b.source, b.id) IN (SELECT w.source, w.id
            FROM json_to_recordset(${JSON.stringify(wanted)}::json) AS w(source text, id text))`
      const [row] = yield* rowsOf(sql<{ made: boolean; items: number }>`
      WITH backup AS (
        SELECT id FROM backup_sets WHERE ${tenantIs(tenant)} AND id = ${backup}::uuid AND state IN ('complete', 'partial')
      ), made AS (
        INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, created_by)
        SELECT ${id}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, id, ${withAssignments}, ${encodeActor(actor)}::jsonb
        FROM backup RETURNING id
      ), listed AS (
        INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, type, title, content_hash,
          assignments_hash)
        SELECT ${id}::uuid, b.source, b.id, b.workspace_id, b.tenant_id, b.type, b.title, b.content_hash,
          b.assignments_hash
        FROM backup_items b JOIN backup ON b.set_id = backup.id WHERE ${chosen} RETURNING true
      )
      SELECT EXISTS (SELECT FROM made) AS made, (SELECT count(*)::int FROM listed) AS items`)
      if (row?.made !== true) {
        const detail = "The tenant has no such backup, or it has expired"
        return yield* new Problems.InvalidInput({ errors: [{ pointer: "/backup", detail }] })
      }
      if (row.items < (wanted?.length ?? 1)) {
        const detail = "The backup does not have all of them"
        return yield* new Problems.InvalidInput({ errors: [{ pointer: "/items", detail }] })
      }
      return id
    },
    sql.withTransaction,
    Effect.catchTag("SqlError", Effect.die)
  )

  const plan = Effect.fn("Restores.plan")(function* (actor: Actor, tenantId: string, request: unknown) {
    const tenant = yield* door.tenant(actor, tenantId, restorePolicies, "restore")
    const id = yield* record(actor, tenant, yield* decodeInput(RestoreRequest, request))
    const started = yield* runs.start(actor, { tenantId, type: preview.name, input: { restore: id } })
    yield* rowsOf(sql`
      UPDATE restores SET preview_run = ${started.run.id}::uuid WHERE ${one(tenant, id)} AND state IN ('planning', 'planned')`)
    return { restore: yield* find(tenant, id), started }
  })

  const confirm = Effect.fn("Restores.confirm")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    typed: { readonly tenantName: string; readonly nonce: string | undefined }
  ) {
    const tenant = yield* door.tenant(actor, tenantId, restorePolicies, "restore")
    const restore = yield* find(tenant, id)
    // Nothing is confirmed that could not be started.
    if (typed.nonce === undefined || typed.nonce === "") return yield* new Problems.IdempotencyKeyRequired({})
    if (typed.tenantName.trim() !== (yield* names.nameOf(tenant))) {
      const detail = "This is not the name of the tenant"
      return yield* new Problems.InvalidInput({ errors: [{ pointer: "/tenantName", detail }] })
    }
    const confirmed = yield* rowsOf(sql`
      UPDATE restores SET state = CASE state WHEN 'planned' THEN 'confirmed' ELSE state END,
        confirmed_by = coalesce(confirmed_by, ${encodeActor(actor)}::jsonb), confirmed_at = coalesce(confirmed_at, now())
      WHERE ${one(tenant, id)} AND state IN ('planned', 'confirmed', 'running') RETURNING id`)
    if (confirmed.length === 0) {
      const detail = `It is ${restore.state}: only a planned restore can be confirmed, and once.`
      return yield* new RestoreConflict({ restoreState: restore.state, detail })
    }
    const started = yield* runs.start(actor, {
      tenantId,
      type: execute.name,
      input: { restore: id },
      nonce: typed.nonce
    })
    yield* rowsOf(sql`
      UPDATE restores SET execute_run = ${started.run.id}::uuid
      WHERE ${one(tenant, id)} AND state IN ('confirmed', 'running') AND ${started.disposition !== "blocked"}`)
    return started
  })

  const archive = Effect.fn("Restores.archive")(function* (actor: Actor, tenantId: string, id: string) {
    const tenant = yield* door.tenant(actor, tenantId, restorePolicies, "restore")
    const restore = yield* find(tenant, id)
    const rows = yield* rowsOf(sql`
      UPDATE restores SET state = 'archived' WHERE ${one(tenant, id)} AND state NOT IN ('confirmed', 'running', 'archived')
      RETURNING ${selected}`)
    const [archived] = yield* Effect.orDie(decode(rows))
    if (archived !== undefined) return archived
    return yield* new RestoreConflict({ restoreState: restore.state, detail: `It is ${restore.state}.` })
  })

  return Restores.of({ list, get, items, tally, plan, confirm, archive })
})
