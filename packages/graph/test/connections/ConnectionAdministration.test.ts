import { AuditLog, Problems } from "@atlas/operations"
import { SelfSigned, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { expectTypeOf } from "vitest"
import {
  ConnectionAdministration,
  CredentialVault,
  GraphCloud,
  type NewCredential,
  type ProviderConnection,
  ProviderConnections
} from "../../src/index.ts"
import { run } from "../../src/Migrations.ts"
import { ada, newConnection, tenant } from "../Fixtures.ts"

const { certificate, keyPair, privatePem } = SelfSigned

const live = Layer.merge(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
  Layer.provide(CredentialVault.layer(Redacted.make("a development secret of 32 bytes!"))),
  Layer.provide(GraphCloud.layerFake("http://localhost")),
  Layer.provideMerge(AuditLog.layer),
  Layer.provideMerge(Layer.effectDiscard(run)),
  Layer.provideMerge(TestDatabase.layer)
)

const secret = (value = "a-client-secret"): NewCredential => ({
  credential: { kind: "client_secret", secret: Redacted.make(value) }
})
const input = (name: string, displayName = "Main") =>
  newConnection(tenant(name), { displayName, entraTenantId: "contoso.onmicrosoft.com", credential: secret() })
const pointersOf = <A>(effect: Effect.Effect<A, Problems.InvalidInput | Problems.NotFound>) =>
  Effect.map(Effect.flip(effect), (error) =>
    error instanceof Problems.InvalidInput ? error.errors.map(({ pointer }) => pointer) : []
  )

layer(live, { excludeTestServices: true, timeout: "60 seconds" })("ConnectionAdministration", (it) => {
  it.effect("lists, renames, moves, switches and removes connections, within their tenant only", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const scope = tenant("kept")
      const first = yield* connections.create(ada, input("kept"))
      const second = yield* connections.create(ada, { ...input("kept", "Second"), isDefault: false })
      const changed = yield* connections.update(ada, scope, first.id, {
        displayName: " Renamed ",
        cloud: "china",
        enabled: false
      })
      assert.deepInclude(changed, { displayName: "Renamed", cloud: "china", enabled: false, clientId: first.clientId })
      assert.isTrue(DateTime.isGreaterThan(changed.updatedAt, first.updatedAt))
      assert.deepStrictEqual(yield* connections.list(scope), [changed, second])
      assert.deepStrictEqual(yield* connections.get(scope, first.id), changed)
      assert.deepStrictEqual(yield* connections.get(scope, first.id.toUpperCase()), changed)
      for (const [elsewhere, id] of [
        [tenant("another"), first.id],
        [scope, "no-such-id"]
      ] as const) {
        for (const call of [
          connections.get(elsewhere, id),
          connections.update(ada, elsewhere, id, { enabled: true }),
          connections.replaceCredential(ada, elsewhere, id, secret()),
          connections.makeDefault(ada, elsewhere, id),
          connections.remove(ada, elsewhere, id)
        ]) {
          assert.instanceOf(yield* Effect.flip<unknown, unknown, never>(call), Problems.NotFound)
        }
      }
      yield* connections.remove(ada, scope, first.id)
      assert.deepStrictEqual(yield* connections.list(scope), [second])
    })
  )

  it.effect("stores each kind of credential, and what is known about it", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const scope = tenant("kinds")
      const { id } = yield* connections.create(ada, {
        ...input("kinds"),
        credential: { ...secret(), expiresAt: DateTime.makeUnsafe("2099-01-01") }
      })
      const keys = keyPair()
      const all: ReadonlyArray<NewCredential> = [
        {
          credential: {
            kind: "certificate",
            certificate: certificate(keys),
            privateKey: Redacted.make(privatePem(keys.privateKey))
          }
        },
        { credential: { kind: "managed_identity", assigned: "user" } },
        { credential: { kind: "federated" } },
        // Only a secret expires by what is entered, so the end of an earlier one is no problem.
        { credential: { kind: "managed_identity", assigned: "system" }, expiresAt: DateTime.makeUnsafe(0) },
        { credential: { kind: "federated" }, expiresAt: DateTime.makeUnsafe(0) },
        secret("another-secret")
      ]
      for (const given of all) {
        const replaced = yield* connections.replaceCredential(ada, scope, id, given)
        const { kind } = given.credential
        assert.strictEqual(replaced.credentialKind, kind)
        assert.strictEqual(replaced.credentialExpiresAt === null, kind !== "certificate")
        assert.strictEqual(replaced.certificateThumbprint?.length, kind === "certificate" ? 64 : undefined)
        const { credential } = yield* (yield* ProviderConnections).usable(scope, id)
        assert.strictEqual(credential.kind, kind)
        if (credential.kind === "client_secret") assert.strictEqual(Redacted.value(credential.secret), "another-secret")
        if (credential.kind === "certificate") {
          assert.strictEqual(Redacted.value(credential.privateKey), privatePem(keys.privateKey))
        }
      }
    })
  )

  it.effect("names every problem of what was entered, and repeats no secret", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const wrong = { ...input("wrong", " "), cloud: "moon", entraTenantId: "not a tenant", clientId: "4711" }
      const error = yield* Effect.flip(
        connections.create(ada, {
          ...wrong,
          credential: { ...secret("with a space"), expiresAt: DateTime.makeUnsafe(0) }
        })
      )
      assert.deepStrictEqual(
        error.errors.map(({ pointer }) => pointer),
        ["/displayName", "/cloud", "/entraTenantId", "/clientId", "/credential/secret", "/credential/expiresAt"]
      )
      assert.notInclude(JSON.stringify(error), "with a space")
      const guid = connections.create(ada, {
        ...input("wrong"),
        credential: secret("22222222-0000-4000-8000-000000000001")
      })
      assert.deepStrictEqual(yield* pointersOf(guid), ["/credential/secret"])
      const keys = keyPair()
      const mismatched: NewCredential = {
        credential: {
          kind: "certificate",
          certificate: certificate(keyPair()),
          privateKey: Redacted.make(privatePem(keys.privateKey))
        }
      }
      assert.deepStrictEqual(
        yield* pointersOf(connections.create(ada, { ...input("wrong"), credential: mismatched })),
        ["/credential"]
      )
      assert.deepStrictEqual(yield* connections.list(tenant("wrong")), [])
    })
  )

  it.effect("takes a name once in a tenant, whatever the case of its letters", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      yield* connections.create(ada, input("names", "Main"))
      const { id } = yield* connections.create(ada, input("names", "Other"))
      assert.deepStrictEqual(yield* pointersOf(connections.create(ada, input("names", "MAIN"))), ["/displayName"])
      assert.deepStrictEqual(yield* pointersOf(connections.update(ada, tenant("names"), id, { displayName: "main" })), [
        "/displayName"
      ])
      yield* connections.create(ada, input("elsewhere", "Main"))
    })
  )

  it.effect("lets every one of many simultaneous changes of the default succeed, and keeps one", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const scope = tenant("raced")
      const created = yield* Effect.all(
        Array.from({ length: 40 }, (_, index) => connections.create(ada, input("raced", `Number ${index}`))),
        { concurrency: "unbounded" }
      )
      yield* Effect.all(
        created.map(({ id }) => connections.makeDefault(ada, scope, id)),
        { concurrency: "unbounded" }
      )
      const defaults = (yield* connections.list(scope)).filter(({ isDefault }) => isDefault)
      assert.lengthOf(defaults, 1)
      const { connection } = yield* (yield* ProviderConnections).defaultFor(scope)
      assert.strictEqual(connection.id, defaults[0]?.id)
    })
  )

  it.effect("leaves the default where it is when the new one does not exist", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const { id } = yield* connections.create(ada, input("stays"))
      yield* Effect.flip(connections.makeDefault(ada, tenant("stays"), "22222222-0000-4000-8000-000000000001"))
      assert.strictEqual((yield* connections.get(tenant("stays"), id)).isDefault, true)
    })
  )

  it.effect("is usable by its id although it is switched off or not the default", () =>
    Effect.gen(function* () {
      const connections = yield* ConnectionAdministration
      const { id } = yield* connections.create(ada, { ...input("off"), enabled: false, isDefault: false })
      const { usable } = yield* ProviderConnections
      assert.strictEqual((yield* usable(tenant("off"), id)).connection.id, id)
      assert.propertyVal(yield* Effect.flip(usable(tenant("other"), id)), "reasonCode", "provider_connection_missing")
    })
  )

  it.effect("is held to its rules by the database as well", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* (yield* ConnectionAdministration).create(ada, input("constrained"))
      for (const set of [
        "display_name = ' '",
        "cloud = 'The Moon'",
        "entra_tenant_id = 'nowhere'",
        "client_id = '4711'",
        "credential_kind = 'password'",
        "credential_kind = NULL",
        "sealed_secret = NULL",
        "credential_kind = 'certificate'",
        "certificate_thumbprint = repeat('A', 64)",
        "credential_kind = 'federated', key_id = NULL"
      ]) {
        const error = yield* Effect.flip(sql`UPDATE provider_connections SET ${sql.literal(set)} WHERE id = ${id}`)
        assert.strictEqual(error.reason._tag, "ConstraintError", set)
      }
    })
  )

  it("never hands out a credential", () => {
    type Calls = ConnectionAdministration["Service"]
    type Told = Effect.Success<ReturnType<Calls[Exclude<keyof Calls, "list" | "remove">]>>
    expectTypeOf<Told>().toEqualTypeOf<ProviderConnection>()
    expectTypeOf<Effect.Success<ReturnType<Calls["list"]>>>().toEqualTypeOf<ReadonlyArray<ProviderConnection>>()
    expectTypeOf<Extract<keyof ProviderConnection, "credential" | "sealedSecret" | "secret">>().toBeNever()
  })
})
