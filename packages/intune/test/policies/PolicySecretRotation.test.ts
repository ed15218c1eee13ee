import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PolicySecretRotation } from "../../src/index.ts"
import { PolicyStore } from "../../src/policies/PolicyStore.ts"
import { policyContent } from "../../src/policies/PolicyContent.ts"
import { scopeOf, secretsOf } from "../Fixture.ts"

const [old, next] = ["an earlier secret of the host, 32 bytes", "the secret of the host, at least 32 bytes"] as const
const storeWith = (...secrets: readonly [string, ...ReadonlyArray<string>]) =>
  PolicyStore.layer.pipe(Layer.provide(secretsOf(...secrets)))
const body = { preSharedKey: "hush" }

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "60 seconds" })(
  "after the host's secret was changed",
  (it) => {
    it.effect("what it sealed is sealed again, so that the earlier one can be forgotten", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const tenants = ["contoso", "fabrikam"].map(scopeOf)
        const texts = yield* Effect.forEach(tenants, (tenant) =>
          Effect.gen(function* () {
            const store = yield* PolicyStore
            const content = policyContent(body, [], yield* store.salt(tenant))
            yield* sql.withTransaction(store.put(tenant, [content]))
            return content.text
          }).pipe(Effect.provide(storeWith(old)))
        )
        const reseal = (...secrets: readonly [string, ...ReadonlyArray<string>]) =>
          Effect.provide(PolicySecretRotation.reseal, secretsOf(...secrets))
        // Without the earlier secret nothing is touched.
        assert.deepStrictEqual(yield* reseal(next), { resealed: 0, unreadable: 4 })
        assert.deepStrictEqual(yield* reseal(next, old), { resealed: 4, unreadable: 0 })
        assert.deepStrictEqual(yield* reseal(next, old), { resealed: 0, unreadable: 0 })
        const opened = yield* Effect.forEach(tenants, (tenant, index) =>
          Effect.gen(function* () {
            const store = yield* PolicyStore
            // The same salt: what was compared before still compares.
            assert.strictEqual(policyContent(body, [], yield* store.salt(tenant)).text, texts[index])
            return yield* store.reveal(tenant, texts[index]!)
          }).pipe(Effect.provide(storeWith(next)))
        )
        assert.deepStrictEqual(opened, [body, body])
        const failed = PolicyStore.use((store) => store.reveal(tenants[0]!, texts[0]!)).pipe(
          Effect.provide(storeWith(old))
        )
        assert.strictEqual((yield* Effect.flip(failed))._tag, "PolicySecretUnreadable")
      })
    )

    it.effect("a secret whose content came first without it is stored when it is seen", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const tenant = scopeOf("imported")
        const store = yield* PolicyStore
        const content = policyContent(body, [], yield* store.salt(tenant))
        // As an import brings it: the reference only.
        yield* sql.withTransaction(store.put(tenant, [{ ...content, secrets: new Map() }]))
        assert.strictEqual((yield* store.knownSecrets(tenant, content.text)).size, 0)
        yield* sql.withTransaction(store.put(tenant, [content]))
        assert.deepStrictEqual(yield* store.reveal(tenant, content.text), body)
      }).pipe(Effect.provide(storeWith(next)))
    )
  }
)
