import { AuditLog, RequestId, WorkspaceId } from "@atlas/operations"
import { SelfSigned, TestDatabase, withoutAudit } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Exit, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionAdministration, CredentialVault, GraphCloud, type NewCredential } from "../../src/index.ts"
import { run } from "../../src/Migrations.ts"
import { ada, clientId, newConnection, tenant } from "../Fixtures.ts"

const live = ConnectionAdministration.layer.pipe(
  Layer.provide(CredentialVault.layer(Redacted.make("a development secret of 32 bytes!"))),
  Layer.provide(GraphCloud.layerFake("http://localhost")),
  Layer.provideMerge(AuditLog.layer),
  Layer.provideMerge(Layer.effectDiscard(run)),
  Layer.provideMerge(TestDatabase.layer)
)

const workspaceId = WorkspaceId.make("northwind")
const secret = (value: string): NewCredential => ({
  credential: { kind: "client_secret", secret: Redacted.make(value) },
  expiresAt: DateTime.makeUnsafe("2099-01-01")
})
const details = { cloud: "fake", entraTenantId: "contoso.onmicrosoft.com", clientId }
const create = Effect.fnUntraced(function* (name: string, displayName: string, isDefault = true) {
  const connections = yield* ConnectionAdministration
  const credential = secret("a-client-secret")
  return yield* connections.create(ada, newConnection(tenant(name), { displayName, ...details, credential, isDefault }))
})

type State = Readonly<Record<string, unknown>> | null

/** What is on record of a connection, the oldest first. */
const recordsOf = Effect.fnUntraced(function* (id: string) {
  const records = yield* (yield* AuditLog).ofRecord(workspaceId, { kind: "provider_connection", id }, 1_000)
  return records.toReversed().map(({ action, actor, data, requestId, tenantId }) => ({
    action,
    by: actor.id,
    requestId,
    tenantId,
    before: data["before"] as State,
    after: data["after"] as State
  }))
})
const actionsOf = (id: string) => Effect.map(recordsOf(id), (records) => records.map(({ action }) => action))

