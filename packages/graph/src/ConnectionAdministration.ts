import { argumentsOf, GivenTenantScope, Problems, type TenantScope, Uuid } from "@atlas/operations"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import * as ConnectionRules from "./ConnectionRules.ts"
import { seal } from "./Credential.ts"
import { CredentialVault } from "./CredentialVault.ts"
import { columns, ProviderConnection } from "./ProviderConnection.ts"

/** What a new connection needs. */
export interface NewConnection extends ConnectionRules.ConnectionDetails {
  readonly scope: TenantScope
  /** Without one, operations are blocked until `replaceCredential` stores it. */
  readonly credential?: ConnectionRules.NewCredential
  /** Whether the tenant's operations use it; takes over from an earlier default. Default `true`. */
  readonly isDefault?: boolean
  /** Default `true`. */
  readonly enabled?: boolean
}

/** What may change about a connection besides its credential. */
export interface ConnectionChange extends Partial<ConnectionRules.ConnectionDetails> {
  readonly enabled?: boolean
}

const details = ConnectionRules.ConnectionDetails.fields
const Whether = Schema.optional(Schema.Boolean)
const decodeScope = argumentsOf(Schema.Struct({ scope: GivenTenantScope }))
const decodeCreate = argumentsOf(
  Schema.Struct({
    input: Schema.Struct({
      scope: GivenTenantScope,
      ...details,
      credential: Schema.optional(ConnectionRules.NewCredential),
      isDefault: Whether,
      enabled: Whether
    })
  })
)
const decodeChange = argumentsOf(
  Schema.Struct({
    change: Schema.Struct({
      displayName: Schema.optional(details.displayName),
      cloud: Schema.optional(details.cloud),
      entraTenantId: Schema.optional(details.entraTenantId),
      clientId: Schema.optional(details.clientId),
      enabled: Whether
    })
  })
)
const decodeCredential = argumentsOf(Schema.Struct({ credential: ConnectionRules.NewCredential }))
const decodeWhich = argumentsOf(Schema.Struct({ scope: GivenTenantScope, id: Schema.String }))
const toId = Schema.decodeUnknownOption(Uuid)

/** The connection that is meant, by its id in any case; a text that is no id names none. */
const which = Effect.fnUntraced(function* (scope: TenantScope, id: string) {
  const given = yield* decodeWhich({ scope, id })
  const found = Option.getOrUndefined(toId(given.id))
  return found === undefined ? yield* new Problems.NotFound({}) : { scope: given.scope, id: found }
})

type Missed = Problems.NotFound | Problems.InvalidInput
type Changed = Effect.Effect<ProviderConnection, Missed>

const nameTaken = new Problems.InvalidInput({
  errors: [{ pointer: "/displayName", detail: "is the name of another connection of this tenant." }]
})

/** The unique name is the one rule that only the database can check. */
const orNameTaken = <A>(
  effect: Effect.Effect<A, SqlError.SqlError | Schema.SchemaError>
): Effect.Effect<A, Problems.InvalidInput> =>
  effect.pipe(
    Effect.catchReason("SqlError", "UniqueViolation", (reason, error) =>
      reason.constraint === "provider_connections_unique_name" ? Effect.fail(nameTaken) : Effect.die(error)
    ),
    Effect.catchTag(["SqlError", "SchemaError"], Effect.die)
  )

const orNotFound = (found: ProviderConnection | undefined) =>
  found === undefined ? Effect.fail(new Problems.NotFound({})) : Effect.succeed(found)

const decode = Schema.decodeUnknownEffect(ProviderConnection)
const decodeAll = Schema.decodeUnknownEffect(Schema.Array(ProviderConnection))

