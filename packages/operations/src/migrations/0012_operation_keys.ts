import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Creates the table of keys that start something once: an actor's key of one operation in one scope, or a schedule's fire time.
 * A key belongs for ever to the first request that carried it: retention does not remove it. `run_id` is the run that answered
 * the request; it is null until there is one, as after a blocked start. `bound_by` is the start that bound the key to its
 * request: only that start may take the key back, if it recorded nothing.
 */
export default Effect.gen(function* () {
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
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (workspace_id, digest)
    )`
  yield* sql`
    CREATE TRIGGER operation_keys_final BEFORE UPDATE ON operation_keys FOR EACH ROW WHEN (
      (OLD.workspace_id, OLD.digest, OLD.tenant_id, OLD.type, OLD.request_digest, OLD.bound_by, OLD.at) IS DISTINCT FROM
      (NEW.workspace_id, NEW.digest, NEW.tenant_id, NEW.type, NEW.request_digest, NEW.bound_by, NEW.at)
      OR (OLD.run_id IS NOT NULL AND OLD.run_id IS DISTINCT FROM NEW.run_id))
    EXECUTE FUNCTION operation_refuse('a key belongs to its first request and its run for ever')`
  // A start that recorded nothing takes its key back; a key that has a run is for ever.
  yield* sql`
    CREATE TRIGGER operation_keys_kept BEFORE DELETE ON operation_keys FOR EACH ROW WHEN (OLD.run_id IS NOT NULL)
    EXECUTE FUNCTION operation_refuse('a key belongs to its first request and its run for ever')`
  yield* sql`
    CREATE TRIGGER operation_keys_no_truncate BEFORE TRUNCATE ON operation_keys
    EXECUTE FUNCTION operation_refuse('a key belongs to its first request and its run for ever')`
})
