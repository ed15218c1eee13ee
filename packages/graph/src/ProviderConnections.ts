import { GraphError, type OperationScope, StartGate, type TenantScope } from "@atlas/operations"
import { Context, DateTime, Effect, Layer, type Redacted, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, SqlSchema } from "effect/sql"
import type { Credential } from "./Credential.ts"
import { CredentialVault } from "./CredentialVault.ts"

/** How a tenant's directory is reached: which app registration, in which Entra tenant, in which cloud. */
export class ProviderConnection extends Schema.Class<ProviderConnection>("@atlas/graph/ProviderConnection")({
  id: Schema.String,
  workspaceId: Schema.String,
  tenantId: Schema.String,
  displayName: Schema.String,
  /** A cloud's name from `GraphClouds`. */
  cloud: Schema.String,
  entraTenantId: Schema.String,
  clientId: Schema.String,
  enabled: Schema.Boolean,
  isDefault: Schema.Boolean,
  createdAt: Schema.DateTimeUtcFromDate,
  /** Changes with every change of the connection or its credential. */
  updatedAt: Schema.DateTimeUtcFromDate
}) {}

/** A connection that is ready for use, with its credential. */
export interface UsableConnection {
  readonly connection: ProviderConnection
  readonly credential: Credential
}

/** What a new connection needs. */
export interface NewConnection {
  readonly scope: TenantScope
  readonly displayName: string
  /** A cloud's name from `GraphClouds`. */
  readonly cloud: string
  readonly entraTenantId: string
  readonly clientId: string
  readonly clientSecret?: Redacted.Redacted
  /** Whether the tenant's operations use it; takes over from an earlier default. Default `true`. */
  readonly isDefault?: boolean
  /** Default `true`. */
  readonly enabled?: boolean
}

const Row = Schema.Struct({ ...ProviderConnection.fields, sealedSecret: Schema.NullOr(Schema.Uint8Array) })

const blocked = (reasonCode: GraphError["reasonCode"], message: string) => new GraphError({ reasonCode, message })

// Aliases, so that hosts may transform names or not.
const columns = `
  id, workspace_id AS "workspaceId", tenant_id AS "tenantId", display_name AS "displayName", cloud,
  entra_tenant_id AS "entraTenantId", client_id AS "clientId", enabled, is_default AS "isDefault",
  created_at AS "createdAt", updated_at AS "updatedAt", sealed_secret AS "sealedSecret"
`

const makeCreate = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const vault = yield* CredentialVault
  const random = yield* SecureRandom.SecureRandom

  return Effect.fn("ProviderConnections.create")(
    function* (input: NewConnection) {
      const { isDefault = true, enabled = true, scope } = input
      const id = yield* random.uuidV7()
      const now = DateTime.toDateUtc(yield* DateTime.now)
      const sealed = input.clientSecret === undefined ? null : yield* vault.seal(id, input.clientSecret)
      if (isDefault) {
        yield* sql`UPDATE provider_connections SET is_default = false, updated_at = ${now}
        WHERE workspace_id = ${scope.workspaceId} AND tenant_id = ${scope.tenantId} AND is_default`
      }
      const rows = yield* sql`
      INSERT INTO provider_connections (id, workspace_id, tenant_id, display_name, cloud, entra_tenant_id, client_id,
        sealed_secret, enabled, is_default, created_at, updated_at)
      VALUES (${id}, ${scope.workspaceId}, ${scope.tenantId}, ${input.displayName}, ${input.cloud},
        ${input.entraTenantId}, ${input.clientId}, ${sealed}, ${enabled}, ${isDefault}, ${now}, ${now})
      RETURNING ${sql.literal(columns)}`
      return yield* Schema.decodeUnknownEffect(ProviderConnection)(rows[0])
    },
    sql.withTransaction,
    Effect.orDie
  )
})

