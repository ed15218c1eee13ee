import { type Actor, AuditLog, Problems, type TenantScope } from "@atlas/operations"
import { DateTime, Effect, Schema, Struct } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { columns, ProviderConnection } from "./ProviderConnection.ts"

/** Who changes a connection, and in which tenant. */
interface By {
  readonly actor: Actor
  readonly scope: TenantScope
}

/** A change that keeps the connection. */
type Action = "updated" | "credential_replaced" | "made_default"

interface Change {
  readonly action: "created" | Action | "removed"
  readonly id: string
  readonly before?: ProviderConnection
  readonly after?: ProviderConnection
}

const nameTaken = new Problems.InvalidInput({
  errors: [
    { pointer: "/displayName", detail: "is already the name of another connection of this tenant: choose another." }
  ]
})

const decode = Schema.decodeUnknownEffect(Schema.Array(ProviderConnection))

const found = (connections: ReadonlyArray<ProviderConnection>) =>
  connections[0] === undefined ? Effect.fail(new Problems.NotFound({})) : Effect.succeed(connections[0])

/** The one row that an INSERT or UPDATE returns. Only the database can check that a name is unique. */
const written = (
  rows: Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>
): Effect.Effect<ProviderConnection, Problems.InvalidInput> =>
  rows.pipe(
    Effect.catchReason("SqlError", "UniqueViolation", (reason, error) =>
      reason.constraint === "provider_connections_unique_name" ? Effect.fail(nameTaken) : Effect.die(error)
    ),
    Effect.flatMap(decode),
    Effect.flatMap(found),
    Effect.catchTag(["SqlError", "SchemaError", "NotFound"], Effect.die)
  )

/** What the audit stores of a connection. Fields are listed by name, so no secret, ciphertext or key id can slip in. */
const auditedState = (connection: ProviderConnection) => ({
  ...Struct.pick(connection, ["displayName", "cloud", "entraTenantId", "clientId", "credentialKind"]),
  credentialExpiresAt: connection.credentialExpiresAt && DateTime.formatIso(connection.credentialExpiresAt),
  ...Struct.pick(connection, ["certificateThumbprint", "enabled", "isDefault"])
})

const makeRecord = Effect.map(
  AuditLog,
  (audit) =>
    ({ actor, scope }: By, { action, after, before, id }: Change) =>
      Effect.orDie(
        audit.record({
          action: `provider_connection.${action}`,
          actor,
          scope,
          record: { kind: "provider_connection", id },
          before: before && auditedState(before),
          after: after && auditedState(after)
        })
      )
)

/**
 * The statements on a tenant's connections. `insert`, `change`, `remove` and `dropDefault` record who did it. Call them in
 * `together`, with a `before` that `lock` read there: then each `before` in the audit equals the previous `after`.
 */
export const makeConnectionStore = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const record = yield* makeRecord

  const ofTenant = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  const one = (scope: TenantScope, id: string) => sql`id = ${id}::uuid AND ${ofTenant(scope)}`
  const select = (which: Statement.Fragment) =>
    Effect.orDie(Effect.flatMap(sql`SELECT ${columns} FROM provider_connections WHERE ${which}`, decode))

  const list = (scope: TenantScope) => select(sql`${ofTenant(scope)} ORDER BY created_at, id`)
  const find = (scope: TenantScope, id: string) => Effect.flatMap(select(one(scope, id)), found)
  /** Like `find`, and locks the row until the transaction ends. */
  const lock = (scope: TenantScope, id: string) => Effect.flatMap(select(sql`${one(scope, id)} FOR UPDATE`), found)

  /** Commits all of the work, or nothing if it fails. */
  const together = <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.catchTag(sql.withTransaction(work), "SqlError", Effect.die)

  const insert = (by: By, values: Statement.Fragment) =>
    written(sql`INSERT INTO provider_connections ${values} RETURNING ${columns}`).pipe(
      Effect.tap((after) => record(by, { action: "created", id: after.id, after }))
    )

  // `updated_at` always grows: a token is kept for one `updated_at`, and clocks may go back.
  const touched = sql.literal("updated_at = greatest(clock_timestamp(), updated_at + interval '1 millisecond')")
  const change = (by: By, action: Action, before: ProviderConnection, set: Statement.Fragment) =>
    written(sql`
      UPDATE provider_connections SET ${set}, ${touched} WHERE ${one(by.scope, before.id)} RETURNING ${columns}`).pipe(
      Effect.tap((after) => record(by, { action, id: after.id, before, after }))
    )

  const remove = (by: By, before: ProviderConnection) =>
    Effect.andThen(
      Effect.orDie(sql`DELETE FROM provider_connections WHERE ${one(by.scope, before.id)}`),
      record(by, { action: "removed", id: before.id, before })
    )

  /** Changes of a tenant's default take turns, so the index that allows one default never refuses a change. */
  const lockDefault = ({ tenantId, workspaceId }: TenantScope) =>
    Effect.orDie(
      sql`SELECT pg_advisory_xact_lock(hashtextextended(${JSON.stringify(["provider_connections", workspaceId, tenantId])}, 0))`
    )
  const dropDefault = Effect.fnUntraced(function* (by: By) {
    const [before] = yield* select(sql`${ofTenant(by.scope)} AND is_default FOR UPDATE`)
    if (before !== undefined) yield* change(by, "updated", before, sql`is_default = false`)
  })

  return { list, find, lock, together, insert, change, remove, lockDefault, dropDefault }
})
