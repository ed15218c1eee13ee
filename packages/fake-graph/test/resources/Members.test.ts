import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask } from "../Wire.ts"
import { catalog, compliance, done, itemsOf, nothing, refused, restrictions, tenant } from "./Tenants.ts"

const base = "/beta/deviceManagement"
const ring = "#microsoft.graph.windowsUpdateForBusinessConfiguration"
const limit = "#microsoft.graph.deviceEnrollmentLimitConfiguration"
const platforms = "#microsoft.graph.deviceEnrollmentPlatformRestrictionsConfiguration"

const layer = tenant({
  ...nothing,
  "deviceManagement/deviceConfigurations": [
    { id: "old", ...restrictions(), version: 1 },
    { id: "ring", "@odata.type": ring, displayName: "Ring", qualityUpdatesPaused: false }
  ],
  "deviceManagement/deviceCompliancePolicies": [{ id: "rule", ...compliance() }],
  "deviceManagement/configurationPolicies": [
    {
      id: "policy",
      ...catalog(),
      creationSource: "x",
      templateReference: { templateId: "a_1", templateFamily: "baseline" }
    }
  ],
  "deviceManagement/assignmentFilters": [
    { id: "filter", displayName: "Filter", platform: "windows10AndLater", rule: "a" }
  ],
  "deviceManagement/roleScopeTags": [
    { id: "0", displayName: "Default", isBuiltIn: true },
    { id: "5", displayName: "Berlin", isBuiltIn: false }
  ],
  "deviceManagement/deviceEnrollmentConfigurations": [
    {
      id: "x_DefaultPlatformRestrictions",
      "@odata.type": platforms,
      priority: 0,
      iosRestriction: {},
      androidRestriction: {}
    },
    { id: "limit", "@odata.type": limit, priority: 1, limit: 5 },
    {
      id: "single",
      "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration",
      priority: 1,
      platformType: "ios"
    }
  ],
  "deviceManagement/notificationMessageTemplates": [{ id: "notice", displayName: "Notice", defaultLocale: "en-us" }],
  "deviceManagement/deviceComplianceScripts": [{ id: "script", displayName: "Script", version: "1" }],
  "deviceManagement/deviceHealthScripts": [{ id: "health", displayName: "Health", detectionScriptContent: "QQ==" }]
})

const create = (path: string, body: object) => refused(`${base}/${path}`, { method: "POST", body })
const change = (path: string, body: object) => refused(`${base}/${path}`, { method: "PATCH", body })
const replace = (path: string, body: object) => refused(`${base}/${path}`, { method: "PUT", body })

