import { FakeGraph } from "@atlas/fake-graph"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Backups, policyTypes } from "../../src/index.ts"
import { ada, backedUp, ended, goneGroup, pilotGroup, intune } from "../Fixture.ts"
import {
  configuration,
  configurationsIn,
  confirmed,
  executed,
  get,
  itemsOf,
  loseAnswer,
  planned,
  put,
  recover,
  remove,
  tenantsOf,
  wifi
} from "./RestoreFixture.ts"

const withAssignments = { withAssignments: true }

layer(intune([{ tenantId: "whole" }]), { excludeTestServices: true, timeout: "60 seconds" })(
  "Restoring a tenant that was wiped",
  (it) => {
    const restorable = policyTypes.filter(({ restorability }) => restorability.kind === "restorable")
    const enrollment = "deviceManagement/deviceEnrollmentConfigurations"

    const wipe = Effect.fnUntraced(function* (tenant: string) {
      const graph = yield* FakeGraph
      for (const path of new Set(restorable.map(({ source }) => source.path))) {
        for (const item of yield* graph.items(tenant, path)) {
          // What Graph has made itself cannot be deleted.
          if ((path === enrollment && item["priority"] === 0) || item["isBuiltIn"] === true) continue
          yield* graph.removeItem(tenant, path, item.id)
        }
      }
    })

    it.effect("brings back every kind that can be restored: the next backup says the same", () =>
      Effect.gen(function* () {
        const before = yield* backedUp("whole")
        yield* wipe("whole")
        const restore = yield* planned("whole", before.id, { items: null, ...withAssignments })

        const run = yield* executed("whole", restore)

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const again = yield* planned("whole", before.id, { items: null, ...withAssignments })
        // Of what can be restored, nothing differs any more: references lead to the same, by whatever id.
        const left = (yield* itemsOf("whole", again)).filter(({ type }) => restorable.some(({ name }) => name === type))
        assert.deepStrictEqual(
          left
            .filter(({ action }) => action !== "unchanged")
            .map(({ action, reason, title }) => [title, action, reason]),
          []
        )
        // The fake makes up a few policies of each kind.
        assert.isAbove(run.summaryCounts.succeeded ?? 0, 50)
        const items = yield* itemsOf("whole", restore)
        const ofKind = (type: string) => items.filter((item) => item.type === type)
        assert.isTrue(ofKind("conditional_access").every(({ action }) => action === "unchanged"))
        assert.isTrue(
          items.every(({ action, result }) => (action === "create" ? result === "done" : result === "skipped"))
        )
        // Nothing was overwritten, so there is nothing to keep.
        assert.isNull((yield* get("whole", restore)).safetyBackupId)
        const backups = yield* Backups.use((all) => all.list(ada, "whole", { before: null, limit: 10 }))
        assert.deepStrictEqual(
          backups.map(({ origin }) => origin),
          ["schedule"]
        )
      })
    )
  }
)

