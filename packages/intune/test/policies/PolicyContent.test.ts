import { ExactJson } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import {
  assignmentsContent,
  lackingSecrets,
  policyContent,
  reveal,
  secretsIn
} from "../../src/policies/PolicyContent.ts"
import { recordOf } from "../../src/policies/PolicyRecord.ts"
import type { GraphObject } from "../../src/policies/PolicySource.ts"
import { policySources } from "../../src/policies/policySources.ts"

const salt = new Uint8Array(32).fill(7)
const contentOf = (body: object, volatile: ReadonlyArray<string> = []) =>
  policyContent(body as Record<string, unknown>, volatile, salt)

describe("the content of a policy", () => {
  it("is the same however Graph, or a tool that exports, tells it", () => {
    const plain = { displayName: "Browser", roleScopeTagIds: ["0", "1"], nested: { b: 1, a: [1, 2] } }
    const told = {
      "@odata.context": "https://graph.microsoft.com/beta/$metadata#x",
      "@odata.etag": 'W/"1"',
      "createdDateTime@odata.type": "#DateTimeOffset",
      "#microsoft.graph.assign": { target: "https://graph.microsoft.com/beta/x/assign" },
      id: "x",
      version: 3,
      lastModifiedDateTime: "2026-01-01T00:00:00Z",
      description: null,
      nested: { a: [1, 2], b: 1, "b@odata.type": "#Int32" },
      roleScopeTagIds: ["1", "0"],
      displayName: "Browser"
    }
    assert.strictEqual(contentOf(told).text, contentOf(plain).text)
    assert.strictEqual(contentOf(told).hash, contentOf(plain).hash)
  })

  it("differs where anything differs that counts, also deep inside, and in the order of lists", () => {
    const of = (value: unknown) => contentOf({ displayName: "x", nested: { list: value } }).hash
    const all = [[1, 2], [2, 1], [1, 2, 3], "1,2", { a: 1 }, { a: 2 }, { version: 1 }, [], 0, "0", false].map(of)
    assert.strictEqual(new Set(all).size, all.length)
  })

  it("of a settings catalog policy is the same with and without the types that only exports tell", () => {
    const settings = [{ id: "0", settingInstance: { "@odata.type": "#microsoft.graph.x", value: 1 } }]
    const policy = (body: object, odataType: string | null) =>
      recordOf(
        policySources.settingsCatalog,
        { id: "p", odataType, body: { name: "P", ...body }, assignments: [] },
        salt
      ).record
    const listed = policy({ settings }, null)
    const exported = policy(
      {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
        settings: settings.map((each) => ({
          "@odata.type": "#microsoft.graph.deviceManagementConfigurationSetting",
          ...each
        }))
      },
      "#microsoft.graph.deviceManagementConfigurationPolicy"
    )
    assert.deepStrictEqual(exported, listed)
    // What a setting is counts.
    const other = [{ id: "0", settingInstance: { "@odata.type": "#microsoft.graph.y", value: 1 } }]
    assert.notStrictEqual(policy({ settings: other }, null).contentHash, listed.contentHash)
  })

  it("holds no secret, and gives it back to whoever has it", () => {
    const secrets = {
      preSharedKey: "hush-1",
      omaSettings: [
        { isEncrypted: true, value: "hush-2" },
        { isEncrypted: false, value: "shown" }
      ],
      deep: { "@odata.type": "#microsoft.graph.deviceManagementConfigurationSecretSettingValue", value: "hush-3" }
    }
    const content = contentOf(secrets)
    assert.notInclude(content.text, "hush")
    assert.include(content.text, "shown")
    assert.sameMembers([...content.secrets.values()], ["hush-1", "hush-2", "hush-3"])
    assert.sameMembers([...secretsIn(content.text)], [...content.secrets.keys()])
    assert.deepStrictEqual(reveal(content.text, content.secrets), secrets)
    assert.strictEqual(contentOf(secrets).hash, content.hash)
    assert.notStrictEqual(contentOf({ ...secrets, preSharedKey: "other" }).hash, content.hash)
  })

  const pairs: ReadonlyArray<object> = [
    { appConfigKey: "api_key", appConfigKeyValue: "hush" },
    { definitionId: "deviceConfiguration--vpn_preSharedKey", valueJson: '"hush"' },
    { key: "token", valueString: "hush" },
    { name: "clientSecret", defaultValue: "hush" },
    { omaUri: "./Vendor/MSFT/Proxy", displayName: "Proxy password", value: "hush" },
    { presentation: { id: "1", label: "Proxy password:" }, value: "hush" },
    { settingDefinitionId: "vendor_passwords", simpleSettingCollectionValue: [{ value: "hush" }] },
    { key: "passwords", values: ["hush"] }
  ]
  it.each(pairs)("holds no value of a pair whose name is that of a secret: %j", (pair) => {
    const { secrets, text } = contentOf({ pairs: [pair] })
    assert.strictEqual(secrets.size, 1)
    assert.notInclude(text, "hush")
    const open = { key: "server", displayName: "Password", value: "proxy" }
    assert.strictEqual(contentOf({ pairs: [open] }).secrets.size, 0)
  })

  it("says which members lack their value: what Graph has masked, and secrets that are not known", () => {
    const lacking = (body: object, known: ReadonlyArray<string> = []) =>
      lackingSecrets(contentOf(body).text, new Set(known))
    const token = { "@odata.type": "x", valueState: "encryptedValueToken", value: "token" }
    const emptyXml = Buffer.from("<wlan></wlan>").toString("base64")
    const masked = {
      preSharedKey: "********",
      deep: [token, { isEncrypted: true, value: emptyXml }],
      passwords: ["real", "****"],
      allowed: "*"
    }
    assert.sameMembers(
      [...lacking(masked, [...contentOf(masked).secrets.keys()])],
      ["preSharedKey", "deep/0/value", "deep/1/value", "passwords/1"]
    )
    assert.deepStrictEqual(lacking({ omaSettings: [{ isEncrypted: true, value: "hush" }] }), ["omaSettings/0/value"])
    assert.deepStrictEqual(lacking({ allowed: "*", name: "P" }), [])
    const profile = (configurationXml: string) => contentOf({ configurationXml })
    const xml = profile(Buffer.from("<wap-provisioningdoc>hush</wap-provisioningdoc>").toString("base64"))
    assert.deepStrictEqual(lackingSecrets(xml.text, new Set(xml.secrets.keys())), [])
    assert.strictEqual(xml.secrets.size, 1)
    const shown = profile("placeholder")
    assert.deepStrictEqual(lackingSecrets(shown.text, new Set(shown.secrets.keys())), ["configurationXml"])
  })

  it("takes what an export has in place of a secret for the same secret", () => {
    const content = contentOf({ preSharedKey: "hush", tokenValue: "hush too" })
    const exported = contentOf(JSON.parse(content.text))
    assert.strictEqual(exported.text, content.text)
    assert.strictEqual(exported.secrets.size, 0)
  })

  it("keeps nothing of what enrols devices but that it was there, and leaves it out of what is written", () => {
    const profile = { displayName: "Kiosks", tokenValue: "hush-1", qrCodeImage: { type: "png", value: "aHVzaC0y" } }
    const content = contentOf(profile)
    assert.strictEqual(content.text, contentOf({ ...profile, tokenValue: "hush-3" }).text)
    assert.strictEqual(content.secrets.size, 0)
    assert.notStrictEqual(content.text, contentOf({ displayName: "Kiosks" }).text)
    assert.deepStrictEqual(reveal(content.text, content.secrets), { displayName: "Kiosks" })
  })

  it("keeps every digit of 64-bit integers, also in what is written back", () => {
    const body = ExactJson.parse(`{"least":-9223372036854775808,"list":[9223372036854775807]}`) as GraphObject
    const { text } = contentOf(body)
    assert.strictEqual(text, `{"least":-9223372036854775808,"list":[9223372036854775807]}`)
    assert.strictEqual(JSON.stringify(reveal(text, new Map())), text)
  })

  it("of assignments is the same in any order, and whatever Graph adds to them", () => {
    const [a, b] = ["a", "b"].map((groupId) => ({
      target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId }
    }))
    const of = (...assignments: ReadonlyArray<object>) =>
      assignmentsContent(assignments as ReadonlyArray<GraphObject>, salt).hash
    const first = of({ id: "1", ...a }, { id: "2", ...b })
    const told = { "@odata.type": "#microsoft.graph.deviceConfigurationAssignment", source: "direct", intent: "apply" }
    assert.strictEqual(of({ id: "9", sourceId: "x", ...told, ...b }, { ...a }), first)
    // What a policy set gives is not the policy's own.
    assert.strictEqual(of({ ...a }, { ...b }, { ...a, id: "3", source: "policySets" }), first)
    const others = [of(a!), of(a!, b!, { target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } })]
    assert.strictEqual(new Set([first, ...others, of({ ...a, intent: "uninstall" }, b!)]).size, 4)
  })

  it("of an assignment without a filter is the same however that is told", () => {
    const target = { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" }
    const filterId = "deviceAndAppManagementAssignmentFilterId"
    const filterType = "deviceAndAppManagementAssignmentFilterType"
    const of = (filter: object) => assignmentsContent([{ target: { ...target, ...filter } }], salt).hash
    const ids = [undefined, null, "", "00000000-0000-0000-0000-000000000000"]
    const forms = ids.flatMap((id) =>
      [undefined, null, "none"].map((kind) => ({
        ...(id === undefined ? {} : { [filterId]: id }),
        ...(kind === undefined ? {} : { [filterType]: kind })
      }))
    )
    assert.deepStrictEqual([...new Set(forms.map(of))], [of({})])
    const filtered = (kind: string) => of({ [filterId]: "f1", [filterType]: kind })
    assert.strictEqual(new Set([of({}), filtered("include"), filtered("exclude")]).size, 3)
  })
})

it("seals JSON inside a text that nests too deep to look into", () => {
  const text = `${'{"a":['.repeat(20_000)}"${"]}".repeat(20_000)}`.replace('"]', "0]")
  const { secrets } = contentOf({ displayName: "Deep", payload: text })
  assert.deepStrictEqual([...secrets.values()], [text])
  assert.strictEqual(contentOf({ payload: '{"a":[0]}' }).secrets.size, 0)
})
