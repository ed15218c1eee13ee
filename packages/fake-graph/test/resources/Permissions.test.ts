import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { FakeGraph } from "../../src/index.ts"
import { readPermissions } from "../../src/tenant/FakeResources.ts"
import { ask, entraTenantId, wire } from "../Wire.ts"

const wired = (...permissions: ReadonlyArray<string>) => wire({ tenants: [{ permissions }] })
const statusOf = (path: string, method: "GET" | "POST" = "GET") =>
  Effect.map(ask(path, { method, ...(method === "POST" ? { body: {} } : {}) }), ({ status }) => status)

const scripts = ["deviceManagementScripts", "deviceShellScripts", "deviceHealthScripts", "deviceComplianceScripts"]

describe("permissions", () => {
  it.effect.each(scripts)("of the configuration do not open %s", (name) =>
    Effect.gen(function* () {
      const { body, status } = yield* ask(`/beta/deviceManagement/${name}`)
      assert.strictEqual(status, 403)
      assert.include(
        JSON.parse(body.error.message).Message,
        "DeviceManagementScripts.Read.All, DeviceManagementScripts.ReadWrite.All"
      )
    }).pipe(Effect.provide(wired("DeviceManagementConfiguration.ReadWrite.All")))
  )

  it.effect.each(scripts)("of their own open %s, and reading does not permit writing", (name) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusOf(`/beta/deviceManagement/${name}`), 200)
      assert.strictEqual(yield* statusOf(`/beta/deviceManagement/${name}`, "POST"), 403)
    }).pipe(Effect.provide(wired("DeviceManagementScripts.Read.All")))
  )

  const together = ["Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "Application.Read.All"]
  it.effect.each(together)("to write conditional access are needed together: it fails without %s", (name) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusOf("/v1.0/identity/conditionalAccess/policies", "POST"), 403)
    }).pipe(Effect.provide(wired(...together.filter((each) => each !== name))))
  )

  it.effect("that the fake does not know are refused when they are granted", () =>
    Effect.gen(function* () {
      const granting = FakeGraph.use((fake) => fake.grantPermission(entraTenantId, "DeviceManagement.Read.Everything"))
      assert.isTrue(Exit.hasDies(yield* Effect.exit(granting)))
    }).pipe(Effect.provide(wired()))
  )

  it("that the fake does not know are refused when a tenant is made", () => {
    const made = Effect.runSyncExit(Effect.provide(Effect.void, wired("DeviceManagementConfiguration.Read")))
    assert.isTrue(Exit.hasDies(made))
    assert.include(String(made), "knows no application permission DeviceManagementConfiguration.Read:")
  })

  it("to read everything are the least ones", () => {
    assert.isTrue(readPermissions.every((name) => !name.includes("ReadWrite")))
  })
})
