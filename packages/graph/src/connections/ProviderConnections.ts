/**
 * The connections that operations use, with their credentials. The live client asks for a tenant's default; `gate` blocks a
 * start in a tenant that has no usable one. `ConnectionAdministration` changes connections.
 *
 * @module
 */
import {
  Decoding,
  GraphError,
  type OperationScope,
  type Problems,
  StartGate,
  type TenantScope,
  Uuid,
  Storable
} from "@atlas/operations"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { type Credential, unseal } from "../credentials/Credential.ts"
import { CredentialVault } from "../credentials/CredentialVault.ts"
import { columns, ProviderConnection } from "./ProviderConnection.ts"

/** A connection with its opened credential. */
export interface UsableConnection {
  readonly connection: ProviderConnection
  readonly credential: Credential
}

/**
 * The id of the one connection that requests to Graph use; null for each tenant's default. Verification provides it around
 * its requests, so that it can check connections that nothing else uses.
 */
export const ConnectionChoice = Context.Reference<string | null>("@atlas/graph/ConnectionChoice", {
  defaultValue: () => null
})

const Row = Schema.Struct({
  ...ProviderConnection.fields,
  keyId: Schema.NullOr(Schema.String),
  sealedSecret: Schema.NullOr(Schema.Uint8Array)
})
const where = Schema.Struct({ workspaceId: Schema.String, tenantId: Schema.String })

const decode = {
  scope: Decoding.argumentsOf(Schema.Struct({ scope: Decoding.GivenTenantScope })),
  usable: Decoding.argumentsOf(Schema.Struct({ scope: Decoding.GivenTenantScope, connectionId: Schema.String })),
  tenants: Decoding.argumentsOf(Schema.Struct({ tenants: Schema.Array(Schema.String) }))
}
const toId = Schema.decodeUnknownOption(Uuid)

const blocked = (reasonCode: GraphError["reasonCode"], message: string) => new GraphError({ reasonCode, message })
const missing = (message: string) => blocked("provider_connection_missing", message)

const makeOpen = Effect.map(CredentialVault, (vault) =>
  Effect.fnUntraced(function* ({ keyId, sealedSecret, ...fields }: typeof Row.Type) {
    const connection = new ProviderConnection(fields)
    if (sealedSecret === null) {
      return yield* blocked("provider_credential_missing", "The tenant's provider connection has no credential.")
    }
    const credential = yield* unseal(vault, connection.id, { keyId, bytes: sealedSecret }).pipe(
      Effect.mapError((error) => blocked("provider_credential_missing", `${error.message}.`))
    )
    const usable: UsableConnection = { connection, credential }
    return usable
  })
)

const makeDefaultFor = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const open = yield* makeOpen
  const findDefault = SqlSchema.findOneOption({
    Request: where,
    Result: Row,
    execute: ({ tenantId, workspaceId }) =>
      sql`SELECT ${columns}, key_id AS "keyId", sealed_secret AS "sealedSecret" FROM provider_connections
          WHERE workspace_id = ${workspaceId} AND tenant_id = ${tenantId} AND is_default`
  })

  return Effect.fn("ProviderConnections.defaultFor")(function* (given: TenantScope) {
    const { tenantId, workspaceId } = (yield* decode.scope({ scope: given })).scope
    const row = yield* findDefault({ workspaceId, tenantId }).pipe(
      Effect.orDie,
      Effect.flatMap(Effect.fromOption),
      Effect.mapError(() => missing("The tenant has no default provider connection."))
    )
    if (!row.enabled) {
      return yield* blocked("provider_connection_disabled", "The tenant's provider connection is switched off.")
    }
    return yield* open(row)
  })
})

const makeDefaultId = Effect.map(SqlClient.SqlClient, (sql) =>
  Effect.fn("ProviderConnections.defaultId")(function* (given: TenantScope) {
    const { tenantId, workspaceId } = (yield* decode.scope({ scope: given })).scope
    const [row] = yield* Effect.orDie(sql<{ id: string }>`
      SELECT id::text AS id FROM provider_connections
      WHERE workspace_id = ${workspaceId} AND tenant_id = ${tenantId} AND is_default`)
    return Option.map(Option.fromUndefinedOr(row), ({ id }) => id)
  })
)

