import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const runs = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Lanes are served in turn; a lane is the runs of one operation in one scope. The length keeps two ids from running together.
  yield* sql`
    ALTER TABLE operation_runs
      DROP CONSTRAINT operation_runs_identity_rule_check,
      ADD CONSTRAINT operation_runs_identity_rule_check CHECK (identity_rule IN ('while_active', 'once')),
      ADD COLUMN lane text COLLATE "C" NOT NULL
        GENERATED ALWAYS AS (length(workspace_id)::text || ':' || workspace_id || coalesce(tenant_id, '')) STORED,
      ADD COLUMN active_digest bytea CHECK (octet_length(active_digest) = 32),
      ADD COLUMN context jsonb NOT NULL DEFAULT '{}',
      ADD COLUMN priority smallint NOT NULL DEFAULT 0 CHECK (priority IN (0, 1)),
      ADD COLUMN exclusive boolean NOT NULL DEFAULT false,
      ADD COLUMN queue_limit_millis integer NOT NULL DEFAULT 86400000 CHECK (queue_limit_millis > 0),
      ADD COLUMN time_limit_millis integer NOT NULL DEFAULT 21600000 CHECK (time_limit_millis > 0),
      ADD COLUMN deadline timestamptz,
      ADD COLUMN worker text,
      ADD COLUMN lane_slot smallint CHECK (lane_slot > 0),
      ADD COLUMN cancel_requested_at timestamptz,
      ADD COLUMN cancel_requested_by jsonb,
      ADD COLUMN superseded_by uuid REFERENCES operation_runs (id) ON DELETE SET NULL,
      ADD COLUMN retry_of uuid REFERENCES operation_runs (id) ON DELETE SET NULL,
      ADD CHECK ((cancel_requested_at IS NULL) = (cancel_requested_by IS NULL))`
  yield* sql`UPDATE operation_runs SET active_digest = identity_digest`
  yield* sql`DROP INDEX operation_runs_while_active, operation_runs_queued`
  yield* sql`
    CREATE UNIQUE INDEX operation_runs_while_active ON operation_runs (active_digest) WHERE status <> 'completed'`
  yield* sql`
    CREATE UNIQUE INDEX operation_runs_exclusive ON operation_runs (workspace_id, coalesce(tenant_id, ''))
    WHERE exclusive AND status <> 'completed'`
  // A limited concurrency is a number of places, and a place has room for one running run.
  yield* sql`
    CREATE UNIQUE INDEX operation_runs_lane_slot ON operation_runs (type, lane, lane_slot)
    WHERE status = 'running' AND lane_slot IS NOT NULL`
  yield* sql`
    CREATE INDEX operation_runs_queue ON operation_runs (priority, type, lane, available_at, id) WHERE status = 'queued'`
  yield* sql`CREATE INDEX operation_runs_retry_of ON operation_runs (retry_of) WHERE retry_of IS NOT NULL`
  yield* sql`
    CREATE INDEX operation_runs_superseded_by ON operation_runs (superseded_by) WHERE superseded_by IS NOT NULL`
})

const workers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE operation_workers (
      id text PRIMARY KEY,
      types text[] NOT NULL,
      slots integer NOT NULL CHECK (slots >= 0),
      started_at timestamptz NOT NULL DEFAULT now(),
      last_seen timestamptz NOT NULL DEFAULT now(),
      stopped_at timestamptz
    )`
})

const audit = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE operation_audit (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      action text NOT NULL CHECK (action IN
        ('started', 'joined', 'blocked', 'busy', 'forbidden', 'cancel_requested', 'retried', 'superseded')),
      actor jsonb NOT NULL,
      workspace_id text NOT NULL,
      tenant_id text,
      type text,
      run_id uuid,
      request_id text,
      data jsonb NOT NULL DEFAULT '{}',
      rate_key text
    )`
  yield* sql`CREATE INDEX operation_audit_workspace ON operation_audit (workspace_id, id DESC)`
  yield* sql`CREATE INDEX operation_audit_run ON operation_audit (run_id, id DESC) WHERE run_id IS NOT NULL`
  // At most one record for each key, so that repeated refusals do not fill the table.
  yield* sql`CREATE UNIQUE INDEX operation_audit_rate ON operation_audit (rate_key) WHERE rate_key IS NOT NULL`
})

const guards = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION operation_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'operations: % of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'restrict_violation';
    END $$`
  yield* sql`
    CREATE TRIGGER operation_audit_append_only BEFORE UPDATE OR DELETE ON operation_audit
    FOR EACH ROW EXECUTE FUNCTION operation_refuse('it is append-only')`
  yield* sql`
    CREATE TRIGGER operation_audit_no_truncate BEFORE TRUNCATE ON operation_audit
    EXECUTE FUNCTION operation_refuse('it is append-only')`
  yield* sql`
    CREATE TRIGGER operation_run_events_append_only BEFORE UPDATE ON operation_run_events
    FOR EACH ROW EXECUTE FUNCTION operation_refuse('it is append-only')`
  // The start of a run stays on record, whoever removes the run.
  yield* sql`
    CREATE FUNCTION operation_keep_start() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO operation_audit (at, action, actor, workspace_id, tenant_id, type, run_id, data)
      VALUES (OLD.queued_at, 'started', OLD.actor, OLD.workspace_id, OLD.tenant_id, OLD.type, OLD.id,
        jsonb_build_object('outcome', OLD.outcome, 'completedAt', OLD.completed_at, 'identity', OLD.identity_key));
      RETURN OLD;
    END $$`
  yield* sql`
    CREATE TRIGGER operation_runs_keep_start BEFORE DELETE ON operation_runs
    FOR EACH ROW EXECUTE FUNCTION operation_keep_start()`
})

/** Adds identities that are taken once, lanes, limits, lineage, cancellation, live workers, and an audit that only grows. */
export default Effect.all([runs, workers, audit, guards], { discard: true })
