import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Role definitions beside groups; rounds that can be resumed; tombstones that say what became of an object; indexes for
 * infix search. The extensions are trusted, so the database's owner may create them.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE EXTENSION IF NOT EXISTS pg_trgm`
  yield* sql`CREATE EXTENSION IF NOT EXISTS btree_gin`

  // The properties from which a group's kind follows, since a patch may bring only one of them.
  yield* sql`
    ALTER TABLE directory_groups
      ADD COLUMN mail_enabled boolean NOT NULL DEFAULT false,
      ADD COLUMN security_enabled boolean NOT NULL DEFAULT false,
      ADD COLUMN unified boolean NOT NULL DEFAULT false,
      ADD COLUMN role_assignable boolean NOT NULL DEFAULT false,
      ADD COLUMN removal text,
      ADD COLUMN seen_round integer`
  yield* sql`
    UPDATE directory_groups SET unified = kind = 'microsoft365', mail_enabled = kind <> 'security',
      security_enabled = kind IN ('security', 'mail_security'),
      removal = CASE WHEN removed_at IS NOT NULL THEN 'unknown' END`
  yield* sql`ALTER TABLE directory_groups DROP COLUMN kind`
  yield* sql`
    ALTER TABLE directory_groups
      ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS (CASE WHEN unified THEN 'microsoft365'
        WHEN NOT mail_enabled THEN 'security' WHEN security_enabled THEN 'mail_security' ELSE 'distribution' END) STORED,
      ADD CONSTRAINT directory_groups_removal CHECK (removal IN ('soft_deleted', 'purged', 'unknown')),
      ADD CONSTRAINT directory_groups_removed CHECK ((removed_at IS NULL) = (removal IS NULL))`
  // For kinds that may be rare: a page of them must not read all the names.
  for (const rare of ["unified", "dynamic", "role_assignable", "synced"]) {
    yield* sql`
      CREATE INDEX ${sql(`directory_groups_${rare}`)} ON directory_groups (workspace_id, tenant_id, folded_name, id)
      WHERE removed_at IS NULL AND ${sql(rare)}`
  }
  // The tenant as one expression, which no other index has. So a search cannot end up reading all of the tenant's names, as it
  // would in a database without statistics of a table just filled.
  yield* sql`
    CREATE INDEX directory_groups_infix ON directory_groups
    USING gin ((length(workspace_id) || ':' || workspace_id || tenant_id), folded_name gin_trgm_ops) WHERE removed_at IS NULL`

  yield* sql`
    CREATE TABLE directory_role_definitions (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      id text NOT NULL,
      display_name text NOT NULL,
      folded_name text COLLATE "C" NOT NULL,
      description text,
      template_id text,
      built_in boolean NOT NULL,
      enabled boolean NOT NULL,
      privileged boolean,
      changed_at timestamptz NOT NULL DEFAULT now(),
      removed_at timestamptz,
      removal text CHECK (removal IN ('soft_deleted', 'purged', 'unknown')),
      seen_round integer,
      CHECK ((removed_at IS NULL) = (removal IS NULL)),
      PRIMARY KEY (workspace_id, tenant_id, id)
    )`
  yield* sql`
    CREATE INDEX directory_role_definitions_name
    ON directory_role_definitions (workspace_id, tenant_id, folded_name, id) WHERE removed_at IS NULL`

  // What a round has seen without changing its row (a changed row says so itself), and what the provider said is removed.
  // Unlogged: a round knows how many there were, and restarts if a crash of the database lost them.
  yield* sql`DROP TABLE directory_group_sightings`
  yield* sql`
    CREATE UNLOGGED TABLE directory_sightings (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      collection text NOT NULL,
      id text NOT NULL,
      removal text,
      PRIMARY KEY (workspace_id, tenant_id, collection, id)
    )`

  // One row for each collection of a tenant: its state, and the round that a run is making.
  yield* sql`
    ALTER TABLE directory_syncs
      DROP CONSTRAINT directory_syncs_collection_check,
      ADD CONSTRAINT directory_syncs_collection CHECK (collection IN ('groups', 'role_definitions')),
      ALTER COLUMN run_id DROP NOT NULL,
      ALTER COLUMN completed_at DROP NOT NULL,
      ALTER COLUMN size SET DEFAULT 0,
      ADD COLUMN delta_cursor text,
      ADD COLUMN delta_contract text,
      ADD COLUMN withheld integer CHECK (withheld > 0),
      ADD COLUMN round integer NOT NULL DEFAULT 1,
      ADD COLUMN round_run uuid,
      ADD COLUMN round_kind text CHECK (round_kind IN ('full', 'changes')),
      ADD COLUMN round_cursor text,
      ADD COLUMN round_seen integer,
      ADD COLUMN round_staged integer,
      ADD CONSTRAINT directory_syncs_delta CHECK ((delta_cursor IS NULL) = (delta_contract IS NULL)),
      ADD CONSTRAINT directory_syncs_round CHECK (
        (round_run IS NULL) = (round_kind IS NULL) AND (round_run IS NULL) = (round_seen IS NULL)
        AND (round_run IS NULL) = (round_staged IS NULL)
        AND (round_run IS NOT NULL OR round_cursor IS NULL))`
})