const makeUsable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const open = yield* makeOpen
  const find = SqlSchema.findOneOption({
    Request: Schema.Struct({ ...where.fields, id: Schema.String }),
    Result: Row,
    execute: ({ id, tenantId, workspaceId }) =>
      sql`SELECT ${columns}, key_id AS "keyId", sealed_secret AS "sealedSecret" FROM provider_connections
          WHERE id = ${id}::uuid AND workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  })

  return Effect.fn("ProviderConnections.usable")(function* (givenScope: TenantScope, givenId: string) {
    const { connectionId, scope } = yield* decode.usable({ scope: givenScope, connectionId: givenId })
    const id = Option.getOrUndefined(toId(connectionId))
    const found = id === undefined ? Option.none() : yield* Effect.orDie(find({ ...scope, id }))
    if (Option.isNone(found)) return yield* missing("The tenant has no such provider connection.")
    return yield* open(found.value)
  })
})

const makeTenantsWithDefault = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const find = SqlSchema.findAll({
    Request: Schema.Array(Schema.String),
    Result: Schema.Struct({ tenantId: Schema.String }),
    execute: (tenants) =>
      sql`SELECT DISTINCT tenant_id AS "tenantId" FROM provider_connections
          WHERE is_default AND enabled AND tenant_id = ANY(${tenants}::text[])`
  })

  return Effect.fn("ProviderConnections.tenantsWithDefault")(function* (given: ReadonlyArray<string>) {
    const { tenants } = yield* decode.tenants({ tenants: given })
    const rows = tenants.length === 0 ? [] : yield* Effect.orDie(find(tenants.filter(Storable.is)))
    return new Set(rows.map(({ tenantId }) => tenantId))
  })
})

const isTenantScope = (scope: OperationScope): scope is TenantScope => scope.tenantId !== null

// The gate and the client share one rule: what would fail an attempt blocks its start.
const checkConnection = Effect.fnUntraced(function* (scope: OperationScope) {
  if (!isTenantScope(scope)) {
    return StartGate.blocked("provider_connection_missing", "Connections belong to tenants; the workspace has none.")
  }
  const connections = yield* ProviderConnections
  return yield* connections.defaultFor(scope).pipe(
    Effect.as(StartGate.open),
    // The scope of a start is already decoded.
    Effect.catchTag("InvalidInput", Effect.die),
    Effect.catch(({ reasonCode, message }) => Effect.succeed(StartGate.blocked(reasonCode, message)))
  )
})

/**
 * Finds connections. Each call decodes its arguments, whatever their types say; an `InvalidInput` names each problem.
 * Database failures are defects.
 */
export class ProviderConnections extends Context.Service<
  ProviderConnections,
  {
    /**
     * The connection that a tenant's operations use. Fails with `provider_connection_missing`,
     * `provider_connection_disabled` or `provider_credential_missing`.
     */
    defaultFor(scope: TenantScope): Effect.Effect<UsableConnection, GraphError | Problems.InvalidInput>

    /** The id of a tenant's default connection, even while it cannot be used; none if the tenant has no default. */
    defaultId(scope: TenantScope): Effect.Effect<Option.Option<string>, Problems.InvalidInput>

    /**
     * One connection of a tenant, even while it is switched off: for verification. Fails with
     * `provider_connection_missing` or `provider_credential_missing`.
     */
    usable(
      scope: TenantScope,
      connectionId: string
    ): Effect.Effect<UsableConnection, GraphError | Problems.InvalidInput>

    /** Which of these tenants, by the host's ids, have an enabled default connection. */
    tenantsWithDefault(tenants: ReadonlyArray<string>): Effect.Effect<ReadonlySet<string>, Problems.InvalidInput>
  }
>()("@atlas/graph/ProviderConnections") {
  /**
   * Reads connections from the table `provider_connections`.
   *
   * @example
   * ```ts
   * const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
   *   Layer.provide([CredentialVault.layer(secret), AuditLog.layer])
   * )
   * ```
   */
  static readonly layer: Layer.Layer<ProviderConnections, never, SqlClient.SqlClient | CredentialVault> = Layer.effect(
    ProviderConnections,
    Effect.all({
      defaultFor: makeDefaultFor,
      defaultId: makeDefaultId,
      usable: makeUsable,
      tenantsWithDefault: makeTenantsWithDefault
    })
  )

  /** Blocks a start in a tenant without a usable connection. It asks the database only. */
  static readonly gate: StartGate.StartGate<ProviderConnections> = StartGate.make(
    StartGate.providerConnection,
    ({ scope }) => checkConnection(scope)
  )
}
