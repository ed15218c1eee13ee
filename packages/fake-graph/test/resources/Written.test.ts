import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { catalog, compliance, done, idsIn, itemsOf, refused, restrictions, tenant } from "./Tenants.ts"

const base = "/beta/deviceManagement"
const layer = tenant({
  "deviceManagement/deviceConfigurations": [
    { id: "old", ...restrictions(), version: 3, lastModifiedDateTime: "2024-01-01T00:00:00Z" }
  ],
  "deviceManagement/deviceCompliancePolicies": [],
  "deviceManagement/configurationPolicies": [],
  "deviceManagement/notificationMessageTemplates": [],
  "deviceManagement/deviceHealthScripts": [{ id: "health", displayName: "Health", detectionScriptContent: "QQ==" }],
  "deviceManagement/roleScopeTags": [{ id: "0", displayName: "Default", isBuiltIn: true }],
  "deviceAppManagement/managedAppPolicies": []
})
const post = (path: string, body: object) => done(`${base}/${path}`, { method: "POST", body })

describe("a write", () => {
  it.effect("gives actions for noncompliance new ids, each time", () =>
    Effect.gen(function* () {
      const { id } = yield* post("deviceCompliancePolicies", compliance())
      const expand = "?$expand=scheduledActionsForRule($expand=scheduledActionConfigurations)"
      const rules = Effect.map(
        done(`${base}/deviceCompliancePolicies/${id}${expand}`),
        ({ scheduledActionsForRule: [rule] }) => [rule.id, rule.scheduledActionConfigurations[0].id] as const
      )
      const before = yield* rules
      const { scheduledActionsForRule } = compliance()
      yield* post(`deviceCompliancePolicies/${id}/scheduleActionsForRules`, {
        deviceComplianceScheduledActionForRules: scheduledActionsForRule
      })
      const after = yield* rules
      assert.strictEqual(new Set([...before, ...after]).size, 4)
    }).pipe(Effect.provide(layer))
  )

  it.effect("numbers settings by their places, and counts them", () =>
    Effect.gen(function* () {
      const [one] = catalog().settings
      const { id, settingCount } = yield* post("configurationPolicies", catalog({ settings: [one, one] }))
      assert.strictEqual(settingCount, 2)
      assert.deepStrictEqual(yield* idsIn(`${base}/configurationPolicies/${id}/settings`), ["0", "1"])
      yield* done(`${base}/configurationPolicies/${id}`, { method: "PUT", body: catalog() })
      assert.strictEqual((yield* done(`${base}/configurationPolicies/${id}`)).settingCount, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("numbers scope tags, and gives none the number of a deleted one", () =>
    Effect.gen(function* () {
      const ids = `${base}/roleScopeTags`
      assert.strictEqual((yield* post("roleScopeTags", { displayName: "Berlin" })).id, "1")
      assert.strictEqual((yield* post("roleScopeTags", { displayName: "London" })).id, "2")
      yield* done(`${ids}/2`, { method: "DELETE" })
      assert.strictEqual((yield* post("roleScopeTags", { displayName: "Seattle" })).id, "3")
      assert.deepStrictEqual(yield* idsIn(ids), ["0", "1", "3"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("raises the version, and says when it was", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 2))
      yield* done(`${base}/deviceConfigurations/old`, { method: "PATCH", body: restrictions({ displayName: "New" }) })
      const { displayName, lastModifiedDateTime, version } = yield* done(`${base}/deviceConfigurations/old`)
      assert.deepStrictEqual([displayName, version, lastModifiedDateTime], ["New", 4, "2026-01-02T00:00:00.000Z"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("gives what it makes the tag Default, a version and dates", () =>
    Effect.gen(function* () {
      const made = yield* post("deviceConfigurations", restrictions())
      assert.deepInclude(made, { roleScopeTagIds: ["0"], version: 1 })
      assert.isString(made.createdDateTime)
    }).pipe(Effect.provide(layer))
  )

  it.effect("that replaces a policy of the settings catalog keeps its assignments and nothing else", () =>
    Effect.gen(function* () {
      const { id } = yield* post("configurationPolicies", catalog({ description: "Gone" }))
      const target = { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" }
      yield* post(`configurationPolicies/${id}/assign`, { assignments: [{ target }] })
      yield* done(`${base}/configurationPolicies/${id}`, { method: "PUT", body: catalog() })
      assert.lengthOf((yield* done(`${base}/configurationPolicies/${id}/assignments`)).value, 1)
      const policy = yield* done(`${base}/configurationPolicies/${id}`)
      assert.notProperty(policy, "description")
      assert.isTrue(policy.isAssigned)
    }).pipe(Effect.provide(layer))
  )

  it.effect("of app protection is in the list of all platforms", () =>
    Effect.gen(function* () {
      const { id } = yield* done("/beta/deviceAppManagement/iosManagedAppProtections", {
        method: "POST",
        body: { displayName: "Apps" }
      })
      const [all] = (yield* done("/beta/deviceAppManagement/managedAppPolicies")).value
      assert.deepInclude(all, { id, "@odata.type": "#microsoft.graph.iosManagedAppProtection" })
    }).pipe(Effect.provide(layer))
  )
})

describe("assign", () => {
  const everyone = { "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget" }
  const devices = { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" }
  const assign = `${base}/deviceConfigurations/old/assign`
  const refusedWith = (body: object) => refused(assign, { method: "POST", body })

  it.effect("replaces what was there, and gives ids that begin with the policy's", () =>
    Effect.gen(function* () {
      yield* post("deviceConfigurations/old/assign", { assignments: [{ target: everyone }] })
      const { value } = yield* post("deviceConfigurations/old/assign", { assignments: [{ target: devices }] })
      assert.match(value[0].id, /^old_[\da-f-]{36}$/)
      const [item] = yield* itemsOf("deviceManagement/deviceConfigurations")
      assert.lengthOf(item?.["assignments"] as ReadonlyArray<unknown>, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("ignores the second assignment of a target, whatever its filter is", () =>
    Effect.gen(function* () {
      const filtered = { ...devices, deviceAndAppManagementAssignmentFilterType: "none" }
      const { value } = yield* post("deviceConfigurations/old/assign", {
        assignments: [{ target: devices }, { target: everyone }, { target: filtered }]
      })
      assert.deepStrictEqual(
        value.map(({ target }: { readonly target: object }) => target),
        [devices, everyone]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("names the parameter that it does not know", () =>
    Effect.gen(function* () {
      const { sentence } = yield* refusedWith({ deviceConfigurationAssignments: [] })
      assert.strictEqual(sentence, "Action parameters do not contain parameter 'deviceConfigurationAssignments'.")
      const more = yield* refusedWith({ assignments: [], deviceConfigurationGroupAssignments: [] })
      assert.strictEqual(
        more.sentence,
        "Action parameters do not contain parameter 'deviceConfigurationGroupAssignments'."
      )
      const none = yield* refusedWith({})
      assert.strictEqual(none.sentence, "Action parameters do not contain parameter 'assignments'.")
    }).pipe(Effect.provide(layer))
  )

  it.effect("takes targets only, as far as anybody knows", () =>
    Effect.gen(function* () {
      assert.include(
        (yield* refusedWith({ assignments: [{ target: devices, id: "old_1" }] })).reason,
        "id in an assignment"
      )
      assert.include((yield* refusedWith({ assignments: [{ target: null }] })).reason, "without a target")
    }).pipe(Effect.provide(layer))
  )

  it.effect("takes what else a remediation's assignment says, and answers nothing", () =>
    Effect.gen(function* () {
      const runSchedule = { "@odata.type": "#microsoft.graph.deviceHealthScriptDailySchedule", interval: 1 }
      const answer = yield* post("deviceHealthScripts/health/assign", {
        deviceHealthScriptAssignments: [{ target: devices, runRemediationScript: true, runSchedule }]
      })
      assert.strictEqual(answer, "")
    }).pipe(Effect.provide(layer))
  )
})

describe("the texts of a notification template", () => {
  it.effect("are written one by one, and the default one decides the language", () =>
    Effect.gen(function* () {
      const { id } = yield* post("notificationMessageTemplates", { displayName: "Notice" })
      const messages = `notificationMessageTemplates/${id}/localizedNotificationMessages`
      const text = { subject: "Late", messageTemplate: "Update" }
      yield* post(messages, { ...text, locale: "en-us", isDefault: true })
      yield* post(messages, { ...text, locale: "de-de", isDefault: true })
      const [english, german] = (yield* done(`${base}/${messages}`)).value
      assert.deepStrictEqual([english.isDefault, german.isDefault, german.id], [false, true, `${id}_de-de`])
      assert.strictEqual((yield* done(`${base}/notificationMessageTemplates/${id}`)).defaultLocale, "de-de")
      const one = `${base}/${messages}/${german.id}`
      const never = yield* refused(one, { method: "PATCH", body: { isDefault: false } })
      assert.include(never.reason, "never to false")
      const locale = yield* refused(one, { method: "PATCH", body: { locale: "fr-fr" } })
      assert.strictEqual(locale.status, 400)
      yield* done(one, { method: "DELETE" })
      assert.deepStrictEqual(yield* idsIn(`${base}/${messages}`), [english.id])
    }).pipe(Effect.provide(layer))
  )
})

describe("encrypted OMA values", () => {
  const type = "#microsoft.graph.windows10CustomConfiguration"
  const setting = (more: object) => ({
    "@odata.type": "#microsoft.graph.omaSettingString",
    displayName: "Key",
    omaUri: "./Device/Key",
    value: "plain",
    ...more
  })
  const custom = (...omaSettings: ReadonlyArray<object>) => ({
    "@odata.type": type,
    displayName: "Custom",
    omaSettings
  })
  const number = { "@odata.type": "#microsoft.graph.omaSettingInteger", displayName: "N", omaUri: "./N", value: 5 }
  const plain = (id: string, reference: string) =>
    done(`${base}/deviceConfigurations/${id}/getOmaSettingPlainTextValue(secretReferenceValueId='${reference}')`)

  it.effect("are masked in answers, and handed out by their reference", () =>
    Effect.gen(function* () {
      const { id, omaSettings } = yield* post("deviceConfigurations", custom(setting({}), number))
      const [text, integer] = omaSettings
      assert.deepInclude(text, { isEncrypted: true, value: "****" })
      assert.deepInclude(integer, { isEncrypted: false, value: 5 })
      assert.strictEqual((yield* plain(id, text.secretReferenceValueId)).value, "plain")
      const [, listed] = (yield* done(`${base}/deviceConfigurations`)).value
      assert.strictEqual(listed.omaSettings[0].value, "****")
    }).pipe(Effect.provide(layer))
  )

  it.effect("of XML are masked as XML is sent, in base64", () =>
    Effect.gen(function* () {
      const xml = {
        "@odata.type": "#microsoft.graph.omaSettingStringXml",
        value: Buffer.from("<b>1</b>").toString("base64")
      }
      const { id, omaSettings } = yield* post("deviceConfigurations", custom(setting(xml)))
      assert.strictEqual(Buffer.from(omaSettings[0].value, "base64").toString(), "<a/>")
      assert.strictEqual((yield* plain(id, omaSettings[0].secretReferenceValueId)).value, "<b>1</b>")
    }).pipe(Effect.provide(layer))
  )

  it.effect("have a plain text also where a file has only the mask", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* plain("custom", "secret")).value, "plain text of ./Device/Key")
    }).pipe(
      Effect.provide(
        tenant({
          "deviceManagement/deviceConfigurations": [
            { id: "custom", ...custom(setting({ isEncrypted: true, secretReferenceValueId: "secret", value: "****" })) }
          ]
        })
      )
    )
  )

  const masked: ReadonlyArray<readonly [string, object]> = [
    ["a reference", { secretReferenceValueId: "secret" }],
    ["the mask", { value: "****" }],
    ["the mask of XML", { "@odata.type": "#microsoft.graph.omaSettingStringXml", value: "PGEvPg==" }]
  ]
  it.effect.each(masked)("cannot be written back: %s", ([, more]) =>
    Effect.gen(function* () {
      const { code, sentence } = yield* refused(`${base}/deviceConfigurations`, {
        method: "POST",
        body: custom(setting(more))
      })
      assert.deepStrictEqual([code, sentence], ["NotSupported", "SecretReferenceValueId invalid for create"])
    }).pipe(Effect.provide(layer))
  )
})

describe("secrets of the settings catalog", () => {
  const secret = (valueState: string, value: string) =>
    catalog({
      settings: [
        {
          settingInstance: {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance",
            settingDefinitionId: "one",
            simpleSettingValue: {
              "@odata.type": "#microsoft.graph.deviceManagementConfigurationSecretSettingValue",
              valueState,
              value
            }
          }
        }
      ]
    })

  it.effect("become tokens, which their own policy alone takes back", () =>
    Effect.gen(function* () {
      const { id } = yield* post("configurationPolicies", secret("notEncrypted", "hush"))
      const [setting] = (yield* done(`${base}/configurationPolicies/${id}/settings`)).value
      const { value, valueState } = setting.settingInstance.simpleSettingValue
      assert.strictEqual(valueState, "encryptedValueToken")
      assert.notStrictEqual(value, "hush")
      yield* done(`${base}/configurationPolicies/${id}`, { method: "PUT", body: secret(valueState, value) })
      const { reason } = yield* refused(`${base}/configurationPolicies`, {
        method: "POST",
        body: secret(valueState, value)
      })
      assert.include(reason, "a token in place of a secret")
    }).pipe(Effect.provide(layer))
  )
})
