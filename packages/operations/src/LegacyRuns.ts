import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema, type Statement } from "effect/sql"
import { Access } from "./Access.ts"
import type { Actor } from "./Actor.ts"
import { AuditLog } from "./AuditLog.ts"
import type { Capability } from "./Capability.ts"
import * as Problems from "./Problems.ts"
import { RunId } from "./Run.ts"
import { requireCapability } from "./RunStart.ts"
import { sanitise } from "./Sanitiser.ts"
import { isStorable } from "./StorableText.ts"

/** A table that held runs before the ledger. */
export interface LegacyKind {
  readonly table: "inventory_sync_runs" | "entra_group_sync_runs" | "backup_schedule_runs"
  readonly label: string
  /** The operation type that took its place. */
  readonly type: string
  readonly view: Capability
}

/** The tables that held runs before the ledger. */
export const legacyKinds: ReadonlyArray<LegacyKind> = [
  { table: "inventory_sync_runs", label: "Inventory sync", type: "inventory.sync", view: "tenant.inventory.view" },
  {
    table: "entra_group_sync_runs",
    label: "Groups sync",
    type: "directory_groups.sync",
    view: "tenant.directory.view"
  },
  {
    table: "backup_schedule_runs",
    label: "Scheduled backup",
    type: "backup_schedule.scheduled",
    view: "tenant.backups.view"
  }
]

/** A run from before the ledger, as its table has it. */
export interface LegacyRun {
  readonly kind: LegacyKind
  readonly id: string
  readonly tenantId: string
  /** The run that it is shown as; null where nobody mapped it. */
  readonly operationRunId: RunId | null
  /** Its other columns that are not empty, as text without secrets. */
  readonly fields: ReadonlyArray<readonly [column: string, value: string]>
}

const Row = Schema.Struct({
  id: Schema.String,
  tenantId: Schema.NullOr(Schema.String),
  operationRunId: Schema.NullOr(RunId),
  fields: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
})

const textOf = (value: unknown) => sanitise(typeof value === "string" ? value : JSON.stringify(value))

const readRow = (kind: LegacyKind, { fields, id, operationRunId, tenantId }: typeof Row.Type): LegacyRun => ({
  kind,
  id,
  tenantId: tenantId ?? "",
  operationRunId,
  fields: Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, textOf(value)] as const]))
})

/**
 * The history from before the ledger: read only, and authorised like runs. Tables that were adopted may have any columns beside
 * `id` and `tenant_id`. Database failures are defects.
 */
export class LegacyRuns extends Context.Service<
  LegacyRuns,
  {
    /** One record. Outsiders get `NotFound`, exactly as for what does not exist. */
    get(actor: Actor, kind: LegacyKind, id: string): Effect.Effect<LegacyRun, Problems.NotFound | Problems.Forbidden>
    /**
     * A tenant's records, newest first as far as they say when they began.
     *
     * @param page `before` is the id of the last record that was shown
     */
    list(
      actor: Actor,
      kind: LegacyKind,
      tenantId: string,
      page: { readonly before: string | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<LegacyRun>, Problems.NotFound | Problems.Forbidden>
  }
>()("@atlas/operations/LegacyRuns") {
  static readonly layer: Layer.Layer<LegacyRuns, never, Access | AuditLog | SqlClient.SqlClient> = Layer.effect(
    LegacyRuns,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const access = yield* Access
      const audit = yield* AuditLog

      const authorised = Effect.fnUntraced(function* (actor: Actor, kind: LegacyKind, tenantId: string) {
        const found = isStorable(tenantId) ? yield* access.tenant(actor, tenantId) : Option.none()
        if (Option.isNone(found)) return yield* new Problems.NotFound({})
        const { scope } = found.value
        yield* requireCapability(found.value, kind.view).pipe(
          Effect.tapError(({ requiredCapability: capability }) =>
            audit.forbidden({ actor, ...scope, type: kind.type, capability })
          )
        )
        return scope
      })

      const rows = (kind: LegacyKind, rest: Statement.Fragment) =>
        SqlSchema.findAll({
          Request: Schema.Void,
          Result: Row,
          execute: () => sql`
            SELECT t.id::text AS id, t.tenant_id::text AS "tenantId", t.operation_run_id::text AS "operationRunId",
              (to_jsonb(t) - '{id,tenant_id,operation_run_id}'::text[])::text AS fields
            FROM ${sql.literal(kind.table)} t ${rest}`
        })().pipe(Effect.orDie)

      // What does not exist is asked about like what does: in a tenant that nobody has.
      const nowhere = "-"

      const get = Effect.fn("LegacyRuns.get")(function* (actor: Actor, kind: LegacyKind, id: string) {
        const [row] = isStorable(id) ? yield* rows(kind, sql`WHERE t.id::text = ${id}`) : []
        const { workspaceId } = yield* authorised(actor, kind, row?.tenantId || nowhere)
        const claimed = row?.fields["workspace_id"] ?? workspaceId
        if (row === undefined || claimed !== workspaceId) return yield* new Problems.NotFound({})
        return readRow(kind, row)
      })

      const list = Effect.fn("LegacyRuns.list")(function* (
        actor: Actor,
        kind: LegacyKind,
        tenantId: string,
        { before, limit }: { readonly before: string | null; readonly limit: number }
      ) {
        const { workspaceId } = yield* authorised(actor, kind, tenantId)
        if (before !== null && !isStorable(before)) return []
        const place = (row: string) =>
          sql.literal(
            `coalesce(to_jsonb(${row}) ->> 'started_at', to_jsonb(${row}) ->> 'created_at', ''), ${row}.id::text`
          )
        const older =
          before === null
            ? sql`true`
            : sql`(${place("t")}) < (SELECT ${place("b")} FROM ${sql.literal(kind.table)} b WHERE b.id::text = ${before})`
        const found = yield* rows(
          kind,
          sql`WHERE t.tenant_id::text = ${tenantId}
            AND coalesce(to_jsonb(t) ->> 'workspace_id', ${workspaceId}) = ${workspaceId} AND ${older}
            ORDER BY (${place("t")}) DESC LIMIT ${limit}`
        )
        return found.map((row) => readRow(kind, row))
      })

      return LegacyRuns.of({ get, list })
    })
  )
}
