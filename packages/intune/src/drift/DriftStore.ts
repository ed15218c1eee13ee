/**
 * The statements that read the stored states of a tenant, and store how two of them differ. It authorises nobody: `PolicyDrift`
 * does, and the handler of `DriftCompare` acts for a run. Database failures are defects.
 *
 * @module
 */

import type { RunId, TenantScope } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { ReferenceKind } from "../policies/references/Reference.ts"
import { DriftItem } from "./DriftItem.ts"

/** A policy in one of the states. */
export interface StatePolicy {
  readonly id: string
  readonly type: string | null
  readonly title: string
  readonly odataType: string | null
  readonly foldedTitle: string
  readonly contentHash: string
  readonly assignmentsHash: string | null
}

const decode = Schema.decodeUnknownEffect(Schema.Array(DriftItem))

/** Makes the statements. */
export const makeDriftStore = Effect.map(SqlClient.SqlClient, (sql) => {
  const columns = sql.literal(`id, type, title, odata_type AS "odataType", folded_title AS "foldedTitle",
    encode(content_hash, 'hex') AS "contentHash", encode(assignments_hash, 'hex') AS "assignmentsHash"`)
  const tenantIs = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`

  /** Whether the tenant has a backup that has not expired. */
  const hasBackup = Effect.fn("DriftStore.hasBackup")(function* (tenant: TenantScope, backup: string) {
    const rows = yield* sql`
      SELECT FROM backup_sets WHERE id = ${backup}::uuid AND ${tenantIs(tenant)} AND state IN ('complete', 'partial')`
    return rows.length > 0
  }, Effect.orDie)

  /** Whether a backup was imported, and may be of another tenant. */
  const isImported = Effect.fn("DriftStore.isImported")(function* (tenant: TenantScope, backup: string) {
    const rows = yield* sql`
      SELECT FROM backup_sets WHERE id = ${backup}::uuid AND ${tenantIs(tenant)} AND origin = 'import'`
    return rows.length > 0
  }, Effect.orDie)

  /** The collections that were copied completely at least once. */
  const inventorySources = Effect.fn("DriftStore.inventorySources")(
    (tenant: TenantScope) => sql<{ name: string }>`
      SELECT collection AS name FROM inventory_sources WHERE ${tenantIs(tenant)} AND completed_at IS NOT NULL`,
    Effect.orDie,
    Effect.map((rows) => rows.map(({ name }) => name))
  )

  /**
   * Those of some collections that a backup has. A run that makes a backup notes each collection that it has read, also an
   * empty one; imports and restores have the collections of their policies.
   *
   * @param sources with their labels, by which a backup names what it is missing
   */
  const backupSources = Effect.fn("DriftStore.backupSources")(
    (tenant: TenantScope, backup: string, sources: ReadonlyArray<readonly [name: string, label: string]>) => {
      const [names, labels] = [sources.map(([name]) => name), sources.map(([, label]) => label)]
      return sql<{ name: string }>`
        SELECT s.name FROM backup_sets b, unnest(${names}::text[], ${labels}::text[]) AS s (name, label)
        WHERE b.id = ${backup}::uuid AND b.workspace_id = ${tenant.workspaceId} AND b.tenant_id = ${tenant.tenantId}
          AND (EXISTS (SELECT FROM backup_items i WHERE i.set_id = b.id AND i.source = s.name)
            OR s.name = ANY(b.sources_done)
              AND NOT b.missing @> jsonb_build_array(jsonb_build_object('label', s.label, 'policy', NULL)))`
    },
    Effect.orDie,
    Effect.map((rows) => rows.map(({ name }) => name))
  )

  /** A collection as the last sync saw it. */
  const listInventory = Effect.fn("DriftStore.listInventory")(
    (tenant: TenantScope, source: string) => sql<StatePolicy>`
      SELECT ${columns} FROM policies WHERE ${tenantIs(tenant)} AND source = ${source} AND removed_at IS NULL`,
    Effect.orDie
  )

  /** A collection as a backup has it. */
  const listBackup = Effect.fn("DriftStore.listBackup")(
    (tenant: TenantScope, source: string, backup: string) => sql<StatePolicy>`
      SELECT ${columns} FROM backup_items WHERE ${tenantIs(tenant)} AND source = ${source} AND set_id = ${backup}::uuid`,
    Effect.orDie
  )

  /** The policies that a backup lacks, since Graph could not give them when it was made. */
  const listUnread = Effect.fn("DriftStore.listUnread")(
    (tenant: TenantScope, backup: string) => sql<{ id: string }>`
      SELECT m -> 'policy' ->> 'id' AS id FROM backup_sets, jsonb_array_elements(missing) AS m
      WHERE id = ${backup}::uuid AND ${tenantIs(tenant)} AND m -> 'policy' ->> 'id' IS NOT NULL`,
    Effect.orDie,
    Effect.map((rows) => rows.map(({ id }) => id))
  )

  /** What policies of the inventory refer to, and have a name in the inventory. */
  const listReferred = Effect.fn("DriftStore.listReferred")(
    (tenant: TenantScope) => sql<{ kind: ReferenceKind; id: string; name: string }>`
      SELECT CASE source WHEN 'assignment_filters' THEN 'assignment_filter' WHEN 'scope_tags' THEN 'scope_tag'
        ELSE 'named_location' END AS kind, id, title AS name
      FROM policies WHERE ${tenantIs(tenant)} AND source IN ('assignment_filters', 'scope_tags', 'named_locations')`,
    Effect.orDie
  )

  /** Deletes the differences of a collection that an earlier attempt of the run stored. */
  const restart = Effect.fn("DriftStore.restart")(
    (run: RunId, source: string) => sql`DELETE FROM policy_drift WHERE run_id = ${run}::uuid AND source = ${source}`,
    Effect.orDie,
    Effect.asVoid
  )

  /** Adds differences of a collection. */
  const add = Effect.fn("DriftStore.add")(
    (run: RunId, tenant: TenantScope, source: string, items: ReadonlyArray<Omit<DriftItem, "source">>) => sql`
      INSERT INTO policy_drift (run_id, source, id, workspace_id, tenant_id, type, title, change, difference)
      SELECT ${run}::uuid, ${source}, id, ${tenant.workspaceId}, ${tenant.tenantId}, type, title, change, difference
      FROM json_to_recordset(${JSON.stringify(items)}::json)
        AS d(id text, type text, title text, change text, difference jsonb)`,
    Effect.orDie,
    Effect.asVoid
  )

  /** The differences of a run by collection and id, after the last one that was shown. */
  const list = Effect.fn("DriftStore.list")(function* (
    run: RunId,
    after: Pick<DriftItem, "id" | "source"> | null,
    limit: number
  ) {
    const later = after === null ? sql`true` : sql`(source, id) > (${after.source}, ${after.id})`
    return yield* decode(
      yield* sql`
        SELECT source, id, type, title, change, difference FROM policy_drift
        WHERE run_id = ${run}::uuid AND ${later} ORDER BY source, id LIMIT ${limit}`
    )
  }, Effect.orDie)

  return {
    hasBackup,
    isImported,
    inventorySources,
    backupSources,
    listInventory,
    listBackup,
    listUnread,
    listReferred,
    restart,
    add,
    list
  }
})