describe("the model refuses", () => {
  const bodies: ReadonlyArray<readonly [string, string, object, RegExp]> = [
    [
      "an unknown property",
      "deviceConfigurations",
      restrictions({ nothing: 1 }),
      /The property 'nothing' does not exist on type/
    ],
    [
      "an unknown property of an inner value",
      "configurationPolicies",
      catalog({ templateReference: { nothing: 1 } }),
      /'nothing' does not exist on type 'microsoft.graph.deviceManagementConfigurationPolicyTemplateReference'/
    ],
    ["no type where the collection's is abstract", "deviceConfigurations", { displayName: "A" }, /abstract class/],
    ["no type of a compliance policy", "deviceCompliancePolicies", { displayName: "A" }, /abstract class/],
    ["an unknown type", "deviceConfigurations", { "@odata.type": "#microsoft.graph.nothing" }, /could not be resolved/],
    [
      "a type of another collection",
      "deviceConfigurations",
      { "@odata.type": "#microsoft.graph.windows10CompliancePolicy" },
      /is not assignable to the expected type 'microsoft.graph.deviceConfiguration'/
    ],
    [
      "an abstract value inside",
      "configurationPolicies",
      catalog({ settings: [{ settingInstance: { settingDefinitionId: "one" } }] }),
      /abstract class: 'microsoft.graph.deviceManagementConfigurationSettingInstance'/
    ],
    [
      "one value in place of a collection",
      "deviceConfigurations",
      restrictions({ roleScopeTagIds: "0" }),
      /must be a collection/
    ],
    [
      "a collection in place of a value",
      "deviceConfigurations",
      restrictions({ displayName: ["A"] }),
      /must be one value/
    ],
    ["a text in place of an object", "configurationPolicies", catalog({ templateReference: "a" }), /must be an object/],
    [
      "an annotation of an export",
      "deviceConfigurations",
      restrictions({ "a@odata.context": "b" }),
      /annotation 'a@odata.context'/
    ]
  ]
  it.effect.each(bodies)("%s", ([, path, body, sentence]) =>
    Effect.gen(function* () {
      const found = yield* create(path, body)
      assert.deepStrictEqual([found.status, found.code], [400, "ModelValidationFailure"])
      assert.match(found.sentence, sentence)
      const { body: answer } = yield* ask(`${base}/${path}`, { method: "POST", body })
      assert.strictEqual(answer.error.innerError.message, found.sentence)
    }).pipe(Effect.provide(layer))
  )

  it.effect("a type that only beta has in v1.0", () =>
    Effect.gen(function* () {
      const body = { "@odata.type": "#microsoft.graph.windowsWifiConfiguration", displayName: "Wi-Fi" }
      const { sentence } = yield* refused("/v1.0/deviceManagement/deviceConfigurations", { method: "POST", body })
      assert.include(sentence, "could not be resolved")
      yield* done(`${base}/deviceConfigurations`, { method: "POST", body })
    }).pipe(Effect.provide(layer))
  )

  const changes: ReadonlyArray<readonly [string, string, object, RegExp]> = [
    ["a change without the type", "deviceConfigurations/old", { displayName: "B" }, /abstract class/],
    ["another type", "deviceConfigurations/old", { "@odata.type": ring }, /type of an object cannot be changed/],
    [
      "actions in a change",
      "deviceCompliancePolicies/rule",
      compliance(),
      /Cannot apply PATCH to navigation property 'scheduledActionsForRule'/
    ],
    [
      "settings in a change",
      "configurationPolicies/policy",
      { settings: [] },
      /Cannot apply PATCH to navigation property 'settings'/
    ],
    [
      "assignments in a change",
      "deviceConfigurations/old",
      restrictions({ assignments: [] }),
      /navigation property 'assignments'/
    ]
  ]
  it.effect.each(changes)("%s", ([, path, body, sentence]) =>
    Effect.gen(function* () {
      const found = yield* change(path, body)
      assert.deepStrictEqual([found.status, found.code], [400, "ModelValidationFailure"])
      assert.match(found.sentence, sentence)
    }).pipe(Effect.provide(layer))
  )

  it.effect("assignments in a creation", () =>
    Effect.gen(function* () {
      const { sentence } = yield* create("deviceConfigurations", restrictions({ assignments: [] }))
      assert.include(sentence, "Cannot apply POST to navigation property 'assignments'")
    }).pipe(Effect.provide(layer))
  )
})

