/**
 * The history from before the ledger, read-only. The service authorises every call by the capability that the table's operation
 * takes, as for runs. Hosts call it to show old records; the console's part `legacy` does.
 *
 * @module
 */

import { type Actor, Authorization, Decoding, Problems, Redaction, RunId, Storable } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, SqlSchema, type Statement } from "effect/sql"
import { type LegacyKind, legacyKinds, LegacyTable } from "./LegacyKind.ts"

/** A record of an old table. */
export interface LegacyRun {
  readonly kind: LegacyKind
  readonly id: string
  readonly tenantId: string
  /** The run that it is shown as; null if it is not mapped. */
  readonly operationRunId: RunId | null
  /** Its other columns that are not empty, as text from which secrets are redacted. */
  readonly fields: ReadonlyArray<readonly [column: string, value: string]>
}

const Row = Schema.Struct({
  id: Schema.String,
  tenantId: Schema.NullOr(Schema.String),
  operationRunId: Schema.NullOr(RunId),
  fields: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
})

const textOf = (value: unknown) => Redaction.redact(typeof value === "string" ? value : JSON.stringify(value))

const readRow = (kind: LegacyKind, { fields, id, operationRunId, tenantId }: typeof Row.Type): LegacyRun => ({
  kind,
  id,
  tenantId: tenantId ?? "",
  operationRunId,
  fields: Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, textOf(value)] as const]))
})

/**
 * Reads old records. Adopted tables may have any columns besides `id` and `tenant_id`. Database failures are defects.
 *
 * @example
 * ```ts
 * const host = (url: Redacted.Redacted) =>
 *   LegacyRuns.layer.pipe(
 *     Layer.provideMerge(Operations.layer()),
 *     Layer.provide(access),
 *     Layer.provideMerge(Pg.layer({ url }, LegacyMigrations.run))
 *   )
 * ```
 */
export class LegacyRuns extends Context.Service<
  LegacyRuns,
  {
    /** One record. Outsiders get `NotFound`, exactly as for a record that does not exist. */
    get(actor: Actor, table: LegacyTable, id: string): Effect.Effect<LegacyRun, Problems.Refusal>
    /**
     * A tenant's records, newest first if they say when they began.
     *
     * @param page `before` is the id of the last record that was shown; `limit` is 1 to 200
     */
    list(
      actor: Actor,
      table: LegacyTable,
      tenantId: string,
      page: { readonly before: string | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<LegacyRun>, Problems.Refusal>
  }
>()("@atlas/legacy/LegacyRuns") {
  static readonly layer: Layer.Layer<LegacyRuns, never, Authorization | SqlClient.SqlClient> = Layer.effect(
    LegacyRuns,
    Effect.suspend(() => make)
  )
}

const decodeGet = Decoding.argumentsOf(
  Schema.Struct({ actor: Decoding.GivenActor, table: LegacyTable, id: Schema.String })
)
const decodeList = Decoding.argumentsOf(
  Schema.Struct({
    actor: Decoding.GivenActor,
    table: LegacyTable,
    tenantId: Schema.String,
    page: Schema.Struct({
      before: Schema.NullOr(Schema.String),
      limit: Decoding.pageLimit(200)
    })
  })
)

// Stands for the tenant of a record that does not exist, so that both are refused alike.
const nowhere = "-"

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const door = yield* Authorization

  const kindOf = (table: LegacyTable) =>
    Effect.orDie(Effect.fromNullishOr(legacyKinds.find((kind) => kind.table === table)))

  const rows = ({ table }: LegacyKind, rest: Statement.Fragment) =>
    SqlSchema.findAll({
      Request: Schema.Void,
      Result: Row,
      execute: () => sql`
        SELECT t.id::text AS id, t.tenant_id::text AS "tenantId", t.operation_run_id::text AS "operationRunId",
          (to_jsonb(t) - '{id,tenant_id,operation_run_id}'::text[])::text AS fields
        FROM ${sql(table)} t ${rest}`
    })().pipe(Effect.orDie)

  const get = Effect.fn("LegacyRuns.get")(function* (givenActor: Actor, givenTable: LegacyTable, givenId: string) {
    const { actor, id, table } = yield* decodeGet({ actor: givenActor, table: givenTable, id: givenId })
    const kind = yield* kindOf(table)
    const [row] = Storable.is(id) ? yield* rows(kind, sql`WHERE t.id::text = ${id}`) : []
    const { workspaceId } = yield* door.tenant(actor, row?.tenantId || nowhere, kind.view, kind.type)
    const claimed = row?.fields["workspace_id"] ?? workspaceId
    if (row === undefined || claimed !== workspaceId) return yield* new Problems.NotFound({})
    return readRow(kind, row)
  })

  // Adopted tables may lack the columns that say when a record began.
  const place = (row: Statement.Fragment) =>
    sql`coalesce(to_jsonb(${row}) ->> 'started_at', to_jsonb(${row}) ->> 'created_at', ''), ${row}.id::text`
  const [t, b] = [sql.literal("t"), sql.literal("b")]

  const list = Effect.fn("LegacyRuns.list")(function* (
    givenActor: Actor,
    givenTable: LegacyTable,
    givenTenant: string,
    givenPage: { readonly before: string | null; readonly limit: number }
  ) {
    const given = { actor: givenActor, table: givenTable, tenantId: givenTenant, page: givenPage }
    const { actor, page, table, tenantId } = yield* decodeList(given)
    const kind = yield* kindOf(table)
    const { workspaceId } = yield* door.tenant(actor, tenantId, kind.view, kind.type)
    const { before, limit } = page
    if (before !== null && !Storable.is(before)) return []
    const older =
      before === null
        ? sql`true`
        : sql`(${place(t)}) < (SELECT ${place(b)} FROM ${sql(table)} b WHERE b.id::text = ${before})`
    const found = yield* rows(
      kind,
      sql`WHERE t.tenant_id::text = ${tenantId}
        AND coalesce(to_jsonb(t) ->> 'workspace_id', ${workspaceId}) = ${workspaceId} AND ${older}
        ORDER BY (${place(t)}) DESC LIMIT ${limit}`
    )
    return found.map((row) => readRow(kind, row))
  })

  return LegacyRuns.of({ get, list })
})
