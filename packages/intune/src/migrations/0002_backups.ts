import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const schedules = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE backup_schedules (
      id uuid PRIMARY KEY,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      cron text NOT NULL,
      time_zone text NOT NULL,
      skipped_time text NOT NULL CHECK (skipped_time IN ('later', 'skip')),
      repeated_time text NOT NULL CHECK (repeated_time IN ('earlier', 'later', 'both')),
      missed text NOT NULL CHECK (missed IN ('skip', 'once', 'all')),
      missed_limit integer NOT NULL CHECK (missed_limit BETWEEN 1 AND 100),
      types jsonb CHECK (jsonb_typeof(types) = 'array'),
      keep_last integer CHECK (keep_last > 0),
      keep_days integer CHECK (keep_days > 0),
      paused boolean NOT NULL DEFAULT false,
      version integer NOT NULL DEFAULT 1,
      next_fire_at timestamptz,
      decide_after timestamptz,
      created_by jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      deleted_at timestamptz
    )`
  yield* sql`
    CREATE INDEX backup_schedules_tenant ON backup_schedules (workspace_id, tenant_id, name, id)
    WHERE deleted_at IS NULL`
  yield* sql`CREATE INDEX backup_schedules_due ON backup_schedules (next_fire_at) WHERE deleted_at IS NULL`
  // What became of each fire time, for ever: it may outlive its run.
  yield* sql`
    CREATE TABLE backup_schedule_slots (
      schedule_id uuid NOT NULL REFERENCES backup_schedules (id),
      fire_time timestamptz NOT NULL,
      state text NOT NULL CHECK (state IN ('dispatched', 'skipped', 'missed', 'overlapped')),
      reason text,
      run_id uuid,
      decided_at timestamptz NOT NULL DEFAULT now(),
      CHECK ((state IN ('dispatched', 'overlapped')) = (run_id IS NOT NULL)),
      CHECK (state = 'dispatched' OR reason IS NOT NULL),
      PRIMARY KEY (schedule_id, fire_time)
    )`
})

const sets = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE backup_sets (
      id uuid PRIMARY KEY,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      origin text NOT NULL CHECK (origin IN ('schedule', 'import')),
      schedule_id uuid REFERENCES backup_schedules (id),
      run_id uuid UNIQUE,
      name text NOT NULL,
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'complete', 'partial', 'expired')),
      sources_done text[] NOT NULL DEFAULT '{}',
      missing jsonb NOT NULL DEFAULT '[]',
      item_count integer NOT NULL DEFAULT 0,
      manifest_hash bytea CHECK (octet_length(manifest_hash) = 32),
      created_at timestamptz NOT NULL DEFAULT now(),
      sealed_at timestamptz,
      expired_at timestamptz,
      CHECK ((origin = 'schedule') = (schedule_id IS NOT NULL)),
      CHECK ((sealed_at IS NULL) = (manifest_hash IS NULL)),
      CHECK (state NOT IN ('complete', 'partial') OR sealed_at IS NOT NULL),
      CHECK ((state = 'expired') = (expired_at IS NOT NULL))
    )`
  yield* sql`CREATE INDEX backup_sets_tenant ON backup_sets (workspace_id, tenant_id, id DESC) WHERE state <> 'open'`
  yield* sql`
    CREATE INDEX backup_sets_schedule ON backup_sets (schedule_id, id DESC)
    WHERE schedule_id IS NOT NULL AND state IN ('complete', 'partial')`
  yield* sql`CREATE INDEX backup_sets_open ON backup_sets (created_at) WHERE state = 'open'`
  yield* sql`
    CREATE TABLE backup_items (
      set_id uuid NOT NULL REFERENCES backup_sets (id),
      source text NOT NULL,
      id text NOT NULL,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      type text,
      odata_type text,
      title text NOT NULL,
      folded_title text COLLATE "C" NOT NULL,
      platform text,
      assignment_count integer,
      content_hash bytea NOT NULL,
      assignments_hash bytea,
      PRIMARY KEY (set_id, source, id),
      FOREIGN KEY (workspace_id, tenant_id, content_hash) REFERENCES policy_snapshots,
      FOREIGN KEY (workspace_id, tenant_id, assignments_hash) REFERENCES policy_snapshots
    )`
  yield* sql`CREATE INDEX backup_items_title ON backup_items (set_id, folded_title, source, id)`
  yield* sql`CREATE INDEX backup_items_content ON backup_items (workspace_id, tenant_id, content_hash)`
  yield* sql`
    CREATE INDEX backup_items_assignments ON backup_items (workspace_id, tenant_id, assignments_hash)
    WHERE assignments_hash IS NOT NULL`
})

