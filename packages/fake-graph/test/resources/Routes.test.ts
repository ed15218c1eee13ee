import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FakeGraph } from "../../src/index.ts"
import { ask } from "../Wire.ts"
import { refused, tenant } from "./Tenants.ts"

const id = "00000000-0000-4000-8000-000000000001"
const layer = tenant({
  "deviceManagement/deviceCompliancePolicies": [{ id, "@odata.type": "#microsoft.graph.windows10CompliancePolicy" }],
  "deviceManagement/deviceShellScripts": [{ id, displayName: "Shell", scriptContent: "" }]
})

describe("Intune has no route", () => {
  const routes: ReadonlyArray<readonly [string, string]> = [
    [
      "for a policy's list of actions in v1.0",
      `GET /v1.0/deviceManagement/deviceCompliancePolicies/${id}/scheduledActionsForRule`
    ],
    [
      "for a policy's list of actions in beta",
      `GET /beta/deviceManagement/deviceCompliancePolicies/${id}/scheduledActionsForRule`
    ],
    ["for the assignments of a shell script", `GET /beta/deviceManagement/deviceShellScripts/${id}/assignments`],
    ["to add one assignment", `POST /beta/deviceManagement/deviceConfigurations/${id}/assignments`],
    ["to change a collection", "PATCH /beta/deviceManagement/deviceConfigurations"],
    ["to replace what is changed by PATCH", `PUT /beta/deviceManagement/deviceConfigurations/${id}`],
    ["to change a reusable setting by PATCH", `PATCH /beta/deviceManagement/reusablePolicySettings/${id}`],
    ["to assign compliance scripts", `POST /beta/deviceManagement/deviceComplianceScripts/${id}/assign`],
    ["to write app protection where all platforms are listed", "POST /beta/deviceAppManagement/managedAppPolicies"]
  ]
  it.effect.each(routes)("%s", ([, line]) =>
    Effect.gen(function* () {
      const [method, path = ""] = line.split(" ")
      const { code, sentence, status } = yield* refused(path, { method: method as "GET" })
      assert.deepStrictEqual([status, code], [400, "No method match route template"])
      assert.include(sentence, `http verb ${method}`)
    }).pipe(Effect.provide(layer))
  )

  it.effect("describes the path by its parts", () =>
    Effect.gen(function* () {
      const { sentence } = yield* refused(
        `/beta/deviceManagement/deviceCompliancePolicies/${id}/scheduledActionsForRule`
      )
      assert.include(sentence, "~/singleton/navigation/key/navigation with http verb GET")
    }).pipe(Effect.provide(layer))
  )

  const segments: ReadonlyArray<readonly [string, string, string]> = [
    ["an unknown collection", "/beta/deviceManagement/nothing", "nothing"],
    ["a collection of beta in v1.0", "/v1.0/deviceManagement/configurationPolicies", "configurationPolicies"],
    ["an unknown part of an object", `/beta/deviceManagement/deviceConfigurations/${id}/nothing`, "nothing"]
  ]
  it.effect.each(segments)("for %s, and names the segment", ([, path, segment]) =>
    Effect.gen(function* () {
      const { code, sentence, status } = yield* refused(path)
      assert.deepStrictEqual([status, code], [400, "BadRequest"])
      assert.strictEqual(sentence, `Resource not found for the segment '${segment}'.`)
    }).pipe(Effect.provide(layer))
  )
})

describe("the ledger", () => {
  it.effect("says which refusals are known and which are the fake's own", () =>
    Effect.gen(function* () {
      const known = yield* refused(`/beta/deviceManagement/deviceShellScripts/${id}/assignments`)
      assert.include(known.reason, "the service refuses it")
      const own = yield* refused("/beta/deviceManagement/nothing")
      assert.include(own.reason, "Nobody has reported")
    }).pipe(Effect.provide(layer))
  )

  it.effect("gives no reason where nothing was refused", () =>
    Effect.gen(function* () {
      yield* ask("/beta/deviceManagement/deviceShellScripts")
      assert.isUndefined((yield* FakeGraph.use((fake) => fake.requests)).at(-1)?.reason)
    }).pipe(Effect.provide(layer))
  )
})
