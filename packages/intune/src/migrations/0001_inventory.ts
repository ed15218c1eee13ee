import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Contents of policies, the secrets in them, and the inventory of what is in each tenant. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Equal content is stored once. It is compressed already: the database need not try.
  yield* sql`
    CREATE TABLE policy_snapshots (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      hash bytea NOT NULL CHECK (octet_length(hash) = 32),
      body bytea NOT NULL,
      size integer NOT NULL CHECK (size > 0),
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (workspace_id, tenant_id, hash)
    )`
  yield* sql`ALTER TABLE policy_snapshots ALTER COLUMN body SET STORAGE EXTERNAL`
  // The salt of the fingerprints of secrets, sealed as they are: without it they tell nothing.
  yield* sql`
    CREATE TABLE policy_salts (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      key_id text NOT NULL,
      sealed bytea NOT NULL,
      PRIMARY KEY (workspace_id, tenant_id)
    )`
  yield* sql`
    CREATE TABLE policy_secrets (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      fingerprint text NOT NULL,
      key_id text NOT NULL,
      sealed bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (workspace_id, tenant_id, fingerprint)
    )`

  // Leaves room on each page: most syncs update only which run saw a row, and no index holds that.
  yield* sql`
    CREATE TABLE policies (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      source text NOT NULL,
      id text NOT NULL,
      type text,
      finding text CHECK (finding IN ('unclaimed', 'ambiguous')),
      odata_type text,
      title text NOT NULL,
      folded_title text COLLATE "C" NOT NULL,
      platform text,
      scope_tags text[] NOT NULL,
      last_modified timestamptz,
      assignment_count integer CHECK (assignment_count >= 0),
      content_hash bytea NOT NULL,
      assignments_hash bytea,
      seen_run uuid NOT NULL,
      seen_round integer NOT NULL,
      seen_at timestamptz NOT NULL DEFAULT now(),
      first_seen_at timestamptz NOT NULL DEFAULT now(),
      changed_at timestamptz NOT NULL DEFAULT now(),
      removed_at timestamptz,
      removal text CHECK (removal IN ('soft_deleted', 'purged', 'unknown')),
      CHECK ((removed_at IS NULL) = (removal IS NULL)),
      CHECK ((type IS NULL) = (finding IS NOT NULL)),
      CHECK ((assignment_count IS NULL) = (assignments_hash IS NULL)),
      PRIMARY KEY (workspace_id, tenant_id, source, id),
      FOREIGN KEY (workspace_id, tenant_id, content_hash) REFERENCES policy_snapshots,
      FOREIGN KEY (workspace_id, tenant_id, assignments_hash) REFERENCES policy_snapshots
    ) WITH (fillfactor = 80)`
  yield* sql`
    CREATE INDEX policies_title ON policies (workspace_id, tenant_id, folded_title, source, id)
    WHERE removed_at IS NULL`
  yield* sql`
    CREATE INDEX policies_type ON policies (workspace_id, tenant_id, type, folded_title, source, id)
    WHERE removed_at IS NULL`
  yield* sql`CREATE INDEX policies_content ON policies (workspace_id, tenant_id, content_hash)`
  yield* sql`
    CREATE INDEX policies_assignments ON policies (workspace_id, tenant_id, assignments_hash)
    WHERE assignments_hash IS NOT NULL`

  // The state of each collection of a tenant: when it was last read to its end, which removals wait for a person, and the round
  // that a run is making. None of Graph's collections of policies has a history yet.
  yield* sql`
    CREATE TABLE inventory_sources (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      collection text NOT NULL,
      run_id uuid,
      completed_at timestamptz,
      size integer NOT NULL DEFAULT 0 CHECK (size >= 0),
      withheld integer CHECK (withheld > 0),
      delta_cursor text,
      delta_contract text,
      round integer NOT NULL DEFAULT 1,
      round_run uuid,
      round_kind text CHECK (round_kind IN ('full', 'changes')),
      round_cursor text,
      round_seen integer,
      round_staged integer,
      CHECK ((run_id IS NULL) = (completed_at IS NULL)),
      CHECK ((delta_cursor IS NULL) = (delta_contract IS NULL)),
      CHECK ((round_run IS NULL) = (round_kind IS NULL) AND (round_run IS NULL) = (round_seen IS NULL)
        AND (round_run IS NULL) = (round_staged IS NULL) AND (round_run IS NOT NULL OR round_cursor IS NULL)),
      PRIMARY KEY (workspace_id, tenant_id, collection)
    )`
  // The removals that a round was told. The rows say themselves what it saw.
  yield* sql`
    CREATE UNLOGGED TABLE inventory_sightings (
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      collection text NOT NULL,
      id text NOT NULL,
      removal text,
      PRIMARY KEY (workspace_id, tenant_id, collection, id)
    )`
})
