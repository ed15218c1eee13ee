import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Layer, Redacted } from "effect"
import { Settings } from "../src/Settings.ts"

const read = (env: Record<string, string>) =>
  Effect.map(Settings, (settings) => settings).pipe(
    Effect.provide(Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))))
  )

const secret = "x".repeat(32)
const tenantId = "33333333-0000-4000-8000-00000000000A"
const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://u:p@db/atlas",
  ATLAS_SECRET: secret,
  ATLAS_PUBLIC_URL: "https://atlas.example.com",
  ATLAS_ENTRA_TENANT_ID: tenantId,
  ATLAS_ENTRA_CLIENT_ID: "client",
  ATLAS_ENTRA_CLIENT_SECRET: "hunter1"
}

describe("Settings", () => {
  it.effect("has defaults for development", () =>
    Effect.gen(function* () {
      const settings = yield* read({})
      assert.deepInclude(settings, { role: "all", host: "127.0.0.1", port: 3000, workerSlots: 8, dataDir: ".atlas" })
      assert.strictEqual(settings.publicUrl, "http://127.0.0.1:3000")
      assert.deepStrictEqual(settings.graph, { kind: "fake", groups: 5000, data: null, url: null })
      assert.strictEqual(Duration.toSeconds(settings.lease), 15)
    })
  )

  it.effect("accepts a complete production environment, and talks to the live Graph then", () =>
    Effect.gen(function* () {
      const settings = yield* read({ ...production, ATLAS_ROLE: "web", ATLAS_LEASE: "30 seconds" })
      assert.deepStrictEqual(settings.graph, { kind: "live" })
      assert.deepInclude(settings.entra, {
        tenantId: tenantId.toLowerCase(),
        authority: "https://login.microsoftonline.com"
      })
      assert.strictEqual(Duration.toSeconds(settings.lease), 30)
      assert.strictEqual(settings.secret && Redacted.value(settings.secret), secret)
    })
  )

  it.effect("reads earlier secrets, and refuses short ones without repeating them", () =>
    Effect.gen(function* () {
      const { previousSecrets } = yield* read({ ATLAS_SECRET_PREVIOUS: `${"y".repeat(32)} ${"z".repeat(40)}` })
      assert.deepStrictEqual(previousSecrets.map(Redacted.value), ["y".repeat(32), "z".repeat(40)])
      const error = yield* Effect.flip(read({ ATLAS_SECRET_PREVIOUS: "hunter2" }))
      assert.include(error.message, "ATLAS_SECRET_PREVIOUS must have at least 32 bytes")
      assert.notInclude(error.message, "hunter2")
    })
  )

  it.effect("drops the slash that browsers put at the end of an origin, so that links get one only", () =>
    Effect.gen(function* () {
      const { publicUrl } = yield* read({ ATLAS_PUBLIC_URL: "https://atlas.example.com/" })
      assert.strictEqual(publicUrl, "https://atlas.example.com")
    })
  )

  const wrong: ReadonlyArray<readonly [env: Record<string, string>, sentence: RegExp]> = [
    [{ PORT: "http" }, /^PORT must be a port/],
    [{ ATLAS_ROLE: "boss" }, /^ATLAS_ROLE must be all, web or worker/],
    [{ ATLAS_ROLE: "worker" }, /^DATABASE_URL is needed with ATLAS_ROLE=worker/],
    [{ DATABASE_URL: "mysql://x" }, /^DATABASE_URL must be a Postgres URL/],
    [{ ATLAS_WORKER_SLOTS: "0" }, /^ATLAS_WORKER_SLOTS must be an integer/],
    [{ ATLAS_LEASE: "soon" }, /^ATLAS_LEASE must be a duration/],
    [{ ATLAS_LEASE: "10 millis" }, /^ATLAS_LEASE must be between 1 second and 1 hour/],
    [{ ATLAS_LEASE: "61 minutes" }, /^ATLAS_LEASE must be between 1 second and 1 hour/],
    [{ ATLAS_LEASE: "Infinity" }, /^ATLAS_LEASE must be/],
    [{ ATLAS_SECRET: "short" }, /^ATLAS_SECRET must have at least 32 bytes/],
    [{ ATLAS_GRAPH: "maybe" }, /^ATLAS_GRAPH must be fake or live/],
    [{ ATLAS_FAKE_GRAPH_GROUPS: "many" }, /^ATLAS_FAKE_GRAPH_GROUPS must be/],
    [{ ATLAS_FAKE_GRAPH_URL: "https://graph.example.com" }, /^ATLAS_FAKE_GRAPH_URL must be an http address on this/],
    [{ ATLAS_FAKE_GRAPH_URL: "https://127.0.0.1:4000" }, /^ATLAS_FAKE_GRAPH_URL must be an http address on this/],
    [{ ATLAS_PUBLIC_URL: "atlas.example.com/x" }, /^ATLAS_PUBLIC_URL must be an origin/],
    [{ ATLAS_PUBLIC_URL: "/" }, /^ATLAS_PUBLIC_URL must be an origin/],
    [{ ATLAS_STARTS_PER_MINUTE: "0" }, /^ATLAS_STARTS_PER_MINUTE must be/],
    [{ ATLAS_RUN_RETENTION_DAYS: "a year" }, /^ATLAS_RUN_RETENTION_DAYS must be/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, /^OTEL_EXPORTER_OTLP_ENDPOINT must be an http/],
    [{ ATLAS_TRUSTED_PROXIES: "all" }, /^ATLAS_TRUSTED_PROXIES must be/],
    [{ ATLAS_ENTRA_TENANT_ID: tenantId }, /^ATLAS_ENTRA_CLIENT_ID and ATLAS_ENTRA_CLIENT_SECRET must be set/],
    [{ ...production, ATLAS_ENTRA_TENANT_ID: "contoso.com" }, /^ATLAS_ENTRA_TENANT_ID must be the id/],
    [{ ...production, ATLAS_ENTRA_AUTHORITY: "http://127.0.0.1" }, /^ATLAS_ENTRA_AUTHORITY must be an https origin/],
    [{ ...production, ATLAS_PUBLIC_URL: "http://atlas.example.com" }, /^ATLAS_PUBLIC_URL must begin with https/],
    [{ ...production, ATLAS_GRAPH: "fake" }, /^ATLAS_GRAPH=fake is refused/]
  ]
  for (const [env, sentence] of wrong) {
    it.effect(`refuses ${Object.entries(env).at(-1)?.join("=")} in one sentence`, () =>
      Effect.gen(function* () {
        const { problems } = yield* Effect.flip(read(env))
        assert.strictEqual(problems.length, 1)
        assert.match(problems[0] ?? "", sentence)
      })
    )
  }

  it.effect("names every problem at once, and never a secret", () =>
    Effect.gen(function* () {
      const env = { NODE_ENV: "production", ATLAS_SECRET: "hunter2", PORT: "-1", DATABASE_URL: "hunter3" }
      const error = yield* Effect.flip(read(env))
      assert.strictEqual(error.problems.length, 5)
      assert.notMatch(error.message, /hunter/)
    })
  )
})
