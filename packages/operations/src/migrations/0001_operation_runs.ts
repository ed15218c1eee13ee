import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Creates the tables of runs and their timelines, with the indexes of every query on them. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Free room on each page keeps heartbeats HOT, as they touch no indexed column.
  yield* sql`
    CREATE TABLE operation_runs (
      id uuid PRIMARY KEY,
      workspace_id text NOT NULL,
      tenant_id text,
      type text NOT NULL,
      status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed')),
      outcome text NOT NULL DEFAULT 'pending'
        CHECK (outcome IN ('pending', 'succeeded', 'partially_succeeded', 'failed', 'blocked', 'cancelled')),
      actor jsonb NOT NULL,
      identity_rule text NOT NULL CHECK (identity_rule IN ('while_active')),
      identity_key text NOT NULL,
      identity_digest bytea NOT NULL CHECK (octet_length(identity_digest) = 32),
      input jsonb NOT NULL,
      summary_counts jsonb NOT NULL DEFAULT '{}',
      failure_summary jsonb NOT NULL DEFAULT '[]',
      reason_code text,
      attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
      max_attempts integer NOT NULL CHECK (max_attempts > 0),
      fence bigint NOT NULL DEFAULT 0,
      version integer NOT NULL DEFAULT 1,
      last_event integer NOT NULL DEFAULT 1,
      queued_at timestamptz NOT NULL DEFAULT now(),
      available_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      lease_until timestamptz,
      completed_at timestamptz,
      CHECK ((status = 'completed') = (outcome <> 'pending')),
      CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
      CHECK ((status = 'running') = (lease_until IS NOT NULL))
    ) WITH (fillfactor = 75)`
  yield* sql`
    CREATE UNIQUE INDEX operation_runs_while_active ON operation_runs (identity_digest)
    WHERE identity_rule = 'while_active' AND status <> 'completed'`
  yield* sql`CREATE INDEX operation_runs_queued ON operation_runs (available_at, id) WHERE status = 'queued'`
  yield* sql`CREATE INDEX operation_runs_running ON operation_runs (id) WHERE status = 'running'`
  yield* sql`
    CREATE INDEX operation_runs_active ON operation_runs (workspace_id, tenant_id, type, id DESC)
    WHERE status <> 'completed'`
  yield* sql`CREATE INDEX operation_runs_workspace ON operation_runs (workspace_id, id DESC)`
  yield* sql`CREATE INDEX operation_runs_tenant ON operation_runs (workspace_id, tenant_id, id DESC)`
  yield* sql`CREATE INDEX operation_runs_tenant_type ON operation_runs (workspace_id, tenant_id, type, id DESC)`
  // The event `created`, with sequence number 1, is the run itself. This table holds the events after it.
  yield* sql`
    CREATE TABLE operation_run_events (
      run_id uuid NOT NULL REFERENCES operation_runs (id) ON DELETE CASCADE,
      seq integer NOT NULL CHECK (seq > 1),
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      kind text NOT NULL,
      data jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (run_id, seq)
    )`
})
