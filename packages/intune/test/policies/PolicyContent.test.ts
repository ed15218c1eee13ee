import { assert, describe, it } from "@effect/vitest"
import { assignmentsContent, hidesSecrets, policyContent, reveal, secretsIn } from "../../src/policies/PolicyContent.ts"
import { recordOf } from "../../src/policies/PolicyRecord.ts"
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
    const all = [[1, 2], [2, 1], [1, 2, 3], "1,2", { id: 1 }, { id: 2 }, { version: 1 }, [], 0, "0", false].map(of)
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

  it("is known for one that Graph has masked", () => {
    assert.isTrue(hidesSecrets(contentOf({ preSharedKey: "********" }).text))
    const token = { "@odata.type": "x", valueState: "encryptedValueToken", value: "token" }
    assert.isTrue(hidesSecrets(contentOf({ deep: [token] }).text))
    assert.isFalse(hidesSecrets(contentOf({ allowed: "*", preSharedKey: "real" }).text))
  })

  it("of assignments is the same in any order, and whatever their ids", () => {
    const [a, b] = ["a", "b"].map((groupId) => ({ target: { groupId } }))
    const first = assignmentsContent(
      [
        { id: "1", ...a },
        { id: "2", ...b }
      ],
      salt
    )
    assert.strictEqual(assignmentsContent([{ id: "9", sourceId: "x", ...b }, { ...a }], salt).hash, first.hash)
    assert.notStrictEqual(assignmentsContent([a!], salt).hash, first.hash)
  })
})
