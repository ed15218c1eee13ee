import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  Backups,
  DriftCompare,
  exportBackup,
  importBackup,
  InventorySync,
  policySources,
  policyTypes,
  References,
  Restores
} from "../../src/index.ts"
import { ada, adminRole, backedUp, completed, ended, intune, pilotGroup, scopeOf } from "../Fixture.ts"
import { confirmed, executed, itemsOf, pilot, planned } from "./RestoreFixture.ts"

const catalog = "deviceManagement/configurationPolicies"
const tags = "deviceManagement/roleScopeTags"
const filters = "deviceManagement/assignmentFilters"

const filterId = "00000000-0000-4000-8000-000000000070"
const unknownGroup = "00000000-0000-4000-8000-000000000999"
const policyId = "00000000-0000-4000-8000-000000000001"

const builtIn = { id: "0", displayName: "Default", isBuiltIn: true }
const berlin = { id: "5", displayName: "Berlin", isBuiltIn: false }
const corporate = {
  id: filterId,
  displayName: "Corporate",
  platform: "windows10AndLater",
  rule: '(device.deviceOwnership -eq "Corporate")',
  assignmentFilterManagementType: "devices",
  roleScopeTags: ["0"]
}
const toGroup = (groupId: string) => ({
  target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId }
})
const without = (groupId: string) => ({
  target: { "@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", groupId }
})
const toAllFiltered = {
  target: {
    "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
    deviceAndAppManagementAssignmentFilterId: filterId,
    deviceAndAppManagementAssignmentFilterType: "include"
  }
}
const policy = {
  id: policyId,
  name: "Catalog 1",
  description: "",
  platforms: "windows10",
  technologies: "mdm",
  roleScopeTagIds: ["5"],
  settingCount: 1,
  settings: [
    {
      id: "0",
      settingInstance: {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
        settingDefinitionId: "device_vendor_msft_policy_config_probe1",
        choiceSettingValue: { value: "device_vendor_msft_policy_config_probe1_1", children: [] }
      }
    }
  ],
  assignments: [toAllFiltered]
}

const empty = Object.fromEntries(policyTypes.map(({ source }) => [source.path, []]))
const own = { ...empty, [tags]: [builtIn, berlin], [filters]: [corporate], [catalog]: [policy] }
// Of another tenant: its tag 5 is another one.
const others = {
  ...empty,
  [tags]: [builtIn, { ...berlin, displayName: "Munich" }, { ...berlin, id: "9" }],
  [filters]: [{ ...corporate, id: "00000000-0000-4000-8000-000000000071" }]
}
const names = ["anew", "died", "named", "missing", "twice", "exported", "failing", "unread", "admins"]
const tenants = [
  ...names.map((tenantId) => ({ tenantId, collections: own })),
  {
    tenantId: "complete",
    groups: [pilot],
    collections: { ...own, [catalog]: [{ ...policy, assignments: [toGroup(pilotGroup), toGroup(unknownGroup)] }] }
  },
  {
    tenantId: "other",
    collections: others
  },
  { tenantId: "files", collections: others }
]

const withAssignments = { items: null, withAssignments: true }
const catalogItem = { items: [{ source: "settings_catalog", id: policyId }], withAssignments: true }

const access = "identity/conditionalAccess/policies"
const strengths = "policies/authenticationStrengthPolicies"
const strengthId = "00000000-0000-4000-8000-000000000080"
/** Administrators sign in with a strength of authentication. */
const policyForAdmins = (strength: string) => ({
  id: "00000000-0000-4000-8000-000000000008",
  displayName: "Administrators",
  state: "enabled",
  conditions: { users: { includeRoles: [adminRole] } },
  grantControls: { operator: "OR", authenticationStrength: { id: strength, displayName: "Own keys" } }
})

const remove = Effect.fnUntraced(function* (tenant: string, ...paths: ReadonlyArray<string>) {
  const graph = yield* FakeGraph
  for (const path of paths) {
    for (const { id } of yield* graph.items(tenant, path)) {
      if (id !== "0") yield* graph.removeItem(tenant, path, id)
    }
  }
})

/** The one policy of the settings catalog that a tenant has now. */
const policyOf = Effect.fnUntraced(function* (tenant: string) {
  const found = yield* FakeGraph.use((graph) => graph.items(tenant, catalog))
  assert.lengthOf(found, 1)
  return found[0] as unknown as typeof policy
})

const idOf = Effect.fnUntraced(function* (tenant: string, path: string, name: string) {
  const found = yield* FakeGraph.use((graph) => graph.items(tenant, path))
  return found.find(({ displayName }) => displayName === name)?.id
})

