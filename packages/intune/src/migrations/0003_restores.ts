import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // `plan_digest` identifies a request for a plan: who asked, where, and with which key. Equal requests are one restore.
  yield* sql`
    CREATE TABLE restores (
      id uuid PRIMARY KEY,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      set_id uuid NOT NULL REFERENCES backup_sets (id),
      with_assignments boolean NOT NULL,
      plan_digest bytea NOT NULL UNIQUE CHECK (octet_length(plan_digest) = 32),
      request_digest bytea NOT NULL CHECK (octet_length(request_digest) = 32),
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
      archived_at timestamptz,
      CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
      CHECK (state IN ('planning', 'archived') OR planned_at IS NOT NULL),
      CHECK (state NOT IN ('confirmed', 'running', 'done') OR confirmed_at IS NOT NULL),
      CHECK (state NOT IN ('running', 'done') OR execute_run IS NOT NULL),
      CHECK (state <> 'done' OR done_at IS NOT NULL),
      CHECK ((state = 'archived') = (archived_at IS NOT NULL))
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
      lacking jsonb NOT NULL DEFAULT '[]',
      difference jsonb,
      seen_id text,
      seen_hash bytea,
      seen_assignments_hash bytea,
      "references" jsonb,
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
})

// The states are those of state.ts; a test compares the two.
const states = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TRIGGER restores_begin BEFORE INSERT ON restores
    FOR EACH ROW WHEN (NEW.state <> 'planning') EXECUTE FUNCTION backup_refuse('a restore begins with its plan')`
  yield* sql`
    CREATE TRIGGER restores_steps BEFORE UPDATE ON restores
    FOR EACH ROW WHEN (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
      ('planning', 'planned'), ('planned', 'confirmed'), ('confirmed', 'running'), ('running', 'done'),
      ('planning', 'archived'), ('planned', 'archived'), ('confirmed', 'archived'), ('running', 'archived'),
      ('done', 'archived')))
    EXECUTE FUNCTION backup_refuse('its state does not allow this step')`
  yield* sql`
    CREATE TRIGGER restores_request BEFORE UPDATE ON restores
    FOR EACH ROW WHEN ((OLD.id, OLD.workspace_id, OLD.tenant_id, OLD.set_id, OLD.with_assignments, OLD.plan_digest,
        OLD.request_digest, OLD.created_by, OLD.created_at)
      IS DISTINCT FROM (NEW.id, NEW.workspace_id, NEW.tenant_id, NEW.set_id, NEW.with_assignments, NEW.plan_digest,
        NEW.request_digest, NEW.created_by, NEW.created_at))
    EXECUTE FUNCTION backup_refuse('what was asked for stays as it was')`
  // A restore that is over stays as it ended; one that is done can only be archived.
  yield* sql`
    CREATE TRIGGER restores_final BEFORE UPDATE ON restores
    FOR EACH ROW WHEN (OLD.state = 'archived' OR (OLD.state = 'done' AND (NEW.state <> 'archived'
      OR to_jsonb(NEW) - '{state,archived_at}'::text[] <> to_jsonb(OLD) - '{state,archived_at}'::text[])))
    EXECUTE FUNCTION backup_refuse('it is over')`
  yield* sql`
    CREATE TRIGGER restores_kept BEFORE DELETE ON restores
    FOR EACH ROW EXECUTE FUNCTION backup_refuse('it stays on record')`
  yield* sql`
    CREATE TRIGGER restores_no_truncate BEFORE TRUNCATE ON restores
    EXECUTE FUNCTION backup_refuse('it stays on record')`
})

const items = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TRIGGER restore_items_request BEFORE UPDATE ON restore_items
    FOR EACH ROW WHEN ((OLD.restore_id, OLD.source, OLD.id, OLD.workspace_id, OLD.tenant_id, OLD.type, OLD.title,
        OLD.content_hash, OLD.assignments_hash)
      IS DISTINCT FROM (NEW.restore_id, NEW.source, NEW.id, NEW.workspace_id, NEW.tenant_id, NEW.type, NEW.title,
        NEW.content_hash, NEW.assignments_hash))
    EXECUTE FUNCTION backup_refuse('what was asked for stays as it was')`
  yield* sql`
    CREATE TRIGGER restore_items_kept BEFORE DELETE ON restore_items
    FOR EACH ROW EXECUTE FUNCTION backup_refuse('it stays on record')`
  yield* sql`
    CREATE TRIGGER restore_items_no_truncate BEFORE TRUNCATE ON restore_items
    EXECUTE FUNCTION backup_refuse('it stays on record')`
  // A person confirms what a plan says, so nobody changes a plan that is made.
  yield* sql`
    CREATE FUNCTION restore_check_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM touched t JOIN restores r ON r.id = t.restore_id WHERE r.state <> 'planning') THEN
        RAISE EXCEPTION 'backups: % of % is refused: the restore is planned', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE FUNCTION restore_check_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM touched t JOIN restores r ON r.id = t.restore_id
          JOIN earlier e ON e.restore_id = t.restore_id AND e.source = t.source AND e.id = t.id
        WHERE r.state IN ('done', 'archived') OR r.state <> 'planning'
          AND (e.action, e.reason, e.lacking, e.difference, e.seen_id, e.seen_hash, e.seen_assignments_hash, e."references")
            IS DISTINCT FROM (t.action, t.reason, t.lacking, t.difference, t.seen_id, t.seen_hash, t.seen_assignments_hash,
              t."references"))
      THEN
        RAISE EXCEPTION 'backups: % of % is refused: the restore is planned, or over', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER restore_items_added AFTER INSERT ON restore_items REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION restore_check_added()`
  yield* sql`
    CREATE TRIGGER restore_items_changed AFTER UPDATE ON restore_items
    REFERENCING OLD TABLE AS earlier NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION restore_check_changed()`
})

/** Restores: what was planned, what was seen when it was, and what became of each policy. */
export default Effect.all([tables, states, items], { discard: true })
