import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Creates the table of keys that start something once: an actor's key of one operation in one scope, or a schedule's fire time.
 * A key belongs for ever to the first request that carried it: retention does not remove it. `run_id` is the run that answered
 * the request; it is null until there is one, as after a blocked start. `bound_by` is the start that bound the key to its
 * request: only that start may take the key back, if it recorded nothing. `outcome` and `ended_at` are how and when the run
 * ended, once that run is removed.
 */
const keys = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // No reference to the run: the key outlives it.
  yield* sql`
    CREATE TABLE operation_keys (
      workspace_id text NOT NULL,
      digest bytea NOT NULL CHECK (octet_length(digest) = 32),
      tenant_id text,
      type text NOT NULL,
      request_digest bytea NOT NULL CHECK (octet_length(request_digest) = 32),
      bound_by uuid NOT NULL,
      run_id uuid,
      outcome text CHECK (outcome IN ('succeeded', 'partially_succeeded', 'failed', 'blocked', 'cancelled')),
      ended_at timestamptz,
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (workspace_id, digest),
      CHECK ((outcome IS NULL) = (ended_at IS NULL)),
      CHECK (outcome IS NULL OR run_id IS NOT NULL)
    )`
  // Several keys may stand for one run. A key leaves this index with its run.
  yield* sql`CREATE INDEX operation_keys_run ON operation_keys (run_id) WHERE run_id IS NOT NULL AND outcome IS NULL`
})

const guards = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TRIGGER operation_keys_final BEFORE UPDATE ON operation_keys FOR EACH ROW WHEN (
      (OLD.workspace_id, OLD.digest, OLD.tenant_id, OLD.type, OLD.request_digest, OLD.bound_by, OLD.at) IS DISTINCT FROM
      (NEW.workspace_id, NEW.digest, NEW.tenant_id, NEW.type, NEW.request_digest, NEW.bound_by, NEW.at)
      OR (OLD.run_id IS NOT NULL AND OLD.run_id IS DISTINCT FROM NEW.run_id)
      OR (OLD.outcome IS NOT NULL AND (OLD.outcome, OLD.ended_at) IS DISTINCT FROM (NEW.outcome, NEW.ended_at)))
    EXECUTE FUNCTION operation_refuse('a key belongs to its first request, its run and how that run ended for ever')`
  // A start that recorded nothing takes its key back; a key that has a run is for ever.
  yield* sql`
    CREATE TRIGGER operation_keys_kept BEFORE DELETE ON operation_keys FOR EACH ROW WHEN (OLD.run_id IS NOT NULL)
    EXECUTE FUNCTION operation_refuse('a key belongs to its first request and its run for ever')`
  yield* sql`
    CREATE TRIGGER operation_keys_no_truncate BEFORE TRUNCATE ON operation_keys
    EXECUTE FUNCTION operation_refuse('a key belongs to its first request and its run for ever')`
})

const removal = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Whoever removes a run, its keys keep how it ended: an equal start is told so. A run that has not ended has nothing to keep,
  // and its key would answer nobody any more.
  yield* sql`
    CREATE FUNCTION operation_keep_key_end() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.status = 'completed' THEN
        UPDATE operation_keys k SET outcome = OLD.outcome, ended_at = OLD.completed_at
        WHERE k.run_id = OLD.id AND k.outcome IS NULL;
      ELSIF EXISTS (SELECT FROM operation_keys k WHERE k.run_id = OLD.id AND k.outcome IS NULL) THEN
        RAISE EXCEPTION 'operations: DELETE of operation_runs is refused: a run that a key stands for ends before it is removed'
          USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN OLD;
    END $$`
  yield* sql`
    CREATE TRIGGER operation_runs_keep_key_end BEFORE DELETE ON operation_runs
    FOR EACH ROW EXECUTE FUNCTION operation_keep_key_end()`
})

/** Adds keys that start something once, for ever, and that keep how their run ended when it is removed. */
export default Effect.all([keys, guards, removal], { discard: true })
