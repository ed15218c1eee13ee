import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Keeps what was started, and by whom, from ever changing. */
const started = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Fires only for statements that name one of these columns, and no statement of ours does.
  yield* sql`
    CREATE TRIGGER operation_runs_start BEFORE UPDATE OF id, workspace_id, tenant_id, type, actor, identity_rule,
      identity_key, identity_digest, active_digest, input, context, max_attempts, priority, exclusive, queued_at, traceparent,
      view_capabilities
    ON operation_runs FOR EACH ROW WHEN (
      ROW(OLD.id, OLD.workspace_id, OLD.tenant_id, OLD.type, OLD.actor, OLD.identity_rule, OLD.identity_key,
        OLD.identity_digest, OLD.active_digest, OLD.input, OLD.context, OLD.max_attempts, OLD.priority, OLD.exclusive,
        OLD.queued_at, OLD.traceparent, OLD.view_capabilities) IS DISTINCT FROM
      ROW(NEW.id, NEW.workspace_id, NEW.tenant_id, NEW.type, NEW.actor, NEW.identity_rule, NEW.identity_key,
        NEW.identity_digest, NEW.active_digest, NEW.input, NEW.context, NEW.max_attempts, NEW.priority, NEW.exclusive,
        NEW.queued_at, NEW.traceparent, NEW.view_capabilities))
    EXECUTE FUNCTION operation_refuse('what was started, and by whom, never changes')`
  // When retention removes a relative, the foreign key sets the reference to NULL.
  yield* sql`
    CREATE TRIGGER operation_runs_retry_of BEFORE UPDATE OF retry_of ON operation_runs
    FOR EACH ROW WHEN (NEW.retry_of IS NOT NULL AND NEW.retry_of IS DISTINCT FROM OLD.retry_of)
    EXECUTE FUNCTION operation_refuse('a run stays the retry of the run that it was started from')`
})

const rising = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TRIGGER operation_runs_rising BEFORE UPDATE ON operation_runs
    FOR EACH ROW WHEN (
      NEW.fence < OLD.fence OR NEW.version < OLD.version OR NEW.last_event < OLD.last_event OR
      (NEW.status <> OLD.status AND NEW.status <> 'completed' AND NEW.fence = OLD.fence))
    EXECUTE FUNCTION operation_refuse('fence, version and timeline are never lowered, and a claim or give-back raises the fence')`
})

/** Keeps a completed run as it ended. Lists what may change, so that a column that is added later may not. */
const ended = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION operation_keep_end() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      allowed operation_runs := OLD;
    BEGIN
      IF NEW.version >= OLD.version AND NEW.version - OLD.version = NEW.last_event - OLD.last_event THEN
        allowed.version := NEW.version;
        allowed.last_event := NEW.last_event;
      END IF;
      -- The foreign keys forget a relative that is gone already; nobody forgets one that is there.
      IF NEW.superseded_by IS NULL AND OLD.superseded_by IS NOT NULL
        AND NOT EXISTS (SELECT FROM operation_runs r WHERE r.id = OLD.superseded_by) THEN
        allowed.superseded_by := NULL;
      END IF;
      IF NEW.retry_of IS NULL AND OLD.retry_of IS NOT NULL
        AND NOT EXISTS (SELECT FROM operation_runs r WHERE r.id = OLD.retry_of) THEN
        allowed.retry_of := NULL;
      END IF;
      IF NEW.counted THEN allowed.counted := true; END IF;
      -- Generated from what is compared, after this function.
      allowed.lane := NEW.lane;
      IF allowed *<> NEW THEN
        RAISE EXCEPTION 'operations: UPDATE of operation_runs is refused: a completed run stays as it ended'
          USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$`
  yield* sql`
    CREATE TRIGGER operation_runs_ended BEFORE UPDATE ON operation_runs
    FOR EACH ROW WHEN (OLD.status = 'completed') EXECUTE FUNCTION operation_keep_end()`
  // Checks after the statement, which writes the event itself: until then nobody sees it.
  yield* sql`
    CREATE FUNCTION operation_check_later_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT count(*) FROM operation_run_events e
          WHERE e.run_id = NEW.id AND e.seq > OLD.last_event AND e.seq <= NEW.last_event)
        <> NEW.last_event - OLD.last_event THEN
        RAISE EXCEPTION 'operations: UPDATE of operation_runs is refused: a completed run has a later version only with its event'
          USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER operation_runs_later_events AFTER UPDATE ON operation_runs
    FOR EACH ROW WHEN (OLD.status = 'completed' AND NEW.last_event <> OLD.last_event)
    EXECUTE FUNCTION operation_check_later_events()`
})

const removal = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Events go with their run, which is already gone when the foreign key removes them.
  yield* sql`
    CREATE FUNCTION operation_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM operation_runs r WHERE r.id = OLD.run_id) THEN
        RAISE EXCEPTION 'operations: DELETE of operation_run_events is refused: a timeline goes with its run'
          USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN OLD;
    END $$`
  yield* sql`
    CREATE TRIGGER operation_run_events_no_delete BEFORE DELETE ON operation_run_events
    FOR EACH ROW EXECUTE FUNCTION operation_keep_event()`
  for (const table of ["operation_runs", "operation_run_events"]) {
    yield* sql`
      CREATE TRIGGER ${sql(`${table}_no_truncate`)} BEFORE TRUNCATE ON ${sql(table)}
      EXECUTE FUNCTION operation_refuse('DELETE runs: their starts stay on record')`
  }
})

/** Makes the database refuse forbidden changes of runs and timelines, whoever makes them. */
export default Effect.all([started, rising, ended, removal], { discard: true })
