import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FakeGraph } from "../../src/index.ts"
import { ask, entraTenantId } from "../Wire.ts"
import { done, idsIn, tenant } from "./Tenants.ts"

const configurations = "deviceManagement/deviceConfigurations"
const access = "identity/conditionalAccess/policies"
const catalog = "deviceManagement/configurationPolicies"
const full = { accept: "application/json;odata.metadata=full" }

const profiles = [
  { id: "wifi", "@odata.type": "#microsoft.graph.windowsWifiConfiguration", displayName: "Wi-Fi" },
  { id: "scep", "@odata.type": "#microsoft.graph.windows81SCEPCertificateProfile", displayName: "SCEP" },
  { id: "future", "@odata.type": "#microsoft.graph.configurationOfTheFuture", displayName: "Future" },
  {
    id: "old",
    "@odata.type": "#microsoft.graph.windows10GeneralConfiguration",
    displayName: "Old",
    roleScopeTagIds: ["0"]
  }
]

describe("v1.0", () => {
  it.effect("leaves out objects of types that only beta has, and says nothing of it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* idsIn(`/v1.0/${configurations}`), ["old"])
      assert.deepStrictEqual(yield* idsIn(`/beta/${configurations}`), ["wifi", "scep", "future", "old"])
      assert.strictEqual((yield* ask(`/v1.0/${configurations}/wifi`)).status, 404)
    }).pipe(Effect.provide(tenant({ [configurations]: profiles })))
  )

  it.effect("leaves out properties that only beta has", () =>
    Effect.gen(function* () {
      assert.notProperty(yield* done(`/v1.0/${configurations}/old`), "roleScopeTagIds")
      assert.deepInclude(yield* done(`/beta/${configurations}/old`), { roleScopeTagIds: ["0"] })
    }).pipe(Effect.provide(tenant({ [configurations]: profiles })))
  )

  it.effect("fills its pages although it leaves objects out", () =>
    Effect.gen(function* () {
      const first = yield* done(`/v1.0/${configurations}?$top=1`)
      assert.lengthOf(first.value, 1)
      assert.notProperty(first, "@odata.nextLink")
    }).pipe(Effect.provide(tenant({ [configurations]: profiles })))
  )

  it.effect("leaves out conditional access policies that use what only beta has", () => {
    const conditions = { applications: { includeApplications: ["All"] }, users: { includeUsers: ["All"] } }
    const policies = [
      { id: "plain", displayName: "Plain", state: "enabled", conditions, sessionControls: null },
      {
        id: "preview",
        displayName: "Preview",
        state: "enabled",
        conditions: { ...conditions, previewCondition: { x: true } }
      },
      { id: "unset", displayName: "Unset", state: "enabled", conditions: { ...conditions, previewCondition: null } }
    ]
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* idsIn(`/v1.0/${access}`), ["plain", "unset"])
      assert.deepStrictEqual(yield* idsIn(`/beta/${access}`), ["plain", "preview", "unset"])
      assert.property((yield* done(`/beta/${access}/preview`)).conditions, "previewCondition")
    }).pipe(Effect.provide(tenant({ [access]: policies })))
  })

  it.effect("leaves out what a test hides from it", () =>
    Effect.gen(function* () {
      yield* FakeGraph.use((fake) => fake.hideFromV1(entraTenantId, access, "one"))
      assert.deepStrictEqual(yield* idsIn(`/v1.0/${access}`), [])
      assert.deepStrictEqual(yield* idsIn(`/beta/${access}`), ["one"])
      assert.strictEqual((yield* ask(`/v1.0/${access}/one`)).status, 404)
    }).pipe(Effect.provide(tenant({ [access]: [{ id: "one", displayName: "One", state: "enabled" }] })))
  )
})

describe("types in answers", () => {
  const typed = <A extends object>(type: string, more: A) => ({ "@odata.type": `#microsoft.graph.${type}`, ...more })
  const policy = typed("deviceManagementConfigurationPolicy", {
    id: "policy",
    name: "Policy",
    settings: [
      typed("deviceManagementConfigurationSetting", {
        id: "0",
        settingInstance: typed("deviceManagementConfigurationChoiceSettingInstance", {
          settingDefinitionId: "one",
          choiceSettingValue: typed("deviceManagementConfigurationChoiceSettingValue", { value: "one_1", children: [] })
        })
      })
    ]
  })
  const layer = tenant({ [catalog]: [policy] })
  const types = (value: unknown) => JSON.stringify(value).match(/"@odata.type":"#microsoft.graph.\w+/g)?.length

  it.effect("are those of polymorphic values only, whatever was put in", () =>
    Effect.gen(function* () {
      const { settings, ...rest } = yield* done(`/beta/${catalog}/policy?$expand=settings`)
      assert.notProperty(rest, "@odata.type")
      assert.deepStrictEqual(Object.keys(settings[0]), ["id", "settingInstance"])
      assert.strictEqual(types(settings), 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("are those of all values with odata.metadata=full", () =>
    Effect.gen(function* () {
      const answer = yield* done(`/beta/${catalog}/policy?$expand=settings`, { headers: full })
      assert.strictEqual(types(answer), 4)
      assert.strictEqual(
        answer.settings[0].settingInstance.choiceSettingValue["children@odata.type"],
        "#Collection(microsoft.graph.deviceManagementConfigurationSettingInstance)"
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("are told of app protection where all platforms are listed, and not where one is", () =>
    Effect.gen(function* () {
      const [all] = (yield* done("/beta/deviceAppManagement/managedAppPolicies")).value
      assert.strictEqual(all["@odata.type"], "#microsoft.graph.iosManagedAppProtection")
      const one = (yield* done("/beta/deviceAppManagement/iosManagedAppProtections")).value
      assert.deepInclude(one[0], { id: all.id })
      assert.isTrue(one.every((each: object) => !("@odata.type" in each)))
      assert.strictEqual((yield* ask(`/beta/deviceAppManagement/androidManagedAppProtections/${all.id}`)).status, 404)
    }).pipe(Effect.provide(tenant()))
  )
})
