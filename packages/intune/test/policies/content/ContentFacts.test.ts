import { assert, describe, it } from "@effect/vitest"
import { Predicate, Schema } from "effect"
import { policyContent } from "../../../src/policies/PolicyContent.ts"
import type { GraphObject } from "../../../src/policies/PolicySource.ts"

const salt = new Uint8Array(32).fill(7)
const hashOf = (body: object) => policyContent(body as GraphObject, [], salt).hash

const typed = (name: string, more: object = {}) => ({ "@odata.type": `#microsoft.graph.${name}`, ...more })
const catalog = "deviceManagementConfiguration"

/** Policies as Graph sends them by default: only types that say something. */
const minimal: Readonly<Record<string, GraphObject>> = {
  "of the settings catalog": {
    name: "Catalog",
    platforms: "windows10",
    templateReference: { templateId: "", templateFamily: "none" },
    settings: [
      {
        id: "0",
        settingInstance: typed(`${catalog}ChoiceSettingInstance`, {
          settingDefinitionId: "one",
          settingInstanceTemplateReference: { settingInstanceTemplateId: "t" },
          choiceSettingValue: {
            value: "one_1",
            children: [
              typed(`${catalog}SimpleSettingInstance`, {
                settingDefinitionId: "one_child",
                simpleSettingValue: typed(`${catalog}IntegerSettingValue`, { value: 5 })
              })
            ]
          }
        })
      },
      {
        id: "1",
        settingInstance: typed(`${catalog}GroupSettingCollectionInstance`, {
          settingDefinitionId: "two",
          groupSettingCollectionValue: [{ children: [typed(`${catalog}ChoiceSettingInstance`)] }]
        })
      }
    ]
  },
  "of VPN": typed("windows10VpnConfiguration", {
    displayName: "VPN",
    proxyServer: { address: "proxy", port: 80 },
    trafficRules: [{ name: "all", remoteAddressRanges: [{ lowerAddress: "1", upperAddress: "2" }] }],
    omaSettings: [typed("omaSettingInteger", { omaUri: "./x", value: 1 })]
  }),
  "of compliance": typed("windows10CompliancePolicy", {
    displayName: "Compliance",
    scheduledActionsForRule: [{ ruleName: null, scheduledActionConfigurations: [{ actionType: "block" }] }]
  })
}

/** The types that full metadata adds, by the member that holds the value. */
const added: Readonly<Record<string, string>> = {
  templateReference: `${catalog}PolicyTemplateReference`,
  settings: `${catalog}Setting`,
  settingInstanceTemplateReference: `${catalog}SettingInstanceTemplateReference`,
  choiceSettingValue: `${catalog}ChoiceSettingValue`,
  groupSettingCollectionValue: `${catalog}GroupSettingValue`,
  proxyServer: "windows10VpnProxyServer",
  trafficRules: "vpnTrafficRule",
  remoteAddressRanges: "iPv4Range",
  scheduledActionsForRule: "deviceComplianceScheduledActionForRule",
  scheduledActionConfigurations: "deviceComplianceActionItem"
}

const annotations = (name: string) => ({
  [`${name}@odata.type`]: "#Collection(microsoft.graph.thing)",
  [`${name}@odata.context`]: "https://graph.microsoft.com/beta/$metadata#x",
  [`${name}@odata.navigationLink`]: "https://graph.microsoft.com/beta/x",
  [`${name}@odata.associationLink`]: "https://graph.microsoft.com/beta/x/$ref"
})

/** A value as full metadata tells it; `choose` says where annotations are. */
const annotated = (value: unknown, holder: string, choose: () => boolean): unknown => {
  if (Array.isArray(value)) return value.map((item) => annotated(item, holder, choose))
  if (!Predicate.isObject(value)) return value
  const members = Object.entries(value).flatMap(([name, member]) => [
    [name, annotated(member, name, choose)] as const,
    ...(choose() ? Object.entries(annotations(name)) : [])
  ])
  const type = added[holder]
  return {
    ...(type !== undefined && choose() ? typed(type) : {}),
    ...(choose() ? { "@odata.id": "x", "@odata.editLink": "y", "#microsoft.graph.assign": { target: "z" } } : {}),
    ...Object.fromEntries(members)
  }
}

