import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { done, idsIn, refused, tenant } from "./Tenants.ts"

const base = "/beta/deviceManagement"
const content = "SGVsbG8="
const layer = tenant({
  "deviceManagement/deviceConfigurations": [
    { id: "a", "@odata.type": "#microsoft.graph.windows10GeneralConfiguration", displayName: "A 'quoted' name" },
    { id: "b", "@odata.type": "#microsoft.graph.iosUpdateConfiguration", displayName: "B" }
  ],
  "deviceManagement/deviceCompliancePolicies": [
    {
      id: "rule",
      "@odata.type": "#microsoft.graph.windows10CompliancePolicy",
      displayName: "Rule",
      assignments: [{ id: "rule_1", target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }],
      scheduledActionsForRule: [
        { id: "1", ruleName: null, scheduledActionConfigurations: [{ id: "2", actionType: "block" }] }
      ]
    }
  ],
  "deviceManagement/configurationPolicies": [
    {
      id: "policy",
      name: "Policy",
      templateReference: { templateFamily: "baseline" },
      settings: [],
      assignments: [{ id: "policy_1", target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }]
    }
  ],
  "deviceManagement/roleScopeTags": [
    { id: "5", displayName: "Berlin", isBuiltIn: false, assignments: [{ id: "5_1" }] }
  ],
  "deviceManagement/deviceShellScripts": [
    { id: "shell", displayName: "Shell", scriptContent: content, assignments: [{ id: "shell_1" }] }
  ],
  "deviceManagement/reusablePolicySettings": [
    { id: "reused", displayName: "Reused", settingDefinitionId: "one", settingInstance: null, version: 1 }
  ],
  "deviceManagement/deviceEnrollmentConfigurations": [
    "deviceEnrollmentLimitConfiguration",
    "deviceEnrollmentNotificationConfiguration"
  ].map((type) => ({ id: type, "@odata.type": `#microsoft.graph.${type}`, priority: 1, assignments: [{ id: "1" }] }))
})

