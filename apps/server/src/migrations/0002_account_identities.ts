import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Which person of Entra ID is which account. An object id is never given to another person; names and addresses are. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE account_identities (
      entra_tenant_id text NOT NULL CHECK (entra_tenant_id = lower(entra_tenant_id)),
      object_id text NOT NULL CHECK (object_id = lower(object_id)),
      account_id text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
      PRIMARY KEY (entra_tenant_id, object_id)
    )`
  yield* sql`CREATE INDEX account_identities_account ON account_identities (account_id)`
})
