import { AuditLog } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import {
  ConnectionAdministration,
  CredentialRotation,
  CredentialVault,
  GraphCloud,
  ProviderConnections
} from "../../src/index.ts"
import { run } from "../../src/Migrations.ts"
import { ada, contoso, newConnection } from "../Fixtures.ts"

const secret = (digit: string) => Redacted.make(`a host secret of 32 bytes, no. ${digit}`)
const first = secret("1")
const second = secret("2")
const third = secret("3")

/** What a process with these secrets does. */
const as = (current: Redacted.Redacted, ...previous: ReadonlyArray<Redacted.Redacted>) => {
  const vault = CredentialVault.layer(current, previous)
  const services = Layer.mergeAll(ProviderConnections.layer, ConnectionAdministration.layer).pipe(
    Layer.provideMerge(vault),
    Layer.provide([AuditLog.layer, GraphCloud.layerFake("http://localhost")])
  )
  return <A, E>(
    effect: Effect.Effect<A, E, ProviderConnections | ConnectionAdministration | CredentialVault | SqlClient.SqlClient>
  ) => Effect.provide(effect, Layer.fresh(services))
}

const create = (name: string) =>
  Effect.flatMap(ConnectionAdministration, (connections) =>
    connections.create(
      ada,
      newConnection(contoso, {
        displayName: name,
        credential: { credential: { kind: "client_secret", secret: Redacted.make(`secret-of-${name}`) } }
      })
    )
  )

const opened = (id: string) =>
  Effect.map(
    Effect.flatMap(ProviderConnections, ({ usable }) => usable(contoso, id)),
    ({ credential }) => credential.kind === "client_secret" && Redacted.value(credential.secret)
  )
const refused = (id: string) =>
  Effect.map(Effect.flip(Effect.catchTag(opened(id), "InvalidInput", Effect.die)), ({ reasonCode }) => reasonCode)

const reset = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`DELETE FROM provider_connections`)

layer(Layer.effectDiscard(run).pipe(Layer.provideMerge(TestDatabase.layer)), {
  excludeTestServices: true,
  timeout: "60 seconds"
})("CredentialRotation", (it) => {
  it.effect("opens with an earlier secret, seals again with the new one, and then needs the earlier one no more", () =>
    Effect.gen(function* () {
      yield* reset
      const { id, updatedAt } = yield* create("one").pipe(as(first))
      assert.strictEqual(yield* refused(id).pipe(as(second)), "provider_credential_missing")
      assert.strictEqual(yield* opened(id).pipe(as(second, first)), "secret-of-one")
      assert.deepStrictEqual(yield* CredentialRotation.reseal.pipe(as(second, first)), { resealed: 1, unreadable: 0 })
      assert.strictEqual(yield* opened(id).pipe(as(second)), "secret-of-one")
      assert.strictEqual(yield* refused(id).pipe(as(first)), "provider_credential_missing")
      const { connection } = yield* Effect.flatMap(ProviderConnections, ({ usable }) => usable(contoso, id)).pipe(
        as(second)
      )
      assert.deepStrictEqual(connection.updatedAt, updatedAt, "the connection did not change")
      assert.deepStrictEqual(yield* CredentialRotation.reseal.pipe(as(second, first)), { resealed: 0, unreadable: 0 })
    })
  )

  it.effect("is done once, whole and by all together, however many processes start", () =>
    Effect.gen(function* () {
      yield* reset
      const created = yield* Effect.forEach(
        Array.from({ length: 230 }, (_, index) => `number-${index}`),
        create
      ).pipe(as(first))
      yield* Effect.all(
        Array.from({ length: 4 }, () => CredentialRotation.reseal.pipe(as(second, first))),
        { concurrency: "unbounded" }
      )
      const secrets = yield* Effect.forEach(created, ({ id }) => opened(id)).pipe(as(second))
      assert.deepStrictEqual(
        secrets,
        created.map(({ displayName }) => `secret-of-${displayName}`)
      )
    })
  )

  it.effect("keeps a credential that was replaced in the meantime", () =>
    Effect.gen(function* () {
      yield* reset
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* create("old").pipe(as(first))
      const replaced = { credential: { kind: "client_secret" as const, secret: Redacted.make("newer-secret") } }
      const overtaken = Effect.gen(function* () {
        const vault = yield* CredentialVault
        const connections = yield* ConnectionAdministration
        const late = CredentialVault.of({
          ...vault,
          open: (owner, sealed) =>
            Effect.tap(vault.open(owner, sealed), () =>
              Effect.orDie(connections.replaceCredential(ada, contoso, id, replaced))
            )
        })
        yield* Effect.provideService(CredentialRotation.reseal, CredentialVault, late)
      })
      yield* overtaken.pipe(as(second, first))
      assert.strictEqual(yield* opened(id).pipe(as(second)), "newer-secret")
      assert.lengthOf(yield* sql`SELECT FROM provider_connections`, 1)
    })
  )

  it.effect("names a credential that no known secret opens, and goes on with the others", () =>
    Effect.gen(function* () {
      yield* reset
      const lines: Array<string> = []
      const lost = yield* create("lost").pipe(as(third))
      const kept = yield* create("kept").pipe(as(first))
      const result = yield* CredentialRotation.reseal.pipe(
        as(second, first),
        Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))]))
      )
      assert.deepStrictEqual(result, { resealed: 1, unreadable: 1 })
      assert.lengthOf(lines, 1)
      assert.include(lines[0], lost.id)
      assert.notInclude(lines[0], "secret-of")
      assert.strictEqual(yield* opened(kept.id).pipe(as(second)), "secret-of-kept")
    })
  )

  it.effect("reads and upgrades what the first version sealed, without a key's name", () =>
    Effect.gen(function* () {
      yield* reset
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* create("legacy").pipe(as(first))
      const bare = yield* Effect.flatMap(CredentialVault, (vault) => vault.seal(id, Redacted.make("bare-secret"))).pipe(
        as(first)
      )
      yield* sql`UPDATE provider_connections SET sealed_secret = ${bare.bytes}, key_id = NULL WHERE id = ${id}`
      assert.strictEqual(yield* opened(id).pipe(as(first)), "bare-secret")
      assert.strictEqual(yield* opened(id).pipe(as(second, first)), "bare-secret")
      yield* CredentialRotation.reseal.pipe(as(second, first))
      assert.strictEqual(yield* opened(id).pipe(as(second)), "bare-secret")
    })
  )
})
