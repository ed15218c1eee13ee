import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { canonicalContent } from "../../../src/policies/PolicyContent.ts"
import type { GraphObject } from "../../../src/policies/PolicySource.ts"
import { referenceKey, referencesIn, withReferences } from "../../../src/policies/references/Reference.ts"

const Uuid = Schema.String.check(Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/))
const Tag = Schema.Literals(["0", "1", "5", "12"])

/** A policy with references in every place that has them, among values that look like references and are none. */
const Policy = Schema.Struct({
  roleScopeTagIds: Schema.UniqueArray(Tag),
  roleScopeTags: Schema.UniqueArray(Tag),
  value: Uuid,
  templateId: Uuid,
  selectedMobileAppIds: Schema.UniqueArray(Uuid),
  conditions: Schema.Struct({
    includeGroups: Schema.UniqueArray(Schema.Union([Uuid, Schema.Literals(["All", "None"])])),
    excludeLocations: Schema.UniqueArray(Schema.Union([Uuid, Schema.Literal("AllTrusted")])),
    includeRoles: Schema.UniqueArray(Uuid)
  }),
  grantControls: Schema.Struct({
    operator: Schema.Literal("OR"),
    authenticationStrength: Schema.NullOr(Schema.Struct({ id: Uuid, displayName: Schema.String }))
  }),
  settings: Schema.Array(
    Schema.Struct({
      "@odata.type": Schema.Literals([
        "#microsoft.graph.deviceManagementConfigurationReferenceSettingValue",
        "#microsoft.graph.deviceManagementConfigurationStringSettingValue"
      ]),
      value: Uuid
    })
  ),
  scheduledActionsForRule: Schema.Array(
    Schema.Struct({
      notificationTemplateId: Schema.Union([Uuid, Schema.Literal("00000000-0000-0000-0000-000000000000")]),
      notificationMessageCCList: Schema.UniqueArray(Uuid)
    })
  )
})

const textOf = (value: unknown) => canonicalContent(value as GraphObject).text

/** Another id of the same form: its digits from behind. */
const turned = (id: string) => {
  if (id.length < 36) return `t${id}`
  const digits = [...id.replaceAll("-", "")]
  return id.replace(/[\da-f]/gi, () => digits.pop() ?? "")
}

describe("references in a policy", () => {
  it.prop("replaced by themselves leave it as it is", { policy: Policy }, ({ policy }) => {
    assert.strictEqual(textOf(withReferences(policy, ({ id }) => id)), textOf(policy))
  })

  it.prop("are all replaced, and nothing else is", { policy: Policy }, ({ policy }) => {
    const found = referencesIn(policy)
    const replaced = withReferences(policy, ({ id }) => turned(id))
    assert.sameMembers(referencesIn(replaced).map(referenceKey), [
      ...new Set(found.map(({ id, kind }) => referenceKey({ kind, id: turned(id) })))
    ])
    const { templateId, value } = replaced as typeof Policy.Type
    assert.deepStrictEqual([templateId, value], [policy.templateId, policy.value])
    assert.isFalse(found.some(({ id }) => ["0", "All", "None", "AllTrusted"].includes(id) || /^[0-]+$/.test(id)))
  })

  it.prop("that are taken out leave no trace in lists", { policy: Policy }, ({ policy }) => {
    const left = withReferences(policy, () => null)
    assert.deepStrictEqual(referencesIn(left), [])
  })
})
