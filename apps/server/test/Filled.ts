import { createHash } from "node:crypto"
import { DirectoryCache } from "@atlas/directory/testing"
import { PolicyStore } from "@atlas/intune/testing"
import { RunId, TenantId, WorkspaceId } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const tenant = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }
const owner = { tenant, run: RunId.make("01920000-0000-7000-8000-000000000000") }

/** The records that are made. */
export const scheduleId = "01920000-0000-7000-8000-000000000001"
export const restoreId = "01920000-0000-7000-8000-000000000003"
export const backupId = "01920000-0000-7000-8000-000000000002"

/** A cache as syncs leave it, with something removed. */
export const fill = Effect.gen(function* () {
  const { groups, roleDefinitions } = yield* DirectoryCache
  const proof = { expected: null, share: 0, confirmed: 0 }
  for (const collection of [groups, roleDefinitions]) {
    const set = (name: string) => ({ display_name: name, folded_name: name.toLowerCase() })
    yield* collection.begin(owner, "full")
    const changes = Array.from({ length: 45 }, (_, n) => ({ id: `id-${n}`, set: set(`Finance ${n}`) }))
    yield* collection.storePage(owner, { changes, cursor: null, isLast: true })
    yield* collection.complete(owner, proof, null)
    // Withheld: nothing may vanish.
    yield* collection.begin(owner, "changes")
    yield* collection.storePage(owner, {
      changes: [{ id: "id-1", removal: "purged" }],
      cursor: null,
      isLast: true
    })
    yield* collection.complete(owner, proof, null)
  }
})

/** An inventory as a sync leaves it. */
export const fillInventory = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const store = yield* PolicyStore
  const text = `{"displayName":"Default"}`
  const hash = createHash("sha256").update(text).digest("hex")
  yield* store.put(tenant, [{ text, hash, secrets: new Map() }])
  yield* sql`
    INSERT INTO policies (workspace_id, tenant_id, source, id, type, title, folded_title, scope_tags, content_hash, seen_run,
      seen_round)
    VALUES (${tenant.workspaceId}, ${tenant.tenantId}, 'scope_tags', '0', 'scope_tags', 'Default', 'default', '{}',
      decode(${hash}, 'hex'), ${owner.run}::uuid, 1)`
  yield* sql`
    INSERT INTO backup_schedules (id, workspace_id, tenant_id, name, cron, time_zone, skipped_time, repeated_time, missed,
      missed_limit, created_by)
    VALUES (${scheduleId}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, 'Nightly', '0 2 * * *', 'UTC', 'later', 'earlier',
      'once', 3, '{"id":"someone","kind":"user","name":"Someone"}')`
  yield* sql`
    INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, schedule_id, run_id, name)
    VALUES (${backupId}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, 'schedule', ${scheduleId}::uuid, ${owner.run}::uuid,
      'Nightly')`
  yield* sql`
    INSERT INTO backup_items (set_id, source, id, workspace_id, tenant_id, type, title, folded_title, content_hash)
    VALUES (${backupId}::uuid, 'scope_tags', '0', ${tenant.workspaceId}, ${tenant.tenantId}, 'scope_tags', 'Default',
      'default', decode(${hash}, 'hex'))`
  yield* sql`
    UPDATE backup_sets SET state = 'complete', sealed_at = now(), item_count = 1, manifest_hash = decode(${hash}, 'hex')
    WHERE id = ${backupId}::uuid`
  yield* sql`
    INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, created_by, plan_digest, request_digest)
    VALUES (${restoreId}::uuid, ${tenant.workspaceId}, ${tenant.tenantId}, ${backupId}::uuid, true,
      '{"id":"someone","kind":"user","name":"Someone"}', sha256('plan'), sha256('request'))`
  yield* sql`
    INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, type, title, content_hash, action,
      difference)
    VALUES (${restoreId}::uuid, 'scope_tags', '0', ${tenant.workspaceId}, ${tenant.tenantId}, 'scope_tags', 'Default',
      decode(${hash}, 'hex'), 'update', '{"fields":[{"path":"a","from":null,"to":"1"}],"more":2}')`
  yield* sql`UPDATE restores SET state = 'planned', planned_at = now() WHERE id = ${restoreId}::uuid`
})