const tenants = {
  changed: ["shown", "changed", "kept", "repeated", "conflict", "reassigned"],
  others: ["masked", "warned", "assigned", "lost", "crashed", "twins", "doubled", "filled", "half", "taken", "given"]
}
const host = tenantsOf(...Object.values(tenants).flat())

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("Restoring a policy", (it) => {
  describe("that was changed since the backup", () => {
    /** Somebody changed `wifi` after it was backed up, and took its assignments away. */
    const plannedAfterChange = Effect.fnUntraced(function* (tenant: string) {
      const { id: backup } = yield* backedUp(tenant)
      yield* put(tenant, {
        ...wifi,
        displayName: "Guest Wi-Fi",
        preSharedKey: "changed",
        description: null,
        connectWhenNetworkNameIsHidden: true,
        assignments: []
      })
      return { backup, restore: yield* planned(tenant, backup, withAssignments) }
    })

    it.effect("shows each field that differs, and no secret", () =>
      Effect.gen(function* () {
        const { restore } = yield* plannedAfterChange("shown")

        const [item] = yield* itemsOf("shown", restore)

        assert.deepInclude({ ...item }, { action: "update", result: "pending", seenId: "wifi" })
        const paths = item?.difference?.fields.map(({ path }) => path)
        assert.includeMembers(
          [...(paths ?? [])],
          ["connectWhenNetworkNameIsHidden", "description", "preSharedKey/$secret", "assignments/0"]
        )
        assert.notInclude(JSON.stringify(item), "battery")
      })
    )

    it.effect("changes it back, with its secret and its assignments", () =>
      Effect.gen(function* () {
        const { restore } = yield* plannedAfterChange("changed")

        const run = yield* executed("changed", restore)

        assert.strictEqual(run.outcome, "succeeded")
        const [now] = yield* configurationsIn("changed")
        assert.deepInclude(
          { ...now },
          { preSharedKey: wifi.preSharedKey, description: "Ground floor", connectWhenNetworkNameIsHidden: null }
        )
        assert.lengthOf(now?.["assignments"] as ReadonlyArray<unknown>, 1)
        assert.strictEqual((yield* get("changed", restore)).state, "done")
      })
    )

    it.effect("keeps a backup of what it overwrites, under the title that it had in the tenant", () =>
      Effect.gen(function* () {
        const backups = yield* Backups
        const { restore } = yield* plannedAfterChange("kept")

        yield* executed("kept", restore)

        const { safetyBackupId } = yield* get("kept", restore)
        const kept = yield* backups.content(ada, "kept", safetyBackupId!, configuration("wifi"))
        assert.strictEqual(JSON.parse(kept.content).connectWhenNetworkNameIsHidden, true)
        const page = { query: "guest", after: null, limit: 10 }
        const [copy] = yield* backups.items(ada, "kept", safetyBackupId!, page)
        assert.deepInclude({ ...copy }, { title: "Guest Wi-Fi", type: "device_configurations" })
        assert.strictEqual((yield* backups.get(ada, "kept", safetyBackupId!)).origin, "restore")
      })
    )

    it.effect("leaves nothing to do for another restore of the backup", () =>
      Effect.gen(function* () {
        const { backup, restore } = yield* plannedAfterChange("repeated")
        yield* executed("repeated", restore)

        const again = yield* planned("repeated", backup, withAssignments)

        assert.strictEqual((yield* itemsOf("repeated", again))[0]?.action, "unchanged")
      })
    )
  })

  describe("that was changed since the plan", () => {
    it.effect("writes nothing, and says that there is a conflict", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("conflict")
        yield* put("conflict", { ...wifi, preSharedKey: "changed" })
        const restore = yield* planned("conflict", backup, withAssignments)
        yield* put("conflict", { ...wifi, preSharedKey: "changed again" })

        const run = yield* executed("conflict", restore)

        assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "ext.restore.conflict" })
        const [now] = yield* configurationsIn("conflict")
        assert.strictEqual(now?.["preSharedKey"], "changed again")
        assert.strictEqual((yield* itemsOf("conflict", restore))[0]?.result, "skipped")
      })
    )

    it.effect("writes nothing where only its assignments were changed", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("reassigned")
        const changed = { ...wifi, description: "Changed" }
        yield* put("reassigned", changed)
        const restore = yield* planned("reassigned", backup, withAssignments)
        const target = { "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget" }
        yield* put("reassigned", { ...changed, assignments: [{ target }] })

        yield* executed("reassigned", restore)

        const [now] = yield* configurationsIn("reassigned")
        assert.strictEqual(now?.["description"], "Changed")
      })
    )
  })

  it.effect("whose secret Graph has masked is not planned, and does not keep others from it", () =>
    Effect.gen(function* () {
      const masked = { ...wifi, id: "masked", displayName: "Masked", preSharedKey: "********" }
      yield* put("masked", masked)
      const { id: backup } = yield* backedUp("masked")
      yield* put("masked", { ...wifi, preSharedKey: "changed" })
      yield* put("masked", { ...masked, displayName: "Other" })

      const items = [configuration("wifi"), configuration("masked")]
      const restore = yield* planned("masked", backup, { items, ...withAssignments })

      assert.deepStrictEqual(
        (yield* itemsOf("masked", restore)).map(({ action, id }) => [id, action]),
        [
          ["masked", "not_restorable"],
          ["wifi", "update"]
        ]
      )
    })
  )

  describe("that was assigned to a group that is gone", () => {
    /** `wifi` was assigned to two groups, of which one is gone, and is gone itself. */
    const plannedWithGoneGroup = Effect.fnUntraced(function* (tenant: string) {
      const assignments = [pilotGroup, goneGroup].map((groupId, at) => ({
        id: String(at),
        target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId }
      }))
      yield* put(tenant, { ...wifi, assignments })
      const { id: backup } = yield* backedUp(tenant)
      yield* remove(tenant, "wifi")
      return yield* planned(tenant, backup, withAssignments)
    })

    it.effect("names the group in its plan", () =>
      Effect.gen(function* () {
        const restore = yield* plannedWithGoneGroup("warned")

        assert.include((yield* itemsOf("warned", restore))[0]?.reason, "Former staff")
      })
    )

    it.effect("assigns it to the others only, and names the group", () =>
      Effect.gen(function* () {
        const restore = yield* plannedWithGoneGroup("assigned")

        yield* executed("assigned", restore)

        const [item] = yield* itemsOf("assigned", restore)
        assert.include(item?.resultMessage, "Former staff")
        const made = (yield* configurationsIn("assigned")).find(({ id }) => id === item?.resultId)
        const assigned = made?.["assignments"] as ReadonlyArray<{ readonly target: { readonly groupId: string } }>
        assert.deepStrictEqual(
          assigned.map(({ target }) => target.groupId),
          [pilotGroup]
        )
      })
    )
  })

  it.effect("which another restore has created since the plan is not created again", () =>
    Effect.gen(function* () {
      const { id: backup } = yield* backedUp("doubled")
      yield* remove("doubled", "wifi")
      const plans = [
        yield* planned("doubled", backup, withAssignments),
        yield* planned("doubled", backup, withAssignments)
      ]
      for (const plan of plans) yield* ended((yield* confirmed("doubled", plan, plan)).run)

      assert.lengthOf(yield* configurationsIn("doubled"), 1)
      const [item] = yield* itemsOf("doubled", plans[1]!)
      assert.strictEqual(item!.result, "skipped")
      assert.match(item!.resultMessage ?? "", /has got a policy with this title since the restore was planned/)
    })
  )

  describe("of which nobody knows whether it was written", () => {
    /** A worker died after it had noted that it begins to write the policies of a restore. */
    const leftWriting = (restore: string) =>
      SqlClient.SqlClient.use(
        (sql) => sql`UPDATE restore_items SET result = 'writing' WHERE restore_id = ${restore}::uuid`
      )

    it.effect("reads what became of a write whose answer was lost, and does not send it again", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("lost")
        yield* remove("lost", "wifi")
        const restore = yield* planned("lost", backup, withAssignments)
        yield* loseAnswer("lost")

        const run = yield* executed("lost", restore)

        yield* recover
        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const made = yield* configurationsIn("lost")
        assert.lengthOf(made, 1)
        assert.deepInclude({ ...(yield* itemsOf("lost", restore))[0] }, { result: "done", resultId: made[0]!.id })
      })
    )

    it.effect("finds what an attempt that died has written", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("crashed")
        yield* remove("crashed", "wifi")
        const restore = yield* planned("crashed", backup, withAssignments)
        yield* leftWriting(restore)
        yield* put("crashed", { ...wifi, id: "made-before-the-crash" })

        const run = yield* executed("crashed", restore)

        assert.strictEqual(run.outcome, "succeeded")
        assert.lengthOf(yield* configurationsIn("crashed"), 1)
        assert.strictEqual((yield* itemsOf("crashed", restore))[0]?.resultId, "made-before-the-crash")
      })
    )

    it.effect("finds what it has written although Graph has filled in what was not sent, and keeps a secret", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("filled")
        yield* remove("filled", "wifi")
        const restore = yield* planned("filled", backup, withAssignments)
        yield* leftWriting(restore)
        const { preSharedKey: _, ...told } = wifi
        yield* put("filled", { ...told, id: "made", connectAutomatically: true, proxySetting: "none", assignments: [] })

        const run = yield* executed("filled", restore)

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const found = yield* configurationsIn("filled")
        assert.deepStrictEqual(
          found.map(({ id }) => id),
          ["made"]
        )
        assert.lengthOf(found[0]!["assignments"] as [], 1)
      })
    )

    it.effect.each([
      {
        tenant: "half",
        which: "of that title that says something else",
        there: { description: "Somebody else's" },
        message: /An earlier attempt of this restore may have created/,
        resultId: null
      },
      {
        tenant: "given",
        which: "that looks like its own, which somebody has assigned",
        there: { assignments: [{ target: { "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget" } }] },
        message: /was changed after the restore was planned/,
        resultId: "there"
      }
    ])("leaves a policy $which to people", ({ message, resultId, tenant, there }) =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp(tenant)
        yield* remove(tenant, "wifi")
        const restore = yield* planned(tenant, backup, withAssignments)
        yield* leftWriting(restore)
        yield* put(tenant, { ...wifi, ...there, id: "there" })
        const before = yield* configurationsIn(tenant)

        yield* executed(tenant, restore)

        const [item] = yield* itemsOf(tenant, restore)
        assert.deepInclude({ ...item }, { result: "skipped", resultId })
        assert.match(item!.resultMessage ?? "", message)
        assert.deepStrictEqual(yield* configurationsIn(tenant), before)
      })
    )

    it.effect("does not assign what somebody else has assigned since, though its content is written", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("taken")
        yield* put("taken", { ...wifi, description: "Changed" })
        const restore = yield* planned("taken", backup, withAssignments)
        yield* leftWriting(restore)
        const toUsers = { target: { "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget" } }
        yield* put("taken", { ...wifi, assignments: [toUsers] })

        yield* executed("taken", restore)

        assert.strictEqual((yield* itemsOf("taken", restore))[0]?.result, "skipped")
        const [now] = yield* configurationsIn("taken")
        assert.deepStrictEqual(
          (now!["assignments"] as ReadonlyArray<typeof toUsers>).map(({ target }) => target),
          [toUsers.target]
        )
      })
    )

    it.effect("makes each of two that are alike, though the first looks like what the second was to become", () =>
      Effect.gen(function* () {
        const twins = ["twin-1", "twin-2"]
        for (const id of twins) yield* put("twins", { ...wifi, id, displayName: "Twin" })
        const { id: backup } = yield* backedUp("twins")
        for (const id of twins) yield* remove("twins", id)
        const restore = yield* planned("twins", backup, { items: twins.map(configuration), ...withAssignments })
        // The worker died before it had written either of them.
        yield* leftWriting(restore)

        yield* executed("twins", restore)

        assert.lengthOf(
          (yield* configurationsIn("twins")).filter((item) => item["displayName"] === "Twin"),
          2
        )
      })
    )
  })
})