describe("Intune refuses to change", () => {
  const generic = "An error has occurred"
  const members: ReadonlyArray<readonly [string, string, object, string]> = [
    [
      "the platform of a filter, though it is the same",
      "assignmentFilters/filter",
      { platform: "windows10AndLater" },
      "Platform cannot be changed"
    ],
    [
      "the platforms of a policy of the settings catalog",
      "configurationPolicies/policy",
      { platforms: "macOS" },
      "Platform, PolicyType, CreationSource and TemplateReference of a policy cannot be changed once created"
    ],
    [
      "when a ring was paused",
      "deviceConfigurations/ring",
      { "@odata.type": ring, qualityUpdatesPauseStartDate: null },
      generic
    ],
    [
      "whether a ring is rolled back",
      "deviceConfigurations/ring",
      { "@odata.type": ring, featureUpdatesWillBeRolledBack: false },
      generic
    ],
    [
      "the priority of an enrollment configuration",
      "deviceEnrollmentConfigurations/limit",
      { "@odata.type": limit, priority: 1 },
      generic
    ],
    [
      "the platform of an enrollment restriction",
      "deviceEnrollmentConfigurations/single",
      { "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration", platformType: "ios" },
      generic
    ],
    [
      "the version of a compliance script",
      "deviceComplianceScripts/script",
      { version: "2" },
      "Invalid property name: Version"
    ],
    [
      "whether a remediation is Microsoft's",
      "deviceHealthScripts/health",
      { isGlobalScript: false },
      "Invalid property name: IsGlobalScript"
    ],
    ["the default language of a template", "notificationMessageTemplates/notice", { defaultLocale: "de-de" }, generic],
    [
      "when an object was made",
      "deviceConfigurations/old",
      restrictions({ createdDateTime: "2026-01-01T00:00:00Z" }),
      generic
    ],
    [
      "whether a configuration supports scope tags",
      "deviceConfigurations/old",
      restrictions({ supportsScopeTags: true }),
      generic
    ],
    ["the built-in scope tag", "roleScopeTags/0", { displayName: "Mine" }, "A built-in object cannot be changed"]
  ]
  it.effect.each(members)("%s", ([, path, body, sentence]) =>
    Effect.gen(function* () {
      const found = yield* change(path, body)
      assert.deepStrictEqual([found.status, found.sentence], [400, sentence])
    }).pipe(Effect.provide(layer))
  )

  it.effect("one platform of the default restriction without the others", () =>
    Effect.gen(function* () {
      const path = "deviceEnrollmentConfigurations/x_DefaultPlatformRestrictions"
      const part = { "@odata.type": platforms, iosRestriction: { platformBlocked: true } }
      assert.include((yield* change(path, part)).sentence, "all platforms: androidRestriction")
      const whole = yield* change(path, { ...part, androidRestriction: {} })
      assert.deepStrictEqual(whole.status, 403)
    }).pipe(Effect.provide(layer))
  )

  it.effect("any restriction of platforms by an app", () =>
    Effect.gen(function* () {
      const type = { "@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration" }
      const one = `${base}/deviceEnrollmentConfigurations/single`
      const body = { ...type, displayName: "Mine" }
      const assigning = { enrollmentConfigurationAssignments: [] }
      for (const found of [
        yield* create("deviceEnrollmentConfigurations", body),
        yield* change("deviceEnrollmentConfigurations/single", body),
        yield* refused(`${one}/assign`, { method: "POST", body: assigning }),
        yield* refused(one, { method: "DELETE" })
      ]) {
        assert.deepStrictEqual(
          [found.status, found.sentence],
          [403, "Tenant is not Global Admin or Intune Service Admin"]
        )
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("what a policy of the settings catalog is for, and takes it unchanged", () =>
    Effect.gen(function* () {
      const { sentence } = yield* replace("configurationPolicies/policy", catalog({ technologies: "linuxMdm" }))
      assert.include(sentence, "cannot be changed once created")
      const template = { templateReference: { templateId: "b_1" } }
      assert.include((yield* replace("configurationPolicies/policy", catalog(template))).sentence, "TemplateReference")
      const same = catalog({ creationSource: "x", templateReference: { templateId: "a_1" } })
      yield* done(`${base}/configurationPolicies/policy`, { method: "PUT", body: same })
    }).pipe(Effect.provide(layer))
  )
})

describe("a refusal of Intune", () => {
  it.effect("is JSON inside the message, with a trailer that has the request's id", () =>
    Effect.gen(function* () {
      const { body, headers } = yield* ask(`${base}/roleScopeTags/0`, { method: "DELETE" })
      assert.strictEqual(body.error.code, "BadRequest")
      const { _version, CustomApiErrorPhrase, HttpHeaders, Message } = JSON.parse(body.error.message)
      assert.deepStrictEqual([_version, CustomApiErrorPhrase, HttpHeaders], [3, "", "{}"])
      const trailer =
        /^A built-in object cannot be deleted - Operation ID \(for customer support\): [0-]+ - Activity ID: (\S+) - Url: https:\/\/fef\./
      assert.strictEqual(trailer.exec(Message)?.[1], headers["request-id"])
    }).pipe(Effect.provide(layer))
  )
})

describe("Intune refuses to make", () => {
  const unreported: ReadonlyArray<readonly [string, string, object]> = [
    ["an object with an id", "deviceConfigurations", restrictions({ id: "mine" })],
    ["an object with a version", "deviceConfigurations", restrictions({ version: 1 })],
    ["a policy with the number of its settings", "configurationPolicies", catalog({ settingCount: 1 })],
    ["a setting with an id", "configurationPolicies", catalog({ settings: [{ ...catalog().settings[0], id: "0" }] })],
    [
      "an action with an id",
      "deviceCompliancePolicies",
      compliance({ scheduledActionsForRule: [{ scheduledActionConfigurations: [{ id: "1", actionType: "block" }] }] })
    ],
    ["a filter with its uses", "assignmentFilters", { displayName: "A", platform: "iOS", rule: "a", payloads: [] }],
    [
      "an enrollment configuration with a priority",
      "deviceEnrollmentConfigurations",
      { "@odata.type": limit, priority: 2 }
    ]
  ]
  it.effect.each(unreported)("%s, as far as anybody knows", ([, path, body]) =>
    Effect.gen(function* () {
      const { reason, status } = yield* create(path, body)
      assert.strictEqual(status, 400)
      assert.include(reason, "Nobody has reported")
    }).pipe(Effect.provide(layer))
  )

  const reported: ReadonlyArray<readonly [string, string, object, RegExp]> = [
    [
      "a compliance policy that does not block",
      "deviceCompliancePolicies",
      compliance({ scheduledActionsForRule: [] }),
      /one and only one block/
    ],
    [
      "a compliance policy that blocks twice",
      "deviceCompliancePolicies",
      compliance({
        scheduledActionsForRule: [{ scheduledActionConfigurations: [{ actionType: "block" }, { actionType: "block" }] }]
      }),
      /one and only one block/
    ],
    [
      "a restriction of all platforms in one",
      "deviceEnrollmentConfigurations",
      { "@odata.type": platforms },
      /no longer supported/
    ],
    [
      "a remediation that detects nothing",
      "deviceHealthScripts",
      { displayName: "A", detectionScriptContent: "" },
      /must not be empty/
    ],
    [
      "a template with a default language",
      "notificationMessageTemplates",
      { displayName: "A", defaultLocale: "en-us" },
      /error/
    ]
  ]
  it.effect.each(reported)("%s", ([, path, body, sentence]) =>
    Effect.gen(function* () {
      const found = yield* create(path, body)
      assert.strictEqual(found.status, 400)
      assert.match(found.sentence, sentence)
      assert.notInclude(found.reason, "Nobody has reported")
    }).pipe(Effect.provide(layer))
  )

  it.effect("anything that it refused", () =>
    Effect.gen(function* () {
      yield* create("deviceConfigurations", restrictions({ id: "mine" }))
      assert.lengthOf(yield* itemsOf("deviceManagement/deviceConfigurations"), 2)
    }).pipe(Effect.provide(layer))
  )
})

describe("Intune keeps what every tenant has", () => {
  it.effect.each(["roleScopeTags/0", "deviceEnrollmentConfigurations/x_DefaultPlatformRestrictions"])("%s", (path) =>
    Effect.gen(function* () {
      assert.include((yield* refused(`${base}/${path}`, { method: "DELETE" })).sentence, "cannot be deleted")
    }).pipe(Effect.provide(layer))
  )

  it.effect("and filters that are used", () =>
    Effect.gen(function* () {
      const deviceAndAppManagementAssignmentFilterId = "filter"
      const target = {
        "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
        deviceAndAppManagementAssignmentFilterId
      }
      const assign = (assignments: ReadonlyArray<object>) =>
        done(`${base}/deviceConfigurations/old/assign`, { method: "POST", body: { assignments } })
      yield* assign([{ target }])
      const used = yield* refused(`${base}/assignmentFilters/filter`, { method: "DELETE" })
      assert.strictEqual(used.sentence, "The assignment filter is in use")
      yield* assign([])
      yield* done(`${base}/assignmentFilters/filter`, { method: "DELETE" })
    }).pipe(Effect.provide(layer))
  )

  it.effect("and locations that are trusted", () =>
    Effect.gen(function* () {
      const locations = "/v1.0/identity/conditionalAccess/namedLocations"
      const type = { "@odata.type": "#microsoft.graph.ipNamedLocation" }
      const { id } = yield* done(locations, {
        method: "POST",
        body: { ...type, displayName: "Office", isTrusted: true }
      })
      assert.strictEqual((yield* refused(`${locations}/${id}`, { method: "DELETE" })).status, 400)
      yield* done(`${locations}/${id}`, { method: "PATCH", body: { ...type, isTrusted: false } })
      yield* done(`${locations}/${id}`, { method: "DELETE" })
    }).pipe(Effect.provide(layer))
  )

  it.effect("and assigns no default", () =>
    Effect.gen(function* () {
      const path = `${base}/deviceEnrollmentConfigurations/x_DefaultPlatformRestrictions/assign`
      const body = { enrollmentConfigurationAssignments: [] }
      assert.include((yield* refused(path, { method: "POST", body })).sentence, "cannot be assigned")
    }).pipe(Effect.provide(layer))
  )
})
