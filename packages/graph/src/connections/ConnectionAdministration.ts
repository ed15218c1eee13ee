/**
 * Creates, changes and removes provider connections, for a host's pages and scripts. It authorises nobody: the caller has
 * authorised the actor. Each change and its audit record, which holds the connection before and after, are one transaction.
 * A call that changes nothing leaves no record. No call returns a credential, and no problem or audit record repeats one.
 * `ProviderConnections` is what operations read.
 *
 * @module
 */
import { type Actor, type AuditLog, Decoding, Problems, type TenantScope, Uuid } from "@atlas/operations"
import { Context, DateTime, Effect, Layer, Schema, Struct } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import * as ConnectionRules from "./ConnectionRules.ts"
import { makeConnectionStore } from "./ConnectionStore.ts"
import { seal } from "../credentials/Credential.ts"
import { CredentialVault } from "../credentials/CredentialVault.ts"
import type { ProviderConnection } from "./ProviderConnection.ts"

/** A connection to create. */
export interface NewConnection extends ConnectionRules.ConnectionDetails {
  readonly scope: TenantScope
  /** Without a credential, operations are blocked until `replaceCredential` stores one. */
  readonly credential?: ConnectionRules.NewCredential
  /** Whether the tenant's operations use this connection, in place of an earlier default. Default `true`. */
  readonly isDefault?: boolean
  /** Default `true`. */
  readonly enabled?: boolean
}

/** The fields of a connection to change. `replaceCredential` changes its credential. */
export interface ConnectionChange extends Partial<ConnectionRules.ConnectionDetails> {
  readonly enabled?: boolean
}

const details = ConnectionRules.ConnectionDetails.fields
const Whether = Schema.optional(Schema.Boolean)
const one = { scope: Decoding.GivenTenantScope, id: Schema.String }
const decodeScope = Decoding.argumentsOf(Schema.Struct({ scope: Decoding.GivenTenantScope }))
const decodeOne = Decoding.argumentsOf(Schema.Struct(one))
const decodeActing = Decoding.argumentsOf(Schema.Struct({ actor: Decoding.GivenActor, ...one }))
const decodeCreate = Decoding.argumentsOf(
  Schema.Struct({
    actor: Decoding.GivenActor,
    input: Schema.Struct({
      scope: Decoding.GivenTenantScope,
      ...details,
      credential: Schema.optional(ConnectionRules.NewCredential),
      isDefault: Whether,
      enabled: Whether
    })
  })
)
const decodeUpdate = Decoding.argumentsOf(
  Schema.Struct({
    actor: Decoding.GivenActor,
    ...one,
    change: Schema.Struct({
      displayName: Schema.optional(details.displayName),
      cloud: Schema.optional(details.cloud),
      entraTenantId: Schema.optional(details.entraTenantId),
      clientId: Schema.optional(details.clientId),
      enabled: Whether
    })
  })
)
const decodeReplace = Decoding.argumentsOf(
  Schema.Struct({ actor: Decoding.GivenActor, ...one, credential: ConnectionRules.NewCredential })
)

const decodeId = Schema.decodeEffect(Uuid)
/** Accepts an id in any case. A text that is not a UUID names no connection. */
const idOf = (text: string) => Effect.mapError(decodeId(text), () => new Problems.NotFound({}))

type Missed = Problems.NotFound | Problems.InvalidInput
type Changed = Effect.Effect<ProviderConnection, Missed>

