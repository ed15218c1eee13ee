import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Restores: what was planned, what was seen when it was, and what became of each policy. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE restores (
      id uuid PRIMARY KEY,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      set_id uuid NOT NULL REFERENCES backup_sets (id),
      with_assignments boolean NOT NULL,
      state text NOT NULL DEFAULT 'planning'
        CHECK (state IN ('planning', 'planned', 'confirmed', 'running', 'done', 'archived')),
      preview_run uuid,
      execute_run uuid,
      safety_set uuid REFERENCES backup_sets (id),
      created_by jsonb NOT NULL,
      confirmed_by jsonb,
      created_at timestamptz NOT NULL DEFAULT now(),
      planned_at timestamptz,
      confirmed_at timestamptz,
      done_at timestamptz,
      CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
      CHECK (state NOT IN ('confirmed', 'running', 'done') OR confirmed_at IS NOT NULL)
    )`
  yield* sql`CREATE INDEX restores_tenant ON restores (workspace_id, tenant_id, id DESC)`
  yield* sql`CREATE INDEX restores_set ON restores (set_id, id DESC)`
  yield* sql`CREATE UNIQUE INDEX restores_execute_run ON restores (execute_run) WHERE execute_run IS NOT NULL`
  yield* sql`
    CREATE TABLE restore_items (
      restore_id uuid NOT NULL REFERENCES restores (id),
      source text NOT NULL,
      id text NOT NULL,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      type text,
      title text NOT NULL,
      content_hash bytea NOT NULL,
      assignments_hash bytea,
      action text CHECK (action IN ('create', 'update', 'unchanged', 'conflict', 'not_restorable')),
      reason text,
      difference jsonb,
      seen_id text,
      seen_hash bytea,
      seen_assignments_hash bytea,
      result text NOT NULL DEFAULT 'pending' CHECK (result IN ('pending', 'writing', 'done', 'failed', 'skipped')),
      result_id text,
      result_message text,
      changed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (restore_id, source, id),
      FOREIGN KEY (workspace_id, tenant_id, content_hash) REFERENCES policy_snapshots,
      FOREIGN KEY (workspace_id, tenant_id, assignments_hash) REFERENCES policy_snapshots,
      FOREIGN KEY (workspace_id, tenant_id, seen_hash) REFERENCES policy_snapshots,
      FOREIGN KEY (workspace_id, tenant_id, seen_assignments_hash) REFERENCES policy_snapshots
    )`
  for (const column of ["content_hash", "assignments_hash", "seen_hash", "seen_assignments_hash"]) {
    yield* sql`
      CREATE INDEX ${sql(`restore_items_${column}`)} ON restore_items (workspace_id, tenant_id, ${sql(column)})
      WHERE ${sql(column)} IS NOT NULL`
  }
  // What was overwritten is kept as a backup of its own.
  yield* sql`
    ALTER TABLE backup_sets
      DROP CONSTRAINT backup_sets_origin_check,
      ADD CONSTRAINT backup_sets_origin_check CHECK (origin IN ('schedule', 'import', 'restore'))`
  // A restore that is over stays as it ended.
  yield* sql`
    CREATE TRIGGER restores_final BEFORE UPDATE ON restores
    FOR EACH ROW WHEN (OLD.state = 'archived' OR (OLD.state = 'done' AND NEW.state <> 'archived'))
    EXECUTE FUNCTION backup_refuse('it is over')`
  yield* sql`
    CREATE TRIGGER restores_kept BEFORE DELETE ON restores
    FOR EACH ROW EXECUTE FUNCTION backup_refuse('it stays on record')`
})
