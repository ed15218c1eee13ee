import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Runs an effect while the database refuses every audit record, so that a test sees whether a change goes with its record. */
export const withoutAudit = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.acquireUseRelease(
      Effect.andThen(
        sql`CREATE OR REPLACE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'died'; END $$`,
        sql`CREATE TRIGGER dies BEFORE INSERT ON operation_audit FOR EACH ROW EXECUTE FUNCTION dies()`
      ),
      () => work,
      () => Effect.orDie(sql`DROP TRIGGER dies ON operation_audit`)
    )
  )