const makeCreate = Effect.gen(function* () {
  const { dropDefault, insert, lockDefault, together } = yield* makeConnectionStore
  const sql = yield* SqlClient.SqlClient
  const vault = yield* CredentialVault
  const random = yield* SecureRandom.SecureRandom
  const check = yield* ConnectionRules.make

  return Effect.fn("ConnectionAdministration.create")(function* (givenActor: Actor, given: NewConnection) {
    const { actor, input } = yield* decodeCreate({ actor: givenActor, input: given })
    const { isDefault = true, enabled = true, scope } = input
    const checked = yield* check(input, input.credential)
    const id = yield* random.uuidV7()
    const sealed = checked && (yield* seal(vault, id, checked.credential))
    const values = sql`(id, workspace_id, tenant_id, display_name, cloud, entra_tenant_id, client_id,
        credential_kind, sealed_secret, key_id, credential_expires_at, certificate_thumbprint, enabled, is_default,
        created_at, updated_at)
      SELECT ${id}, ${scope.workspaceId}, ${scope.tenantId}, ${input.displayName.trim()}, ${input.cloud},
        ${input.entraTenantId}, ${input.clientId}, ${checked?.credential.kind ?? null}::text,
        ${sealed?.bytes ?? null}::bytea, ${sealed?.keyId ?? null}::text,
        ${checked?.expiresAt ? DateTime.toDateUtc(checked.expiresAt) : null}::timestamptz,
        ${checked?.thumbprint ?? null}::text, ${enabled}, ${isDefault}, now, now
      FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS now) AS clock`
    const by = { actor, scope }
    const takeDefault = Effect.andThen(lockDefault(scope), dropDefault(by))
    return yield* together(Effect.andThen(isDefault ? takeDefault : Effect.void, insert(by, values)))
  })
})

const makeUpdate = Effect.gen(function* () {
  const { change, lock, together } = yield* makeConnectionStore
  const sql = yield* SqlClient.SqlClient
  const check = yield* ConnectionRules.make

  return Effect.fn("ConnectionAdministration.update")(function* (
    givenActor: Actor,
    givenScope: TenantScope,
    givenId: string,
    given: ConnectionChange
  ) {
    const decoded = yield* decodeUpdate({ actor: givenActor, scope: givenScope, id: givenId, change: given })
    const { actor, change: wanted, scope } = decoded
    const id = yield* idOf(decoded.id)
    yield* check(wanted, undefined)
    return yield* together(
      Effect.gen(function* () {
        const before = yield* lock(scope, id)
        const next = {
          displayName: wanted.displayName?.trim() ?? before.displayName,
          cloud: wanted.cloud ?? before.cloud,
          entraTenantId: wanted.entraTenantId ?? before.entraTenantId,
          clientId: wanted.clientId ?? before.clientId,
          enabled: wanted.enabled ?? before.enabled
        }
        if (Struct.keys(next).every((name) => next[name] === before[name])) return before
        return yield* change(
          { actor, scope },
          "updated",
          before,
          sql`display_name = ${next.displayName}, cloud = ${next.cloud}, entra_tenant_id = ${next.entraTenantId},
            client_id = ${next.clientId}, enabled = ${next.enabled}`
        )
      })
    )
  })
})

const makeReplaceCredential = Effect.gen(function* () {
  const { change, lock, together } = yield* makeConnectionStore
  const sql = yield* SqlClient.SqlClient
  const vault = yield* CredentialVault
  const check = yield* ConnectionRules.make

  return Effect.fn("ConnectionAdministration.replaceCredential")(function* (
    givenActor: Actor,
    givenScope: TenantScope,
    givenId: string,
    given: ConnectionRules.NewCredential
  ) {
    const decoded = yield* decodeReplace({ actor: givenActor, scope: givenScope, id: givenId, credential: given })
    const { actor, scope } = decoded
    const id = yield* idOf(decoded.id)
    const checked = yield* check({}, decoded.credential)
    if (checked === null) return yield* Effect.die("A given credential was not checked")
    const sealed = yield* seal(vault, id, checked.credential)
    const set = sql`credential_kind = ${checked.credential.kind}, sealed_secret = ${sealed.bytes}, key_id = ${sealed.keyId},
      credential_expires_at = ${checked.expiresAt && DateTime.toDateUtc(checked.expiresAt)},
      certificate_thumbprint = ${checked.thumbprint}`
    return yield* together(
      Effect.flatMap(lock(scope, id), (before) => change({ actor, scope }, "credential_replaced", before, set))
    )
  })
})

