import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * The three tables that held runs before the ledger: created if they are missing, otherwise adopted with all that they have.
 * The database refuses new rows, and every change except of the mapping. Rows may be removed, as data protection may require.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION operation_adopt_legacy(name text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE format('CREATE TABLE IF NOT EXISTS %I (
        id uuid PRIMARY KEY, workspace_id text, tenant_id text, status text, started_by text, started_at timestamptz,
        finished_at timestamptz, item_count integer, error text)', name);
      IF (SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = name
        AND column_name IN ('id', 'tenant_id')) < 2 THEN
        RAISE EXCEPTION 'The table % cannot be adopted: it needs the columns id and tenant_id.', name;
      END IF;
      EXECUTE format('ALTER TABLE %I ADD COLUMN IF NOT EXISTS operation_run_id uuid', name);
      EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (operation_run_id) REFERENCES operation_runs (id)
        ON DELETE SET NULL', name, name || '_operation_run');
      EXECUTE format('CREATE INDEX ON %I (operation_run_id) WHERE operation_run_id IS NOT NULL', name);
      EXECUTE format('CREATE INDEX ON %I ((id::text))', name);
      EXECUTE format('CREATE INDEX ON %I ((tenant_id::text))', name);
      EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON %I FOR EACH ROW
        EXECUTE FUNCTION operation_refuse(''it is history, and new runs are in operation_runs'')', name || '_no_new', name);
      EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW
        WHEN ((to_jsonb(OLD) - ''operation_run_id'') IS DISTINCT FROM (to_jsonb(NEW) - ''operation_run_id''))
        EXECUTE FUNCTION operation_refuse(''it is history, of which only operation_run_id may change'')', name || '_final', name);
      EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
        EXECUTE FUNCTION operation_refuse(''it is history'')', name || '_no_truncate', name);
    END $$`
  for (const name of ["inventory_sync_runs", "entra_group_sync_runs", "backup_schedule_runs"]) {
    yield* sql`SELECT operation_adopt_legacy(${name})`
  }
  yield* sql`DROP FUNCTION operation_adopt_legacy(text)`
})