// What the policies of a backup point to, and what that was called. A scope tag or a group that was made again has another id.
const references = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE backup_references (
      set_id uuid NOT NULL REFERENCES backup_sets (id),
      kind text NOT NULL,
      id text NOT NULL,
      name text,
      PRIMARY KEY (set_id, kind, id)
    )`
})

// Whoever asks, the database refuses to change a backup.
const guards = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION backup_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'backups: % of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
    END $$`
  yield* sql`
    CREATE TRIGGER policy_snapshots_final BEFORE UPDATE ON policy_snapshots
    FOR EACH ROW EXECUTE FUNCTION backup_refuse('a content is what its hash says')`
  yield* sql`
    CREATE TRIGGER backup_schedule_slots_final BEFORE UPDATE OR DELETE ON backup_schedule_slots
    FOR EACH ROW EXECUTE FUNCTION backup_refuse('what became of a fire time stays on record')`
  yield* sql`
    CREATE TRIGGER backup_sets_kept BEFORE DELETE ON backup_sets
    FOR EACH ROW EXECUTE FUNCTION backup_refuse('a backup expires, and stays on record')`
  yield* sql`
    CREATE TRIGGER backup_sets_sealed BEFORE UPDATE ON backup_sets
    FOR EACH ROW WHEN (OLD.state <> 'open' AND NOT (OLD.state IN ('complete', 'partial') AND NEW.state = 'expired'
      AND to_jsonb(NEW) - '{state,expired_at}'::text[] = to_jsonb(OLD) - '{state,expired_at}'::text[]))
    EXECUTE FUNCTION backup_refuse('it is sealed')`
  yield* sql`
    CREATE TRIGGER backup_items_final BEFORE UPDATE ON backup_items
    FOR EACH ROW EXECUTE FUNCTION backup_refuse('it is immutable')`
  yield* sql`
    CREATE FUNCTION backup_check_items() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM touched t JOIN backup_sets s ON s.id = t.set_id
        WHERE CASE TG_OP WHEN 'INSERT' THEN s.state <> 'open' ELSE s.state IN ('complete', 'partial') END)
      THEN
        RAISE EXCEPTION 'backups: % of % is refused: the backup is sealed', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER backup_items_added AFTER INSERT ON backup_items REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION backup_check_items()`
  yield* sql`
    CREATE TRIGGER backup_references_added AFTER INSERT ON backup_references REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION backup_check_items()`
  yield* sql`
    CREATE TRIGGER backup_references_named AFTER UPDATE ON backup_references REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION backup_check_items()`
  yield* sql`
    CREATE TRIGGER backup_references_removed AFTER DELETE ON backup_references REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION backup_check_items()`
  yield* sql`
    CREATE TRIGGER backup_items_removed AFTER DELETE ON backup_items REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION backup_check_items()`
})

// What cannot be recreated stays. To empty a table, remove its guard first.
const kept = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const table of ["backup_schedules", "policy_secrets", "policy_salts"]) {
    yield* sql`
      CREATE TRIGGER ${sql(`${table}_kept`)} BEFORE DELETE ON ${sql(table)}
      FOR EACH ROW EXECUTE FUNCTION backup_refuse('it stays on record')`
  }
  // Rotation seals them with other keys; everything else of them stays.
  for (const table of ["policy_secrets", "policy_salts"]) {
    yield* sql`
      CREATE TRIGGER ${sql(`${table}_final`)} BEFORE UPDATE ON ${sql(table)}
      FOR EACH ROW WHEN (to_jsonb(NEW) - '{key_id,sealed}'::text[] <> to_jsonb(OLD) - '{key_id,sealed}'::text[])
      EXECUTE FUNCTION backup_refuse('only its seal can be replaced')`
  }
  const tables = ["policy_snapshots", "policy_secrets", "policy_salts", "backup_schedules", "backup_schedule_slots"]
  for (const table of [...tables, "backup_sets", "backup_items", "backup_references"]) {
    yield* sql`
      CREATE TRIGGER ${sql(`${table}_no_truncate`)} BEFORE TRUNCATE ON ${sql(table)}
      EXECUTE FUNCTION backup_refuse('it stays on record')`
  }
})

/** Backup schedules with what became of each of their fire times, and backups that nobody can change. */
export default Effect.all([schedules, sets, references, guards, kept], { discard: true })
