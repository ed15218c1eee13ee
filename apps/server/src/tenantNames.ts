import { TenantNames } from "@atlas/intune"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

/** The names of tenants, from the server's own table. */
export const tenantNames: Layer.Layer<TenantNames, never, SqlClient.SqlClient> = Layer.effect(
  TenantNames,
  Effect.map(SqlClient.SqlClient, (sql) =>
    TenantNames.of({
      nameOf: Effect.fn("TenantNames.nameOf")(function* ({ tenantId }) {
        const [row] = yield* sql<{ name: string }>`SELECT name FROM tenants WHERE id = ${tenantId}`
        return row?.name ?? tenantId
      }, Effect.orDie)
    })
  )
)