const makeDefaultFor = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const vault = yield* CredentialVault
  const findDefault = SqlSchema.findOneOption({
    Request: Schema.Struct({ workspaceId: Schema.String, tenantId: Schema.String }),
    Result: Row,
    execute: ({ tenantId, workspaceId }) =>
      sql`SELECT ${sql.literal(columns)} FROM provider_connections
          WHERE workspace_id = ${workspaceId} AND tenant_id = ${tenantId} AND is_default`
  })

  return Effect.fn("ProviderConnections.defaultFor")(function* ({ tenantId, workspaceId }: TenantScope) {
    const row = yield* findDefault({ workspaceId, tenantId }).pipe(
      Effect.orDie,
      Effect.flatMap(Effect.fromOption),
      Effect.mapError(() => blocked("provider_connection_missing", "The tenant has no default provider connection."))
    )
    const { sealedSecret, ...fields } = row
    const connection = new ProviderConnection(fields)
    if (!connection.enabled) {
      return yield* blocked("provider_connection_disabled", "The tenant's provider connection is switched off.")
    }
    if (sealedSecret === null) {
      return yield* blocked("provider_credential_missing", "The tenant's provider connection has no client secret.")
    }
    const clientSecret = yield* vault
      .open(connection.id, sealedSecret)
      .pipe(Effect.mapError((error) => blocked("provider_credential_missing", `${error.message}.`)))
    return { connection, credential: { kind: "client_secret" as const, secret: clientSecret } }
  })
})

const makeTenantsWithDefault = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const find = SqlSchema.findAll({
    Request: Schema.Array(Schema.String),
    Result: Schema.Struct({ tenantId: Schema.String }),
    execute: (tenants) =>
      sql`SELECT DISTINCT tenant_id AS "tenantId" FROM provider_connections
          WHERE is_default AND enabled AND ${sql.in("tenant_id", tenants)}`
  })

  return Effect.fn("ProviderConnections.tenantsWithDefault")(function* (tenants: ReadonlyArray<string>) {
    const rows = tenants.length === 0 ? [] : yield* find(tenants)
    return new Set(rows.map(({ tenantId }) => tenantId))
  }, Effect.orDie)
})

const isTenantScope = (scope: OperationScope): scope is TenantScope => scope.tenantId !== null

// One rule for the gate and for the client behind it: what would fail an attempt blocks its start.
const checkConnection = Effect.fnUntraced(function* (scope: OperationScope) {
  if (!isTenantScope(scope)) {
    return StartGate.blocked("provider_connection_missing", "Connections belong to tenants; the workspace has none.")
  }
  const connections = yield* ProviderConnections
  return yield* connections.defaultFor(scope).pipe(
    Effect.as(StartGate.open),
    Effect.catch(({ reasonCode, message }) => Effect.succeed(StartGate.blocked(reasonCode, message)))
  )
})

/** The connections of every tenant, with their credentials sealed. */
export class ProviderConnections extends Context.Service<
  ProviderConnections,
  {
    /**
     * Stores a connection.
     *
     * @param input whose connection, to what, and its client secret
     * @returns the connection, without the secret
     */
    create(input: NewConnection): Effect.Effect<ProviderConnection>

    /**
     * The connection that a tenant's operations use.
     *
     * @param scope the tenant
     * @returns the connection and its credential; fails with `provider_connection_missing`, `provider_connection_disabled` or
     * `provider_credential_missing`
     */
    defaultFor(scope: TenantScope): Effect.Effect<UsableConnection, GraphError>

    /**
     * Which of these tenants have an enabled default connection.
     *
     * @param tenants the host's tenant ids
     */
    tenantsWithDefault(tenants: ReadonlyArray<string>): Effect.Effect<ReadonlySet<string>>
  }
>()("@atlas/graph/ProviderConnections") {
  /** Connections in the table `provider_connections`. */
  static readonly layer: Layer.Layer<ProviderConnections, never, SqlClient.SqlClient | CredentialVault> = Layer.effect(
    ProviderConnections,
    Effect.all({ create: makeCreate, defaultFor: makeDefaultFor, tenantsWithDefault: makeTenantsWithDefault })
  ).pipe(Layer.provide(SecureRandom.layerWebCrypto))

  /** Blocks a start in a tenant without a usable connection. Answers from the database only. */
  static readonly gate: StartGate.StartGate<ProviderConnections> = StartGate.make(
    StartGate.providerConnection,
    ({ scope }) => checkConnection(scope)
  )
}