describe("a query", () => {
  const unknownNames: ReadonlyArray<readonly [string, string]> = [
    ["selects a property that the type does not have", "deviceConfigurations?$select=id,nothing"],
    ["selects a property of another version", "deviceConfigurations?$select=roleScopeTagIds"],
    ["selects a property of a type that extends the collection's", "deviceConfigurations?$select=omaSettings"],
    ["expands what the type does not have", "deviceConfigurations?$expand=nothing"],
    ["filters by what the type does not have", "deviceConfigurations?$filter=nothing eq 1"],
    ["orders by what the type does not have", "deviceConfigurations?$orderby=nothing desc"]
  ]
  it.effect.each(unknownNames)("that %s is refused with the name and the type", ([, query]) =>
    Effect.gen(function* () {
      const { code, sentence, status } = yield* refused(`/v1.0/deviceManagement/${query}`)
      assert.deepStrictEqual([status, code], [400, "BadRequest"])
      assert.match(sentence, /Could not find a property named '\w+' on type 'microsoft.graph.deviceConfiguration'/)
    }).pipe(Effect.provide(layer))
  )

  const unreported: ReadonlyArray<readonly [string, string]> = [
    ["an option", "deviceConfigurations?$skip=1"],
    ["a page size for one object", "deviceConfigurations/a?$top=1"],
    ["an expansion of settings", "configurationPolicies/policy/settings?$expand=settingDefinitions"],
    ["an order", "deviceConfigurations?$orderby=displayName"],
    ["a function in a filter", "deviceCompliancePolicies?$filter=startswith(displayName,'R')"],
    ["a navigation that nobody expands", "deviceConfigurations?$expand=deviceStatuses"],
    ["options inside an expansion", "deviceCompliancePolicies?$expand=assignments($top=1)"]
  ]
  it.effect.each(unreported)("with %s that nobody has reported is refused, and the ledger says so", ([, query]) =>
    Effect.gen(function* () {
      const { reason, status } = yield* refused(`${base}/${query}`)
      assert.strictEqual(status, 400)
      assert.include(reason, "Nobody has reported")
    }).pipe(Effect.provide(layer))
  )

  it.effect("filters by equal values and by types", () =>
    Effect.gen(function* () {
      const ids = (filter: string) => idsIn(`${base}/deviceConfigurations?$filter=${filter}`)
      assert.deepStrictEqual(yield* ids("displayName eq 'A ''quoted'' name'"), ["a"])
      assert.deepStrictEqual(yield* ids("displayName eq 'B' or id eq 'a'"), ["a", "b"])
      assert.deepStrictEqual(yield* ids("displayName eq 'B' and id eq 'a'"), [])
      assert.deepStrictEqual(yield* ids("isof('microsoft.graph.iosUpdateConfiguration')"), ["b"])
      const families = `${base}/configurationPolicies?$filter=templateReference/templateFamily eq`
      assert.deepStrictEqual(yield* idsIn(`${families} 'baseline'`), ["policy"])
      assert.deepStrictEqual(yield* idsIn(`${families} 'none'`), [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("of remediations filters nothing", () =>
    Effect.gen(function* () {
      assert.isNotEmpty(yield* idsIn(`${base}/deviceHealthScripts?$filter=isGlobalScript eq true`))
    }).pipe(Effect.provide(layer))
  )

  it.effect("of assignment filters takes no filter at all", () =>
    Effect.gen(function* () {
      const { reason } = yield* refused(`${base}/assignmentFilters?$filter=displayName eq 'A'`)
      assert.strictEqual(reason, "Intune refuses any $filter here.")
    }).pipe(Effect.provide(layer))
  )
})

describe("an expansion", () => {
  it.effect("tells actions for noncompliance, with what each does only if that is expanded, too", () =>
    Effect.gen(function* () {
      const rules = (expand: string) =>
        Effect.map(done(`${base}/deviceCompliancePolicies?$expand=${expand}`), ({ value }) => value[0])
      const inside = yield* rules("assignments,scheduledActionsForRule($expand=scheduledActionConfigurations)")
      assert.strictEqual(inside.scheduledActionsForRule[0].scheduledActionConfigurations[0].actionType, "block")
      assert.lengthOf(inside.assignments, 1)
      assert.deepStrictEqual(Object.keys((yield* rules("scheduledActionsForRule")).scheduledActionsForRule[0]), [
        "id",
        "ruleName"
      ])
      assert.notProperty(yield* done(`${base}/deviceCompliancePolicies/rule`), "scheduledActionsForRule")
    }).pipe(Effect.provide(layer))
  )

  it.effect("of assignments is empty on one policy of the settings catalog, and told by listing and route", () =>
    Effect.gen(function* () {
      const policies = `${base}/configurationPolicies`
      assert.deepStrictEqual((yield* done(`${policies}/policy?$expand=assignments`)).assignments, [])
      assert.lengthOf((yield* done(`${policies}/policy/assignments`)).value, 1)
      assert.lengthOf((yield* done(`${policies}?$expand=assignments`)).value[0].assignments, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("of assignments is always empty on scope tags", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* done(`${base}/roleScopeTags/5?$expand=assignments`)).assignments, [])
      assert.deepStrictEqual((yield* done(`${base}/roleScopeTags?$expand=assignments`)).value[0].assignments, [])
      assert.lengthOf((yield* done(`${base}/roleScopeTags/5/assignments`)).value, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("of assignments is empty on enrollment notifications alone", () =>
    Effect.gen(function* () {
      const { value } = yield* done(`${base}/deviceEnrollmentConfigurations?$expand=assignments`)
      assert.deepStrictEqual(
        value.map(({ assignments }: { readonly assignments: ReadonlyArray<unknown> }) => assignments.length),
        [1, 0]
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("a listing", () => {
  it.effect("leaves out what scripts say", () =>
    Effect.gen(function* () {
      assert.isNull((yield* done(`${base}/deviceShellScripts`)).value[0].scriptContent)
      const { assignments, scriptContent } = yield* done(`${base}/deviceShellScripts/shell?$expand=assignments`)
      assert.deepStrictEqual([scriptContent, assignments.length], [content, 1])
    }).pipe(Effect.provide(layer))
  )

  it.effect("leaves out the setting of reusable settings, as one object does, unless it is selected", () =>
    Effect.gen(function* () {
      const settings = `${base}/reusablePolicySettings`
      for (const [path, select] of [
        [settings, ""],
        [`${settings}/reused`, ""],
        [settings, "?$select=id,settingInstance,version"]
      ] as const) {
        const answer = yield* done(`${path}${select}`)
        const [item] = answer.value ?? [answer]
        assert.strictEqual("settingInstance" in item && "version" in item, select !== "")
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("of apps leaves out their scope tags", () =>
    Effect.gen(function* () {
      const apps = "/beta/deviceAppManagement/mobileApps"
      const [app] = (yield* done(apps)).value
      assert.notProperty(app, "roleScopeTagIds")
      assert.deepStrictEqual((yield* done(`${apps}/${app.id}`)).roleScopeTagIds, ["0"])
    }).pipe(Effect.provide(layer))
  )
})
