import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FederatedAssertions, ManagedIdentityOrigins, ProviderConnection } from "@atlas/graph"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, DateTime, Effect, Layer, Redacted } from "effect"
import * as MachineIdentity from "../src/MachineIdentity.ts"

const connection = new ProviderConnection({
  id: "connection",
  workspaceId: "northwind",
  tenantId: "contoso",
  displayName: "Contoso",
  cloud: "global",
  entraTenantId: "contoso.onmicrosoft.com",
  clientId: "22222222-0000-4000-8000-000000000001",
  credentialKind: "federated",
  credentialExpiresAt: null,
  certificateThumbprint: null,
  enabled: true,
  isDefault: true,
  createdAt: DateTime.makeUnsafe(0),
  updatedAt: DateTime.makeUnsafe(0)
})

const on = (env: Record<string, string>) =>
  MachineIdentity.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
const assertion = Effect.flatMap(FederatedAssertions, (source) => source(connection))
const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-assertion-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

describe("MachineIdentity", () => {
  it.effect("reads the assertion anew each time, as the platform replaces it", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "token")
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(assertion)).reasonCode, "provider_auth_unavailable")
        for (const text of ["first.assertion", "second.assertion"]) {
          yield* Effect.promise(() => writeFile(file, `${text}\n`))
          assert.strictEqual(Redacted.value(yield* assertion), text)
        }
      }).pipe(Effect.provide(on({ AZURE_FEDERATED_TOKEN_FILE: file })))
    })
  )

  it.effect("has no assertion where the platform names no file", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(assertion)).reasonCode, "provider_credential_missing")
    }).pipe(Effect.provide(on({})))
  )

  it.effect("lets managed identities be asked for at the machine's own addresses only", () =>
    Effect.gen(function* () {
      const origins = (env: Record<string, string>) =>
        Effect.provide(
          Effect.map(ManagedIdentityOrigins, (found) => found),
          on(env)
        )
      const metadata = "http://169.254.169.254"
      assert.deepStrictEqual(yield* origins({}), [metadata])
      assert.deepStrictEqual(yield* origins({ IDENTITY_ENDPOINT: "nonsense" }), [metadata])
      assert.deepStrictEqual(yield* origins({ IDENTITY_ENDPOINT: "http://127.0.0.1:41741/msi/token/" }), [
        metadata,
        "http://127.0.0.1:41741"
      ])
    })
  )
})