layer(intune(tenants), { excludeTestServices: true, timeout: "60 seconds" })(
  "The references of a restored policy",
  (it) => {
    it.effect("lead to what the same restore has made anew", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("anew")
        yield* remove("anew", catalog, tags, filters)
        const restore = yield* planned("anew", backup, withAssignments)

        const run = yield* executed("anew", restore)

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const restored = yield* policyOf("anew")
        assert.deepStrictEqual(restored.roleScopeTagIds, [yield* idOf("anew", tags, "Berlin")])
        assert.notDeepEqual(restored.roleScopeTagIds, ["5"])
        assert.strictEqual(
          restored.assignments[0]?.target.deviceAndAppManagementAssignmentFilterId,
          yield* idOf("anew", filters, "Corporate")
        )
        const again = yield* planned("anew", backup, withAssignments)
        assert.deepStrictEqual(
          (yield* itemsOf("anew", again)).map(({ action, type }) => [type, action]),
          [
            ["assignment_filters", "unchanged"],
            ["scope_tags", "unchanged"],
            ["scope_tags", "unchanged"],
            ["settings_catalog", "unchanged"]
          ]
        )
        // Nor does a comparison see a difference: what has the same name is the same, whatever its id.
        yield* completed("anew", InventorySync.operation.name)
        for (const kind of ["live", "inventory"]) {
          const sides = { from: { kind: "backup", id: backup }, to: { kind } }
          const { report } = yield* completed("anew", DriftCompare.operation.name, sides)
          assert.deepInclude({ ...report }, { added: 0, removed: 0, changed: 0 }, kind)
        }
      })
    )

    it.effect("lead to what an attempt that died had made, which is not made twice", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const sql = yield* SqlClient.SqlClient
        const { id: backup } = yield* backedUp("died")
        yield* remove("died", catalog, tags)
        const restore = yield* planned("died", backup, withAssignments)
        // The worker had begun to make the tag, and Graph had made it.
        yield* sql`
          UPDATE restore_items SET result = 'writing'
          WHERE restore_id = ${restore}::uuid AND source = 'scope_tags' AND action = 'create'`
        yield* graph.putItem("died", tags, { ...berlin, id: "8" })

        const run = yield* executed("died", restore)

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        assert.lengthOf(
          (yield* graph.items("died", tags)).filter(({ displayName }) => displayName === "Berlin"),
          1
        )
        assert.deepStrictEqual((yield* policyOf("died")).roleScopeTagIds, ["8"])
      })
    )

    it.effect("are found by name where somebody else has made them anew", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const { id: backup } = yield* backedUp("named")
        yield* remove("named", catalog, tags, filters)
        yield* graph.putItem("named", tags, { ...berlin, id: "8" })
        yield* graph.putItem("named", filters, { ...corporate, id: "00000000-0000-4000-8000-000000000078" })

        const run = yield* executed("named", yield* planned("named", backup, catalogItem))

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const restored = yield* policyOf("named")
        assert.deepStrictEqual(restored.roleScopeTagIds, ["8"])
        assert.match(restored.assignments[0]!.target.deviceAndAppManagementAssignmentFilterId, /78$/)
      })
    )

    it.effect("that the tenant does not have are named before anything is written", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("missing")
        yield* remove("missing", catalog, tags, filters)
        const [item] = yield* itemsOf("missing", yield* planned("missing", backup, catalogItem))
        assert.strictEqual(item!.action, "not_restorable")
        assert.strictEqual(item!.reason, "It refers to the scope tag “Berlin” (5), which the tenant does not have.")
      })
    )

    it.effect("have a tag that nobody can change, which a plan says", () =>
      Effect.gen(function* () {
        const imported = [{ source: policySources.scopeTags, objects: [{ ...builtIn, description: "Everything" }] }]
        const { id } = yield* importBackup(ada, scopeOf("files"), "Built in", imported)
        const items = [{ source: "scope_tags", id: "0" }]
        const [item] = yield* itemsOf("files", yield* planned("files", id, { items, withAssignments: false }))
        assert.deepInclude(
          { ...item },
          { action: "not_restorable", reason: "It is built in: Graph lets nobody change it." }
        )
      })
    )

    it.effect("that have several namesakes are left to people", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const { id: backup } = yield* backedUp("twice")
        yield* remove("twice", catalog, tags)
        for (const id of ["6", "7"]) yield* graph.putItem("twice", tags, { ...berlin, id })
        const [item] = yield* itemsOf("twice", yield* planned("twice", backup, catalogItem))
        assert.strictEqual(item?.reason, "It refers to the scope tag “Berlin” (5), of which the tenant has 2.")
      })
    )

    it.effect("to groups that a complete directory does not have are left out, and named", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("complete")
        yield* remove("complete", catalog)
        const restore = yield* planned("complete", backup, catalogItem)
        const [item] = yield* itemsOf("complete", restore)
        assert.strictEqual(item!.action, "create")
        assert.strictEqual(
          item!.reason,
          `One assignment is left out. It refers to the group ${unknownGroup}, which the tenant does not have.`
        )
        assert.deepStrictEqual(yield* Restores.use((all) => all.tally(ada, "complete", restore)), [
          { action: "create", result: "pending", count: 1, noted: 1 }
        ])
        yield* executed("complete", restore)
        assert.deepStrictEqual(
          (yield* policyOf("complete")).assignments.map(({ target }) => (target as { groupId?: string }).groupId),
          [pilotGroup]
        )
        assert.strictEqual((yield* itemsOf("complete", restore))[0]?.resultMessage, item!.reason)
      })
    )

    it.effect.each([
      {
        which: "of which one excludes",
        assignments: [
          { target: { "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget" } },
          without(unknownGroup)
        ],
        reason: /^No assignment is written: without one that excludes, it would apply to more\./
      },
      {
        which: "that are all for nobody",
        assignments: [toGroup(unknownGroup)],
        reason: /^No assignment is written\. It refers to the group/
      },
      {
        which: "of which only one that excludes is left",
        assignments: [toGroup(unknownGroup), without(pilotGroup)],
        reason: /^No assignment is written\. It refers to the group/
      }
    ])("in assignments $which leave the tenant's as they are", ({ assignments, reason }) =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* remove("complete", catalog)
        yield* graph.putItem("complete", catalog, { ...policy, assignments })
        const { id: backup } = yield* backedUp("complete")
        const other = { ...policy, description: "Changed", assignments: [toGroup(pilotGroup)] }
        yield* graph.putItem("complete", catalog, other)
        const restore = yield* planned("complete", backup, catalogItem)
        assert.match((yield* itemsOf("complete", restore))[0]!.reason ?? "", reason)
        yield* ended((yield* confirmed("complete", restore, restore)).run)
        const now = yield* policyOf("complete")
        assert.strictEqual(now.description, "")
        assert.deepStrictEqual(
          now.assignments.map(({ target }) => (target as { readonly groupId?: string }).groupId),
          [pilotGroup]
        )
        yield* remove("complete", catalog)
      })
    )

    it.effect("in assignments that cannot be written are named, also where nothing else is to be restored", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const toAll = { target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }
        yield* graph.putItem("complete", catalog, { ...policy, assignments: [toAll, without(unknownGroup)] })
        const { id: backup } = yield* backedUp("complete")
        yield* graph.putItem("complete", catalog, { ...policy, assignments: [] })
        const restore = yield* planned("complete", backup, catalogItem)
        const [item] = yield* itemsOf("complete", restore)
        assert.strictEqual(item!.action, "not_restorable")
        assert.match(item!.reason ?? "", /^No assignment is written: without one that excludes/)
        yield* remove("complete", catalog)
      })
    )

    it.effect("of another tenant that cannot be looked up are not written as they are", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const objects = [{ ...policy, id: "00000000-0000-4000-8000-000000000005", name: "Catalog 5", assignments: [] }]
        const named = [{ kind: "scope_tag", id: "5", name: "Berlin" }] as const
        const { id } = yield* importBackup(
          ada,
          scopeOf("unread"),
          "From another tenant",
          [{ source: policySources.settingsCatalog, objects }],
          named
        )
        yield* graph.inject({
          fault: Fault.status(403, "Forbidden", "No."),
          method: "GET",
          path: `/beta/${tags}`,
          tenant: "unread",
          times: 100
        })
        const { restore, runId } = yield* Restores.use((all) =>
          all.plan(ada, "unread", { backup: id, items: null, withAssignments: true }, "unread")
        )
        yield* ended({ id: runId })
        const [item] = yield* itemsOf("unread", restore.id)
        assert.strictEqual(item!.action, "not_restorable")
        assert.strictEqual(
          item!.reason,
          "It refers to the scope tag “Berlin” (5), which could not be looked up in the tenant."
        )
      })
    )

    it.effect("fail with what they lead to, if that cannot be made", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        const { id: backup } = yield* backedUp("failing")
        yield* remove("failing", catalog, tags)
        const restore = yield* planned("failing", backup, withAssignments)
        yield* graph.inject({
          fault: Fault.status(400, "BadRequest", "No more scope tags."),
          method: "POST",
          path: `/beta/${tags}`,
          tenant: "failing"
        })
        yield* executed("failing", restore)
        const item = (yield* itemsOf("failing", restore)).find(({ source }) => source === "settings_catalog")
        assert.deepInclude({ ...item }, { result: "failed", resultId: null })
        assert.match(item?.resultMessage ?? "", /scope tag 5, which this restore could not create/)
        assert.lengthOf(yield* graph.items("failing", catalog), 0)
      })
    )

    it.effect("mean the same in another tenant, whatever its ids are", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("exported")
        const files: Array<{ readonly path: string; readonly text: string }> = []
        yield* exportBackup(ada, backup, (part) => Effect.sync(() => files.push(...part)))
        const references = JSON.parse(
          files.find(({ path }) => path === "references.json")!.text
        ) as typeof References.Type
        assert.deepStrictEqual(references, [
          { kind: "assignment_filter", id: filterId, name: "Corporate" },
          { kind: "scope_tag", id: "5", name: "Berlin" }
        ])
        const object = JSON.parse(files.find(({ path }) => path.startsWith(catalog))!.text) as { readonly id: string }
        const imported = [{ source: policySources.settingsCatalog, objects: [{ ...object }] }]
        const { id } = yield* importBackup(ada, scopeOf("other"), "From another tenant", imported, references)
        assert.strictEqual((yield* Backups.use((all) => all.manifest(id))).items.length, 1)

        const run = yield* executed("other", yield* planned("other", id, catalogItem))

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const restored = yield* policyOf("other")
        assert.deepStrictEqual(restored.roleScopeTagIds, ["9"])
        assert.match(restored.assignments[0]!.target.deviceAndAppManagementAssignmentFilterId, /71$/)
      })
    )

    it.effect("of conditional access to roles and strengths have their names, and lead to the tenant's own", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* graph.putItem("admins", strengths, { id: strengthId, displayName: "Own keys" })
        yield* graph.putItem("admins", access, policyForAdmins(strengthId))
        const { id: backup } = yield* backedUp("admins")
        yield* graph.removeItem("admins", strengths, strengthId)
        const again = "00000000-0000-4000-8000-000000000081"
        yield* graph.putItem("admins", strengths, { id: again, displayName: "Own keys" })
        yield* graph.putItem("admins", access, policyForAdmins(again))

        const files: Array<{ readonly path: string; readonly text: string }> = []
        yield* exportBackup(ada, backup, (part) => Effect.sync(() => files.push(...part)))
        const items = yield* itemsOf("admins", yield* planned("admins", backup, withAssignments))

        assert.deepInclude({ ...items.find(({ source }) => source === "conditional_access") }, { action: "unchanged" })
        const references = JSON.parse(
          files.find(({ path }) => path === "references.json")!.text
        ) as typeof References.Type
        assert.includeDeepMembers(Array.from(references), [
          { kind: "authentication_strength", id: strengthId, name: "Own keys" },
          { kind: "role", id: adminRole, name: "Global Administrator" }
        ])
      })
    )

    it.effect("have the names of what the imported files themselves have", () =>
      Effect.gen(function* () {
        const imported = [
          { source: policySources.settingsCatalog, objects: [{ ...policy, assignments: [] }] },
          { source: policySources.scopeTags, objects: [berlin] }
        ]
        const { id } = yield* importBackup(ada, scopeOf("files"), "Files", imported)
        yield* executed("files", yield* planned("files", id, catalogItem))
        assert.deepStrictEqual((yield* policyOf("files")).roleScopeTagIds, ["9"])
      })
    )

    it.effect("are found by the group's name where a file has that in place of the id", () =>
      Effect.gen(function* () {
        const byName = (groupName: string) => ({
          target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupName }
        })
        const object = {
          ...policy,
          id: "00000000-0000-4000-8000-000000000004",
          name: "Catalog 4",
          roleScopeTagIds: ["0"],
          assignments: [byName("Pilot"), byName("Twice"), byName("Nobody")]
        }
        const imported = [{ source: policySources.settingsCatalog, objects: [object] }]
        const { id } = yield* importBackup(ada, scopeOf("complete"), "Names", imported)
        const restore = yield* planned("complete", id, {
          items: [{ source: "settings_catalog", id: object.id }],
          withAssignments: true
        })
        assert.strictEqual(
          (yield* itemsOf("complete", restore))[0]?.reason,
          "2 assignments are left out. It refers to the group “Nobody”, which the tenant does not have, and to the group “Twice”, of which the tenant has 2."
        )
        yield* ended((yield* confirmed("complete", restore, "by name")).run)
        const made = (yield* FakeGraph.use((graph) => graph.items("complete", catalog))).find(
          ({ name }) => name === "Catalog 4"
        )
        assert.deepStrictEqual(
          (made!["assignments"] as ReadonlyArray<{ readonly target: object }>).map(({ target }) => target),
          [toGroup(pilotGroup).target]
        )
      })
    )
  }
)