describe("annotations", () => {
  it.each(Object.keys(minimal))("that say nothing do not count in a policy %s", (kind) => {
    const body = minimal[kind]!
    const full = annotated(body, "", () => true) as GraphObject
    assert.strictEqual(
      hashOf({ "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy", ...full }),
      hashOf(body)
    )
  })

  it.prop(
    "do not count wherever they are",
    { kind: Schema.Literals(Object.keys(minimal)), choices: Schema.Array(Schema.Boolean).check(Schema.isMinLength(1)) },
    ({ choices, kind }) => {
      let at = 0
      const full = annotated(minimal[kind], "", () => choices[at++ % choices.length] === true)
      assert.strictEqual(hashOf(full as GraphObject), hashOf(minimal[kind]!))
    }
  )

  it("count where they tell what a value is", () => {
    const of = (type: string) => hashOf({ x: { settingInstance: typed(type, { value: 1 }) } })
    const types = [`${catalog}ChoiceSettingInstance`, `${catalog}SimpleSettingInstance`, "somethingOfTheFuture"]
    assert.strictEqual(new Set([...types.map(of), hashOf({ x: { settingInstance: { value: 1 } } })]).size, 4)
    assert.notStrictEqual(hashOf(typed("iosCompliancePolicy")), hashOf(typed("macOSCompliancePolicy")))
    // A range of IPv4 addresses is nothing special among the ranges of a traffic rule, but is in a named location.
    const range = typed("iPv4Range", { lowerAddress: "1" })
    assert.notStrictEqual(hashOf({ ipRanges: [range] }), hashOf({ ipRanges: [{ lowerAddress: "1" }] }))
    assert.strictEqual(
      hashOf({ remoteAddressRanges: [range] }),
      hashOf({ remoteAddressRanges: [{ lowerAddress: "1" }] })
    )
  })
})

/** Gives each object inside a value an id and dates, as the service does anew with each write. */
const renumbered = (value: unknown, seed: string): unknown => {
  if (Array.isArray(value)) return value.map((item, index) => renumbered(item, `${seed}-${index}`))
  if (!Predicate.isObject(value)) return value
  const members = Object.entries(value).map(([name, member]) => [name, renumbered(member, `${seed}-${name}`)])
  return { ...Object.fromEntries(members), id: seed, createdDateTime: seed, lastModifiedDateTime: seed }
}

describe("ids inside a policy", () => {
  it.each(Object.keys(minimal))("that the service makes anew do not count in a policy %s", (kind) => {
    assert.strictEqual(hashOf(renumbered(minimal[kind], "b") as GraphObject), hashOf(minimal[kind]!))
  })

  it("count where they are references, and those with another name always do", () => {
    const strength = (id: string, more: object = {}) =>
      hashOf({ grantControls: { authenticationStrength: { id, ...more } } })
    assert.notStrictEqual(strength("one"), strength("two"))
    assert.strictEqual(strength("one", { displayName: "Renamed", allowedCombinations: [] }), strength("one"))
    const value = (definition: object) => hashOf({ definitionValues: [{ enabled: true, definition }] })
    assert.notStrictEqual(value({ id: "one" }), value({ id: "two" }))
    for (const name of ["settingDefinitionId", "templateId", "notificationTemplateId", "groupId", "payloadId"]) {
      assert.notStrictEqual(hashOf({ x: [{ [name]: "one" }] }), hashOf({ x: [{ [name]: "two" }] }), name)
    }
  })

  it("are none where they are null, absent, empty or zero", () => {
    const action = (more: object) => hashOf({ scheduledActionConfigurations: [{ actionType: "block", ...more }] })
    const none = [null, "", "00000000-0000-0000-0000-000000000000"].map((id) => action({ notificationTemplateId: id }))
    assert.deepStrictEqual([...new Set(none)], [action({})])
  })
})

describe("the order of a list", () => {
  const unordered = ["roleScopeTagIds", "settings", "children", "scheduledActionConfigurations", "includeUsers", "apps"]
  it.each(unordered)("means nothing in %s", (name) => {
    const [a, b] = [{ settingDefinitionId: "a" }, { settingDefinitionId: "b" }]
    assert.strictEqual(hashOf({ deep: [{ [name]: [a, b] }] }), hashOf({ deep: [{ [name]: [b, a] }] }))
    assert.notStrictEqual(hashOf({ [name]: [a, b] }), hashOf({ [name]: [a] }))
    // Neither is a list of two the same as one of three.
    assert.notStrictEqual(hashOf({ [name]: [a, b] }), hashOf({ [name]: [a, b, b] }))
  })

  it.each(["omaSettings", "groupSettingCollectionValue", "simpleSettingCollectionValue", "homeScreenPages", "rules"])(
    "means something in %s",
    (name) => assert.notStrictEqual(hashOf({ [name]: [1, 2] }), hashOf({ [name]: [2, 1] }))
  )

  it("is another question than whether there is one: an empty list counts", () => {
    assert.notStrictEqual(hashOf({ exemptions: [] }), hashOf({}))
    assert.strictEqual(hashOf({ exemptions: null }), hashOf({}))
  })
})

describe("an encrypted value", () => {
  it("is the same with another reference to it", () => {
    const row = (secretReferenceValueId: string) =>
      hashOf({ omaSettings: [{ isEncrypted: true, secretReferenceValueId, value: "****" }] })
    assert.strictEqual(row("a_b_c"), row("a_b_d"))
  })
})
