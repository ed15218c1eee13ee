import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Who works where: the reference policy's own tables. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE workspaces (id text PRIMARY KEY, name text NOT NULL)`
  yield* sql`
    CREATE TABLE tenants (
      id text PRIMARY KEY,
      workspace_id text NOT NULL REFERENCES workspaces (id),
      name text NOT NULL,
      UNIQUE (workspace_id, id)
    )`
  yield* sql`CREATE TABLE accounts (id text PRIMARY KEY, name text NOT NULL)`
  yield* sql`
    CREATE TABLE memberships (
      account_id text NOT NULL REFERENCES accounts (id),
      workspace_id text NOT NULL REFERENCES workspaces (id),
      role text NOT NULL CHECK (role IN ('owner', 'manager', 'operator', 'readonly')),
      entitled text NOT NULL DEFAULT 'all' CHECK (entitled IN ('all', 'some')),
      PRIMARY KEY (account_id, workspace_id)
    )`
  // Which tenants a membership with entitled = 'some' reaches.
  yield* sql`
    CREATE TABLE entitlements (
      account_id text NOT NULL,
      workspace_id text NOT NULL,
      tenant_id text NOT NULL,
      PRIMARY KEY (account_id, workspace_id, tenant_id),
      FOREIGN KEY (account_id, workspace_id) REFERENCES memberships (account_id, workspace_id),
      FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id)
    )`
})