/** The statements on connections of a tenant. */
const makeStatements = Effect.map(SqlClient.SqlClient, (sql) => {
  const ofTenant = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  // Changes grow: a token is kept for one `updated_at`, and clocks are not to be trusted.
  const touched = sql.literal("updated_at = greatest(clock_timestamp(), updated_at + interval '1 millisecond')")

  // One at a time changes a tenant's default, so that the index that allows only one never refuses anybody.
  const lockDefault = ({ tenantId, workspaceId }: TenantScope) =>
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${JSON.stringify(["provider_connections", workspaceId, tenantId])}, 0))`
  const dropDefault = (scope: TenantScope) =>
    sql`UPDATE provider_connections SET is_default = false, ${touched} WHERE ${ofTenant(scope)} AND is_default`

  const change = Effect.fnUntraced(function* (scope: TenantScope, id: string, set: Statement.Fragment) {
    const [row] = yield* sql`
      UPDATE provider_connections SET ${set}, ${touched} WHERE id = ${id}::uuid AND ${ofTenant(scope)}
      RETURNING ${columns}`
    return row === undefined ? undefined : yield* decode(row)
  })

  return { sql, ofTenant, lockDefault, dropDefault, change }
})

const makeCreate = Effect.gen(function* () {
  const { dropDefault, lockDefault, sql } = yield* makeStatements
  const vault = yield* CredentialVault
  const random = yield* SecureRandom.SecureRandom
  const check = yield* ConnectionRules.make

  const insert = Effect.fnUntraced(function* (
    input: Effect.Success<ReturnType<typeof decodeCreate>>["input"],
    checked: ConnectionRules.CheckedCredential | null
  ) {
    const { isDefault = true, enabled = true, scope } = input
    const id = yield* random.uuidV7()
    const sealed = checked && (yield* seal(vault, id, checked.credential))
    if (isDefault) {
      yield* lockDefault(scope)
      yield* dropDefault(scope)
    }
    const [row] = yield* sql`
      INSERT INTO provider_connections (id, workspace_id, tenant_id, display_name, cloud, entra_tenant_id, client_id,
        credential_kind, sealed_secret, key_id, credential_expires_at, certificate_thumbprint, enabled, is_default,
        created_at, updated_at)
      SELECT ${id}, ${scope.workspaceId}, ${scope.tenantId}, ${input.displayName.trim()}, ${input.cloud},
        ${input.entraTenantId}, ${input.clientId}, ${checked?.credential.kind ?? null}::text,
        ${sealed?.bytes ?? null}::bytea, ${sealed?.keyId ?? null}::text,
        ${checked?.expiresAt ? DateTime.toDateUtc(checked.expiresAt) : null}::timestamptz,
        ${checked?.thumbprint ?? null}::text, ${enabled}, ${isDefault}, now, now
      FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS now) AS clock
      RETURNING ${columns}`
    return yield* decode(row)
  })

  return Effect.fn("ConnectionAdministration.create")(function* (given: NewConnection) {
    const { input } = yield* decodeCreate({ input: given })
    const checked = yield* check(input, input.credential)
    return yield* orNameTaken(sql.withTransaction(insert(input, checked)))
  })
})

const makeUpdate = Effect.gen(function* () {
  const { change, sql } = yield* makeStatements
  const check = yield* ConnectionRules.make

  return Effect.fn("ConnectionAdministration.update")(function* (
    givenScope: TenantScope,
    givenId: string,
    given: ConnectionChange
  ) {
    const { id, scope } = yield* which(givenScope, givenId)
    const { change: wanted } = yield* decodeChange({ change: given })
    yield* check(wanted, undefined)
    const { clientId = null, cloud = null, displayName, enabled = null, entraTenantId = null } = wanted
    return yield* orNameTaken(
      change(
        scope,
        id,
        sql`display_name = coalesce(${displayName?.trim() ?? null}, display_name), cloud = coalesce(${cloud}, cloud),
          entra_tenant_id = coalesce(${entraTenantId}, entra_tenant_id), client_id = coalesce(${clientId}, client_id),
          enabled = coalesce(${enabled}, enabled)`
      )
    ).pipe(Effect.flatMap(orNotFound))
  })
})

const makeReplaceCredential = Effect.gen(function* () {
  const { change, sql } = yield* makeStatements
  const vault = yield* CredentialVault
  const check = yield* ConnectionRules.make

  return Effect.fn("ConnectionAdministration.replaceCredential")(function* (
    givenScope: TenantScope,
    givenId: string,
    given: ConnectionRules.NewCredential
  ) {
    const { id, scope } = yield* which(givenScope, givenId)
    const { credential } = yield* decodeCredential({ credential: given })
    const checked = yield* check({}, credential)
    if (checked === null) return yield* Effect.die("A credential that was given was checked")
    const sealed = yield* seal(vault, id, checked.credential)
    return yield* orNameTaken(
      change(
        scope,
        id,
        sql`credential_kind = ${checked.credential.kind}, sealed_secret = ${sealed.bytes}, key_id = ${sealed.keyId},
          credential_expires_at = ${checked.expiresAt && DateTime.toDateUtc(checked.expiresAt)},
          certificate_thumbprint = ${checked.thumbprint}`
      )
    ).pipe(Effect.flatMap(orNotFound))
  })
})

const make = Effect.gen(function* () {
  const { change, dropDefault, lockDefault, ofTenant, sql } = yield* makeStatements

  const list = Effect.fn("ConnectionAdministration.list")(function* (given: TenantScope) {
    const { scope } = yield* decodeScope({ scope: given })
    const rows = sql`SELECT ${columns} FROM provider_connections WHERE ${ofTenant(scope)} ORDER BY created_at, id`
    return yield* Effect.orDie(Effect.flatMap(rows, decodeAll))
  })

  const get = Effect.fn("ConnectionAdministration.get")(function* (givenScope: TenantScope, givenId: string) {
    const { id, scope } = yield* which(givenScope, givenId)
    const [row] = yield* Effect.orDie(
      sql`SELECT ${columns} FROM provider_connections WHERE id = ${id}::uuid AND ${ofTenant(scope)}`
    )
    return row === undefined ? yield* new Problems.NotFound({}) : yield* Effect.orDie(decode(row))
  })

  const makeDefault = Effect.fn("ConnectionAdministration.makeDefault")(
    function* (givenScope: TenantScope, givenId: string) {
      const { id, scope } = yield* which(givenScope, givenId)
      yield* lockDefault(scope)
      yield* get(scope, id)
      yield* dropDefault(scope)
      return yield* Effect.flatMap(change(scope, id, sql`is_default = true`), orNotFound)
    },
    sql.withTransaction,
    Effect.catchTag(["SqlError", "SchemaError"], Effect.die)
  )

  const remove = Effect.fn("ConnectionAdministration.remove")(function* (givenScope: TenantScope, givenId: string) {
    const { id, scope } = yield* which(givenScope, givenId)
    const [row] = yield* Effect.orDie(
      sql`DELETE FROM provider_connections WHERE id = ${id}::uuid AND ${ofTenant(scope)} RETURNING id`
    )
    if (row === undefined) return yield* new Problems.NotFound({})
  })

  return ConnectionAdministration.of({
    create: yield* makeCreate,
    update: yield* makeUpdate,
    replaceCredential: yield* makeReplaceCredential,
    list,
    get,
    makeDefault,
    remove
  })
})

/**
 * Keeps the connections of every tenant. Whoever calls has authorised the actor. No call returns a credential, and no
 * problem repeats one. Arguments are decoded, whatever their types say; a text that is no id is `NotFound`. Database failures are defects.
 */
export class ConnectionAdministration extends Context.Service<
  ConnectionAdministration,
  {
    /** Stores a connection. Fails with every problem of what was entered. */
    create(input: NewConnection): Effect.Effect<ProviderConnection, Problems.InvalidInput>
    /** A tenant's connections, oldest first. */
    list(scope: TenantScope): Effect.Effect<ReadonlyArray<ProviderConnection>, Problems.InvalidInput>
    /** One connection of a tenant. */
    get(scope: TenantScope, id: string): Effect.Effect<ProviderConnection, Missed>
    /** Renames a connection, switches it on or off, or leads it elsewhere. */
    update(scope: TenantScope, id: string, change: ConnectionChange): Changed
    /** Stores another credential, of whatever kind; tokens of the earlier one are not used again. */
    replaceCredential(scope: TenantScope, id: string, credential: ConnectionRules.NewCredential): Changed
    /** Lets the tenant's operations use this connection, in place of an earlier default. */
    makeDefault(scope: TenantScope, id: string): Effect.Effect<ProviderConnection, Missed>
    /** Removes a connection with its credential. */
    remove(scope: TenantScope, id: string): Effect.Effect<void, Missed>
  }
>()("@atlas/graph/ConnectionAdministration") {
  /** Connections in the table `provider_connections`. */
  static readonly layer: Layer.Layer<ConnectionAdministration, never, SqlClient.SqlClient | CredentialVault> =
    Layer.effect(
      ConnectionAdministration,
      Effect.suspend(() => make)
    ).pipe(Layer.provide(SecureRandom.layerWebCrypto))
}
