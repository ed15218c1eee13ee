import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import first from "../src/migrations/0001_directory_groups.ts"
import second from "../src/migrations/0002_collections.ts"

layer(TestDatabase.layer, { excludeTestServices: true })("an upgrade", (it) => {
  it.effect("keeps the groups of a cache that listed them, with their kinds, and its age", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DROP TABLE directory_groups, directory_role_definitions, directory_sightings, directory_syncs`
      yield* first
      yield* sql`
        INSERT INTO directory_groups (workspace_id, tenant_id, id, display_name, folded_name, kind, dynamic, synced, removed_at)
        SELECT 'w', 't', kind, kind, kind, kind, kind = 'security', false, CASE WHEN kind = 'distribution' THEN now() END
        FROM unnest(ARRAY['security', 'microsoft365', 'mail_security', 'distribution']) AS kind`
      yield* sql`INSERT INTO directory_syncs VALUES ('w', 't', 'groups', gen_random_uuid(), now(), 3)`
      yield* second
      const rows = yield* sql<{ id: string; kind: string; dynamic: boolean; removal: string | null }>`
        SELECT id, kind, dynamic, removal FROM directory_groups ORDER BY id`
      assert.deepStrictEqual(rows, [
        { id: "distribution", kind: "distribution", dynamic: false, removal: "unknown" },
        { id: "mail_security", kind: "mail_security", dynamic: false, removal: null },
        { id: "microsoft365", kind: "microsoft365", dynamic: false, removal: null },
        { id: "security", kind: "security", dynamic: true, removal: null }
      ])
      const syncs = yield* sql`
        SELECT size, completed_at IS NOT NULL AS complete, delta_cursor AS cursor, round_run AS run FROM directory_syncs`
      assert.deepStrictEqual(syncs, [{ size: 3, complete: true, cursor: null, run: null }])
    })
  )
})
