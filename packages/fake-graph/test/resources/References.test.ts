import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FakeGraph } from "../../src/index.ts"
import { entraTenantId, wire } from "../Wire.ts"
import { writePermissions } from "../../src/tenant/FakeResources.ts"
import { catalog, compliance, done, refused, restrictions, tenant } from "./Tenants.ts"

const gone = "00000000-0000-4000-8000-000000000999"
const none = "00000000-0000-0000-0000-000000000000"
const beta = "/beta/deviceManagement"
const access = "/v1.0/identity/conditionalAccess/policies"

const layer = tenant({
  "deviceManagement/deviceConfigurations": [{ id: "old", ...restrictions() }],
  "deviceManagement/assignmentFilters": [{ id: "filter", displayName: "Filter", platform: "windows10AndLater" }],
  "deviceManagement/roleScopeTags": [{ id: "5", displayName: "Berlin", isBuiltIn: false }]
})

const assigning = (...targets: ReadonlyArray<object>) => ({
  method: "POST" as const,
  body: { assignments: targets.map((target) => ({ target })) }
})
const toAll = (filter: string | null) => ({
  "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
  deviceAndAppManagementAssignmentFilterId: filter,
  deviceAndAppManagementAssignmentFilterType: filter === null ? "none" : "include"
})
const toUsers = (filter: string) => ({
  ...toAll(filter),
  "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"
})
const toGroup = (groupId: string) => ({ "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId })
const assign = `${beta}/deviceConfigurations/old/assign`

const notifying = (notificationTemplateId: string) =>
  compliance({
    scheduledActionsForRule: [
      {
        ruleName: null,
        scheduledActionConfigurations: [{ actionType: "block" }, { actionType: "notification", notificationTemplateId }]
      }
    ]
  })
const reusing = (value: string) =>
  catalog({
    settings: [
      {
        settingInstance: {
          "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance",
          settingDefinitionId: "one",
          simpleSettingValue: {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationReferenceSettingValue",
            value
          }
        }
      }
    ]
  })
const custom = (deviceComplianceScriptId: string) =>
  compliance({ deviceCompliancePolicyScript: { deviceComplianceScriptId } })
const rule = (more: { readonly conditions?: object; readonly grantControls?: object }) => ({
  displayName: "Rule",
  state: "disabled",
  ...more
})

describe("a write that refers to what the tenant does not have", () => {
  const writes: ReadonlyArray<readonly [string, string, object, string]> = [
    [
      "a scope tag",
      `${beta}/deviceConfigurations`,
      restrictions({ roleScopeTagIds: ["5", gone] }),
      `Invalid Role Scope Tag defined: ${gone}`
    ],
    [
      "a scope tag of a filter",
      `${beta}/assignmentFilters`,
      { displayName: "A", roleScopeTags: [gone] },
      "Invalid Role Scope Tag defined"
    ],
    [
      "a notification template",
      `${beta}/deviceCompliancePolicies`,
      notifying(gone),
      "A notification message template does not exist"
    ],
    ["a compliance script", `${beta}/deviceCompliancePolicies`, custom(gone), "A compliance script does not exist"],
    ["a reusable setting", `${beta}/configurationPolicies`, reusing(gone), "A reusable setting does not exist"],
    [
      "a named location",
      access,
      rule({ conditions: { locations: { includeLocations: ["All"], excludeLocations: ["AllTrusted", gone] } } }),
      "A named location does not exist"
    ],
    [
      "an authentication strength",
      access,
      rule({ grantControls: { authenticationStrength: { id: gone } } }),
      "An authentication strength does not exist"
    ],
    [
      "a group of conditional access",
      access,
      rule({ conditions: { users: { includeGroups: [gone] } } }),
      "A group does not exist"
    ]
  ]
  it.effect.each(writes)("is refused: %s", ([, path, body, sentence]) =>
    Effect.gen(function* () {
      const found = yield* refused(path, { method: "POST", body })
      assert.strictEqual(found.status, 400)
      assert.include(found.sentence, sentence)
      assert.include(found.reason, `The tenant has no ${gone} in`)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is refused when an object is changed, too", () =>
    Effect.gen(function* () {
      const body = restrictions({ roleScopeTagIds: [gone] })
      const { sentence } = yield* refused(`${beta}/deviceConfigurations/old`, { method: "PATCH", body })
      assert.strictEqual(sentence, `Invalid Role Scope Tag defined: ${gone}`)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is refused when it is assigned: a group", () =>
    Effect.gen(function* () {
      const { sentence } = yield* refused(assign, assigning(toGroup(gone)))
      assert.strictEqual(sentence, `Invalid GroupId: ${gone}. A valid AADGroupId is expected`)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is refused when it is assigned: a filter, in words about scope tags", () =>
    Effect.gen(function* () {
      const { reason, sentence } = yield* refused(assign, assigning(toAll("filter"), toUsers(gone)))
      assert.strictEqual(sentence, `Scope Tags validation failed : Filters ${gone} , Validated filters `)
      assert.include(reason, "IntuneManagement 373")
    }).pipe(Effect.provide(layer))
  )
})

describe("a write that refers to what the tenant has", () => {
  it.effect("is taken, and so is one that refers to nothing", () =>
    Effect.gen(function* () {
      yield* done(`${beta}/deviceConfigurations`, {
        method: "POST",
        body: restrictions({ roleScopeTagIds: ["0", "5"] })
      })
      const groups = yield* FakeGraph.use((fake) => fake.groups(entraTenantId))
      yield* done(assign, assigning(toAll("filter"), toUsers(none), toGroup(groups[0]?.id ?? "")))
      yield* done(assign, assigning(toAll(null)))
      yield* done(`${beta}/deviceCompliancePolicies`, { method: "POST", body: notifying(none) })
      const strength = { id: "00000000-0000-0000-0000-000000000002" }
      const body = rule({ grantControls: { operator: "AND", authenticationStrength: strength } })
      yield* done(access, { method: "POST", body })
    }).pipe(Effect.provide(layer))
  )
})

describe("generated objects", () => {
  it.effect("refer to nothing that was made before they were first asked for", () =>
    Effect.gen(function* () {
      const filters = `${beta}/assignmentFilters`
      const { id } = yield* done(filters, { method: "POST", body: { displayName: "New", platform: "iOS", rule: "a" } })
      yield* done(`${filters}/${id}`, { method: "DELETE" })
    }).pipe(
      Effect.provide(
        tenant(
          {},
          { collections: { "deviceManagement/assignmentFilters": 1, "deviceManagement/configurationPolicies": 90 } }
        )
      )
    )
  )

  it.effect("refer only to what their tenant has", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const ids = (path: string) =>
        Effect.map(fake.items(entraTenantId, path), (all) => new Set(all.map(({ id }) => id)))
      const groups = new Set((yield* fake.groups(entraTenantId)).map(({ id }) => id))
      const filters = yield* ids("deviceManagement/assignmentFilters")
      const locations = yield* ids("identity/conditionalAccess/namedLocations")
      const text = JSON.stringify([
        yield* fake.items(entraTenantId, "deviceManagement/configurationPolicies"),
        yield* fake.items(entraTenantId, "identity/conditionalAccess/policies")
      ])
      const named = (member: string) =>
        [...text.matchAll(new RegExp(`"${member}":\\[?"([^"]+)"`, "g"))].map(([, id = ""]) => id)
      for (const [member, there] of [
        ["groupId", groups],
        ["deviceAndAppManagementAssignmentFilterId", filters],
        ["excludeLocations", locations]
      ] as const) {
        assert.isNotEmpty(named(member))
        assert.isTrue(named(member).every((id) => there.has(id)))
      }
    }).pipe(
      Effect.provide(
        wire({
          tenants: [
            { groups: 20, permissions: writePermissions, collections: { "deviceManagement/configurationPolicies": 40 } }
          ]
        })
      )
    )
  )
})
