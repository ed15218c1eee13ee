import { FakeGraph, type FakeItem } from "@atlas/fake-graph"
import { ExactJson } from "@atlas/operations"
import { thorough } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { DriftCompare, exportBackup, PolicyDrift, policyTypes } from "../../src/index.ts"
import { ada, backedUp, completed, intune, pilotGroup } from "../Fixture.ts"
import { microsoftObject, pick, type Random, randomFrom, uuid } from "./MicrosoftObjects.ts"
import { executed, itemsOf, pilot, planned } from "./RestoreFixture.ts"

const tenant = "anything"
const tags = "deviceManagement/roleScopeTags"
const catalog = "deviceManagement/configurationPolicies"
const filters = "deviceManagement/assignmentFilters"
const builtIn = { id: "0", displayName: "Default", isBuiltIn: true }

/** Collections of one type, and that type. */
const uniform: Readonly<Record<string, string>> = {
  settings_catalog: "deviceManagementConfigurationPolicy",
  powershell_scripts: "deviceManagementScript",
  assignment_filters: "deviceAndAppManagementAssignmentFilter",
  scope_tags: "roleScopeTag"
}

/** Kinds that Graph lets a restore create, and their types. */
const restorable = policyTypes.flatMap(({ claims, name, notCreated, restorability, source }) =>
  restorability.kind === "restorable" && notCreated === null
    ? (claims ?? [uniform[name] ?? ""]).map((odataType) => ({ path: source.path, odataType }))
    : []
)

type Ids = { readonly tags: ReadonlyArray<string>; readonly filters: ReadonlyArray<string> }

/** Assignments, of which no two are to the same. */
const targets = (random: Random, ids: Ids): ReadonlyArray<object> =>
  ["allDevices", "allLicensedUsers", pick(random, ["group", "exclusionGroup"])]
    .filter(() => random() < 0.5)
    .map((kind) => {
      const filter = {
        deviceAndAppManagementAssignmentFilterId: pick(random, ids.filters),
        deviceAndAppManagementAssignmentFilterType: "include"
      }
      const toGroup = kind.endsWith("roup") ? { groupId: pilotGroup } : {}
      const to = { "@odata.type": `#microsoft.graph.${kind}AssignmentTarget`, ...toGroup }
      return { target: random() < 0.5 ? { ...to, ...filter } : to }
    })

const settings = (random: Random, depth: number): ReadonlyArray<object> =>
  Array.from({ length: 1 + Math.floor(random() * 2) }, (_, index) => {
    const settingDefinitionId = `device_vendor_msft_${depth}_${index}`
    const instance = (type: string, more: object) => ({
      "@odata.type": `#microsoft.graph.deviceManagementConfiguration${type}Instance`,
      settingDefinitionId,
      ...more
    })
    if (depth > 0 && random() < 0.5) {
      return instance("GroupSettingCollection", {
        groupSettingCollectionValue: [{ children: settings(random, depth - 1) }]
      })
    }
    const value = {
      value: `option_${Math.floor(random() * 4)}`,
      children: depth > 0 ? settings(random, depth - 1) : []
    }
    return instance("ChoiceSetting", { choiceSettingValue: value })
  })

const catalogOf = (random: Random) => {
  const made = settings(random, 2).map((settingInstance, index) => ({ id: String(index), settingInstance }))
  return { settings: made, settingCount: made.length, name: `Catalog ${Math.floor(random() * 1e6)}` }
}

const actionsOf = (random: Random) => ({
  scheduledActionsForRule: [
    {
      id: uuid(random),
      ruleName: pick(random, [null, "PasswordRequired"]),
      scheduledActionConfigurations: [
        { id: uuid(random), actionType: "block", gracePeriodHours: 24, notificationMessageCCList: [pilotGroup] }
      ]
    }
  ]
})

const partsOf = (random: Random, path: string) =>
  path === catalog ? catalogOf(random) : path === "deviceManagement/deviceCompliancePolicies" ? actionsOf(random) : {}

/** A policy of a type as a tenant may have it: what it refers to exists. */
const policyOf = (random: Random, path: string, odataType: string, ids: Ids): FakeItem => {
  const object = microsoftObject(random, odataType)
  const isAssigned = path !== filters && path !== tags
  const tagsOf = [pick(random, ids.tags)]
  return {
    ...object,
    ...(path === filters ? { roleScopeTags: tagsOf } : {}),
    ...(path === filters || path === tags ? {} : { roleScopeTagIds: tagsOf }),
    ...(path === catalog ? {} : { displayName: `A ${odataType} ${Math.floor(random() * 3)}` }),
    ...partsOf(random, path),
    ...(isAssigned ? { assignments: targets(random, ids) } : {}),
    id: String(object["id"])
  }
}

