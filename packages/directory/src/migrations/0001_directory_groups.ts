import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** The cached groups, what the current listings have seen, and when each collection was last complete. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE directory_groups (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      id text NOT NULL,
      display_name text NOT NULL,
      folded_name text COLLATE "C" NOT NULL,
      description text,
      mail text,
      kind text NOT NULL CHECK (kind IN ('security', 'microsoft365', 'mail_security', 'distribution')),
      dynamic boolean NOT NULL,
      synced boolean NOT NULL,
      changed_at timestamptz NOT NULL DEFAULT now(),
      removed_at timestamptz,
      PRIMARY KEY (workspace_id, tenant_id, id)
    )`
  yield* sql`
    CREATE INDEX directory_groups_name ON directory_groups (workspace_id, tenant_id, folded_name, id)
    WHERE removed_at IS NULL`
  // Ids that the tenant's current listing has seen so far. What it has not seen at its end is gone.
  yield* sql`
    CREATE TABLE directory_group_sightings (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      id text NOT NULL,
      PRIMARY KEY (workspace_id, tenant_id, id)
    )`
  yield* sql`
    CREATE TABLE directory_syncs (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      collection text NOT NULL CHECK (collection IN ('groups')),
      run_id uuid NOT NULL,
      completed_at timestamptz NOT NULL,
      size integer NOT NULL CHECK (size >= 0),
      PRIMARY KEY (workspace_id, tenant_id, collection)
    )`
})