const makeMakeDefault = Effect.gen(function* () {
  const { change, dropDefault, lock, lockDefault, together } = yield* makeConnectionStore
  const sql = yield* SqlClient.SqlClient

  return Effect.fn("ConnectionAdministration.makeDefault")(function* (
    givenActor: Actor,
    givenScope: TenantScope,
    givenId: string
  ) {
    const decoded = yield* decodeActing({ actor: givenActor, scope: givenScope, id: givenId })
    const by = { actor: decoded.actor, scope: decoded.scope }
    const id = yield* idOf(decoded.id)
    return yield* together(
      Effect.gen(function* () {
        yield* lockDefault(by.scope)
        const before = yield* lock(by.scope, id)
        if (before.isDefault) return before
        yield* dropDefault(by)
        return yield* change(by, "made_default", before, sql`is_default = true`)
      })
    )
  })
})

const make = Effect.gen(function* () {
  const store = yield* makeConnectionStore

  const list = Effect.fn("ConnectionAdministration.list")(function* (given: TenantScope) {
    const { scope } = yield* decodeScope({ scope: given })
    return yield* store.list(scope)
  })

  const get = Effect.fn("ConnectionAdministration.get")(function* (givenScope: TenantScope, givenId: string) {
    const { id, scope } = yield* decodeOne({ scope: givenScope, id: givenId })
    return yield* store.find(scope, yield* idOf(id))
  })

  const remove = Effect.fn("ConnectionAdministration.remove")(function* (
    givenActor: Actor,
    givenScope: TenantScope,
    givenId: string
  ) {
    const { actor, id: text, scope } = yield* decodeActing({ actor: givenActor, scope: givenScope, id: givenId })
    const id = yield* idOf(text)
    yield* store.together(Effect.flatMap(store.lock(scope, id), (before) => store.remove({ actor, scope }, before)))
  })

  return ConnectionAdministration.of({
    create: yield* makeCreate,
    update: yield* makeUpdate,
    replaceCredential: yield* makeReplaceCredential,
    list,
    get,
    makeDefault: yield* makeMakeDefault,
    remove
  })
})

/**
 * The connections of every tenant. Each call decodes its arguments, whatever their types say; an id that is not a UUID is
 * `NotFound`. Database failures are defects.
 *
 * @example
 * ```ts
 * const administration = yield* ConnectionAdministration
 * yield* administration.create(ada, {
 *   scope: contoso,
 *   displayName: "Contoso",
 *   cloud: "fake",
 *   entraTenantId,
 *   clientId,
 *   credential: { credential: { kind: "client_secret", secret: Redacted.make(clientSecret) } }
 * })
 * ```
 */
export class ConnectionAdministration extends Context.Service<
  ConnectionAdministration,
  {
    /** Stores a connection. Fails with every problem of the input. */
    create(actor: Actor, input: NewConnection): Effect.Effect<ProviderConnection, Problems.InvalidInput>
    /** A tenant's connections, oldest first. */
    list(scope: TenantScope): Effect.Effect<ReadonlyArray<ProviderConnection>, Problems.InvalidInput>
    /** One connection of a tenant. */
    get(scope: TenantScope, id: string): Effect.Effect<ProviderConnection, Missed>
    /** Renames a connection, switches it on or off, or points it at another app, Entra tenant or cloud. */
    update(actor: Actor, scope: TenantScope, id: string, change: ConnectionChange): Changed
    /** Stores another credential, of any kind. Tokens of the earlier one are not used again. */
    replaceCredential(actor: Actor, scope: TenantScope, id: string, credential: ConnectionRules.NewCredential): Changed
    /** Makes the tenant's operations use this connection. The audit records it and the default that it replaces. */
    makeDefault(actor: Actor, scope: TenantScope, id: string): Changed
    /** Removes a connection with its credential. */
    remove(actor: Actor, scope: TenantScope, id: string): Effect.Effect<void, Missed>
  }
>()("@atlas/graph/ConnectionAdministration") {
  /**
   * Stores connections in the table `provider_connections`.
   *
   * @example
   * ```ts
   * const connections = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
   *   Layer.provide([CredentialVault.layer(secret), AuditLog.layer])
   * )
   * ```
   */
  static readonly layer: Layer.Layer<
    ConnectionAdministration,
    never,
    AuditLog | CredentialVault | SqlClient.SqlClient
  > = Layer.effect(
    ConnectionAdministration,
    Effect.suspend(() => make)
  ).pipe(Layer.provide(SecureRandom.layerWebCrypto))
}