/** Fills the tenant with a policy of every type, after the tags and filters that they refer to. */
const fill = Effect.fnUntraced(function* (random: Random) {
  const graph = yield* FakeGraph
  const numbers = Array.from({ length: Math.floor(random() * 3) }, (_, index) => String(5 + index))
  yield* graph.putItem(tenant, tags, builtIn)
  for (const id of numbers) yield* graph.putItem(tenant, tags, { id, displayName: `Region ${id}`, isBuiltIn: false })
  const ids = { tags: ["0", ...numbers], filters: Array.from({ length: 2 }, () => uuid(random)) }
  for (const id of ids.filters) {
    yield* graph.putItem(tenant, filters, {
      ...policyOf(random, filters, uniform["assignment_filters"]!, ids),
      displayName: id,
      id
    })
  }
  for (const { odataType, path } of restorable) {
    if (path === filters || path === tags) continue
    yield* graph.putItem(tenant, path, policyOf(random, path, odataType, ids))
  }
})

const wipe = Effect.gen(function* () {
  const graph = yield* FakeGraph
  for (const path of new Set(restorable.map((each) => each.path))) {
    for (const { id } of yield* graph.items(tenant, path)) {
      if (id !== "0") yield* graph.removeItem(tenant, path, id)
    }
  }
})

/** Assignments are in the order of their ids, which are others after a restore. */
const withoutIds = (value: object) => JSON.stringify(value).replace(/FilterId":"[^"]*"/, "")
const byText = (a: object, b: object) => (withoutIds(a) < withoutIds(b) ? -1 : 1)

/** What a backup says, with names in place of ids, as its files have it. */
const statements = Effect.fnUntraced(function* (backup: string) {
  const files: Array<{ readonly path: string; readonly text: string }> = []
  yield* exportBackup(ada, backup, (part) => Effect.sync(() => void files.push(...part)))
  const policies = files.filter(({ path }) => path !== "references.json")
  const named = policies.flatMap(({ path, text }) => {
    const object = ExactJson.parse(text) as Readonly<Record<string, string>>
    return path.startsWith(filters) || path.startsWith(tags)
      ? [[String(object["id"]), object["displayName"]] as const]
      : []
  })
  const names = new Map(named)
  const nameOf = (id: string) => (id === "0" ? id : (names.get(id) ?? id))
  return policies
    .map(({ path, text }) => {
      const { id: _, ...object } = ExactJson.parse(text) as Readonly<Record<string, unknown>>
      const said = JSON.stringify(object, (member, value: unknown) => {
        if (member === "deviceAndAppManagementAssignmentFilterId") return nameOf(String(value))
        if (member === "assignments") return (value as ReadonlyArray<object>).toSorted(byText)
        return member.startsWith("roleScopeTag") && Array.isArray(value) ? value.map(nameOf).sort() : value
      })
      return `${path.slice(0, path.lastIndexOf("/"))} ${said}`
    })
    .sort()
})

layer(
  intune([
    {
      tenantId: tenant,
      groups: [pilot],
      collections: Object.fromEntries(policyTypes.map(({ source }) => [source.path, []]))
    }
  ]),
  { excludeTestServices: true, timeout: "300 seconds" }
)("A tenant with a policy of every type that Graph lets a restore create", (it) => {
  it.effect.prop(
    "says after a wipe and a restore what it said before",
    { seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 })) },
    ({ seed }) =>
      Effect.gen(function* () {
        yield* wipe
        yield* fill(randomFrom(seed))
        const before = yield* backedUp(tenant)
        yield* wipe
        const restore = yield* planned(tenant, before.id, { items: null, withAssignments: true })
        const left = (yield* itemsOf(tenant, restore)).filter(({ action, id }) => action !== "create" && id !== "0")
        assert.isEmpty(left, JSON.stringify(left.map(({ action, reason, title }) => [title, action, reason])))

        const run = yield* executed(tenant, restore)

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const after = yield* backedUp(tenant)
        const [said, says] = [yield* statements(before.id), yield* statements(after.id)]
        const different = said.filter((each) => !says.includes(each))
        assert.isEmpty(different, [...different, "became", ...says.filter((each) => !said.includes(each))].join("\n"))
        assert.lengthOf(says, said.length)
        assert.isAbove(said.length, restorable.length - 1)
        const sides = { from: { kind: "backup", id: before.id }, to: { kind: "backup", id: after.id } }
        const { id: comparison, report } = yield* completed(tenant, DriftCompare.operation.name, sides, after.id)
        const items = yield* PolicyDrift.use((drift) => drift.items(ada, comparison, { after: null, limit: 500 }))
        assert.isEmpty(
          items,
          JSON.stringify(items.map(({ change, difference, title, type }) => [type, title, change, difference]))
        )
        assert.deepInclude({ ...report }, { added: 0, removed: 0, changed: 0, compared: said.length })
        const again = yield* itemsOf(tenant, yield* planned(tenant, before.id, { items: null, withAssignments: true }))
        const changed = again.filter(({ action }) => action !== "unchanged")
        assert.isEmpty(changed, JSON.stringify(changed.map(({ difference, title }) => [title, difference])))
      }),
    { timeout: 300_000, arbitrary: { runs: thorough({ usually: 2, thoroughly: 20 }) } }
  )
})