layer(live, { excludeTestServices: true, timeout: "60 seconds" })("the audit of connections", (it) => {
  it.effect("has who created, changed and removed a connection, and how it was before and after", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const scope = tenant("told")
      const keys = SelfSigned.keyPair()
      const certificate: NewCredential["credential"] = {
        kind: "certificate",
        certificate: SelfSigned.certificate(keys),
        privateKey: Redacted.make(SelfSigned.privatePem(keys.privateKey))
      }
      const { id } = yield* create("told", "Main", false)
      yield* connections.update(ada, scope, id, { displayName: "Renamed", cloud: "china", enabled: false })
      const { certificateThumbprint, credentialExpiresAt } = yield* connections.replaceCredential(ada, scope, id, {
        credential: certificate
      })
      yield* connections.makeDefault(ada, scope, id)
      yield* connections.remove(ada, scope, id)

      const created = {
        ...details,
        displayName: "Main",
        credentialKind: "client_secret",
        credentialExpiresAt: "2099-01-01T00:00:00.000Z",
        certificateThumbprint: null,
        enabled: true,
        isDefault: false
      }
      const updated = { ...created, displayName: "Renamed", cloud: "china", enabled: false }
      const replaced = {
        ...updated,
        credentialKind: "certificate",
        certificateThumbprint,
        credentialExpiresAt: credentialExpiresAt && DateTime.formatIso(credentialExpiresAt)
      }
      const made = { ...replaced, isDefault: true }
      const of = { by: "ada", requestId: "request-1", tenantId: "told" }
      assert.deepStrictEqual<ReadonlyArray<object>>(yield* recordsOf(id), [
        { action: "provider_connection.created", ...of, before: null, after: created },
        { action: "provider_connection.updated", ...of, before: created, after: updated },
        { action: "provider_connection.credential_replaced", ...of, before: updated, after: replaced },
        { action: "provider_connection.made_default", ...of, before: replaced, after: made },
        { action: "provider_connection.removed", ...of, before: made, after: null }
      ])
    }).pipe(Effect.provideService(RequestId, "request-1"))
  )

  it.effect("tells of both connections where one takes the default from the other", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const first = yield* create("taken", "First")
      const second = yield* create("taken", "Second")
      yield* connections.makeDefault(ada, tenant("taken"), first.id)
      const told = (id: string) =>
        Effect.map(recordsOf(id), (records) =>
          records.map(({ action, after, before }) => [action, before?.["isDefault"], after?.["isDefault"]])
        )
      assert.deepStrictEqual(yield* told(first.id), [
        ["provider_connection.created", undefined, true],
        ["provider_connection.updated", true, false],
        ["provider_connection.made_default", false, true]
      ])
      assert.deepStrictEqual(yield* told(second.id), [
        ["provider_connection.created", undefined, true],
        ["provider_connection.updated", true, false]
      ])
    })
  )

  it.effect("has nothing of what changed nothing, but every credential that was stored", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const scope = tenant("same")
      const created = yield* create("same", "Main")
      const other = yield* create("same", "Other", false)
      const { id } = created
      const unchanged = [
        connections.update(ada, scope, id, {}),
        connections.update(ada, scope, id, { displayName: " Main ", ...details, enabled: true }),
        connections.makeDefault(ada, scope, id)
      ]
      for (const call of unchanged) assert.deepStrictEqual(yield* call, created)
      const refused = [
        connections.update(ada, scope, id, { displayName: "Other" }),
        connections.update(ada, scope, id, { cloud: "moon" }),
        connections.remove(ada, tenant("elsewhere"), id),
        create("same", "Main")
      ]
      for (const call of refused) yield* Effect.flip<unknown, unknown, ConnectionAdministration>(call)
      assert.deepStrictEqual(yield* actionsOf(id), ["provider_connection.created"])
      assert.deepStrictEqual(yield* actionsOf(other.id), ["provider_connection.created"])
      yield* connections.replaceCredential(ada, scope, id, secret("a-client-secret"))
      assert.deepStrictEqual(yield* actionsOf(id), [
        "provider_connection.created",
        "provider_connection.credential_replaced"
      ])
    })
  )

  it.effect("holds no secret, ciphertext or key id", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const connections = yield* ConnectionAdministration
      const scope = tenant("secret")
      const { id } = yield* create("secret", "Main")
      yield* connections.replaceCredential(ada, scope, id, secret("another-secret"))
      yield* connections.update(ada, scope, id, { enabled: false })
      const [stored] = yield* sql<Readonly<Record<string, string>>>`
        SELECT key_id AS key, encode(sealed_secret, 'hex') AS hex, encode(sealed_secret, 'base64') AS base64
        FROM provider_connections WHERE id = ${id}::uuid`
      const [audit] = yield* sql<{ readonly all: string }>`
        SELECT string_agg(a::text, E'\n') AS all FROM operation_audit AS a WHERE record_id = ${id}`
      for (const hidden of ["a-client-secret", "another-secret", ...Object.values(stored!)]) {
        assert.isAtLeast(hidden.length, 8)
        assert.notInclude(audit!.all, hidden.slice(0, 40))
      }
    })
  )

  it.effect("is of the same transaction as the change: there is no change without its record", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const scope = tenant("atomic")
      const first = yield* create("atomic", "First")
      const second = yield* create("atomic", "Second", false)
      const changes = [
        create("atomic", "Third"),
        connections.update(ada, scope, first.id, { enabled: false }),
        connections.replaceCredential(ada, scope, first.id, secret("another-secret")),
        connections.makeDefault(ada, scope, second.id),
        connections.remove(ada, scope, first.id)
      ]
      for (const change of changes) {
        const exit = yield* Effect.exit(withoutAudit(Effect.asVoid<unknown, unknown, ConnectionAdministration>(change)))
        assert.isTrue(Exit.isFailure(exit))
      }
      assert.deepStrictEqual(yield* connections.list(scope), [first, second])
    })
  )

  it.effect("is a chain, however many change a connection at once: each state before is the last one after", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const scope = tenant("raced")
      const ids = [(yield* create("raced", "First")).id, (yield* create("raced", "Second")).id]
      const changes = Array.from({ length: 20 }, (_, index) =>
        ids.flatMap((id, place) => [
          connections.update(ada, scope, id, { displayName: `Number ${place} ${index}` }),
          connections.update(ada, scope, id, { enabled: index % 2 === 0 }),
          connections.replaceCredential(ada, scope, id, secret(`another-secret-${index}`)),
          connections.makeDefault(ada, scope, id)
        ])
      ).flat()
      yield* Effect.all(changes, { concurrency: "unbounded", discard: true })
      for (const id of ids) {
        const records = yield* recordsOf(id)
        assert.deepStrictEqual(
          records.slice(1).map(({ before }) => before),
          records.slice(0, -1).map(({ after }) => after)
        )
        const { displayName, enabled, isDefault } = yield* connections.get(scope, id)
        assert.deepInclude(records.at(-1)!.after, { displayName, enabled, isDefault })
      }
    })
  )
})
