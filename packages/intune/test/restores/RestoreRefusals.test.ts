import { FakeGraph, Fault } from "@atlas/fake-graph"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { backedUp, ended } from "../Fixture.ts"
import {
  configuration,
  configurationsIn,
  confirmed,
  executed,
  itemsOf,
  planned,
  put,
  remove,
  tenantsOf,
  wifi
} from "./RestoreFixture.ts"

const configurations = "deviceManagement/deviceConfigurations"
const withAssignments = { withAssignments: true }

const ring = {
  "@odata.type": "#microsoft.graph.windowsUpdateForBusinessConfiguration",
  id: "ring",
  displayName: "Ring",
  featureUpdatesDeferralPeriodInDays: 3,
  qualityUpdatesPaused: false,
  qualityUpdatesPauseStartDate: "2026-01-01",
  qualityUpdatesWillBeRolledBack: false
}

/** The sizes of the updates that a tenant's policies got. The fake keeps no bodies. */
const updates = (tenant: string) =>
  FakeGraph.use(({ requests }) =>
    Effect.map(requests, (all) =>
      all.filter((request) => request.method === "PATCH" && request.tenant === tenant).map(({ bodySize }) => bodySize)
    )
  )

const sizeOf = (body: object) => JSON.stringify(body).length

layer(tenantsOf("unassigned", "refused", "repeated-POST", "repeated-PATCH", "differs", "ring", "paused"), {
  excludeTestServices: true,
  timeout: "60 seconds"
})("A restore", (it) => {
  it.effect("of a policy that is made and not assigned says so, and another plan finishes it", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const { id: backup } = yield* backedUp("unassigned")
      yield* remove("unassigned", "wifi")
      const restore = yield* planned("unassigned", backup, withAssignments)
      const fault = Fault.status(400, "BadRequest", "Scope Tags validation failed : Filters x , Validated filters")
      yield* graph.inject({ fault, method: "POST", tenant: "unassigned", nth: 2 })

      const run = yield* executed("unassigned", restore)

      assert.deepInclude({ ...run }, { reasonCode: "provider_content_refused" })
      const [policy] = yield* configurationsIn("unassigned")
      const [item] = yield* itemsOf("unassigned", restore)
      assert.deepInclude({ ...item }, { result: "failed", resultId: policy!.id })
      assert.match(item?.resultMessage ?? "", /^Created, but not assigned: .*Scope Tags validation failed/)

      const again = yield* planned("unassigned", backup, withAssignments)
      assert.deepInclude({ ...(yield* itemsOf("unassigned", again))[0] }, { action: "update", seenId: policy!.id })
      const { run: second } = yield* confirmed("unassigned", again, "again")
      assert.strictEqual((yield* ended(second)).outcome, "succeeded")
      const [finished] = yield* configurationsIn("unassigned")
      assert.lengthOf(finished?.["assignments"] as ReadonlyArray<unknown>, 1)
      assert.lengthOf(yield* configurationsIn("unassigned"), 1)
    })
  )

  it.effect.each(["POST", "PATCH"] as const)("whose refusal repeats a secret keeps the rest of it: %s", (method) =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const tenant = `repeated-${method}`
      const { id: backup } = yield* backedUp(tenant)
      if (method === "POST") yield* remove(tenant, "wifi")
      else yield* put(tenant, { ...wifi, preSharedKey: "another", description: "Roof" })
      const restore = yield* planned(tenant, backup)
      const message = `The value '${wifi.preSharedKey}' has 28 characters`
      yield* graph.inject({ fault: Fault.status(400, "BadRequest", message), method, tenant })

      const run = yield* executed(tenant, restore)

      const [item] = yield* itemsOf(tenant, restore)
      assert.include(item?.resultMessage, "The value '[removed: secret]' has 28 characters")
      assert.notInclude(JSON.stringify(run.failureSummary), wifi.preSharedKey)
    })
  )

  it.effect("that Graph refuses carries Microsoft's reason, and calls nothing a defect", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      const { id: backup } = yield* backedUp("refused")
      yield* remove("refused", "wifi")
      const restore = yield* planned("refused", backup)
      const message = JSON.stringify({ Message: "Colour cannot be altered - Operation ID: 1 - Url: https://x" })
      yield* graph.inject({ fault: Fault.status(400, "BadRequest", message), method: "POST", tenant: "refused" })

      const run = yield* executed("refused", restore)

      assert.deepInclude({ ...run }, { outcome: "partially_succeeded", reasonCode: "provider_content_refused" })
      const [item] = yield* itemsOf("refused", restore)
      assert.match(item?.resultMessage ?? "", /: Colour cannot be altered\.$/)
      assert.include(JSON.stringify(run.failureSummary), "Colour cannot be altered")
      assert.notInclude(JSON.stringify(run.failureSummary), "Operation ID")
    })
  )

  it.effect("sends what differs, and null for what only the tenant has", () =>
    Effect.gen(function* () {
      const { id: backup } = yield* backedUp("differs")
      yield* put("differs", { ...wifi, description: "Changed", networkName: "New" })
      const restore = yield* planned("differs", backup)
      yield* executed("differs", restore)
      const changes = { "@odata.type": wifi["@odata.type"], description: "Ground floor", networkName: null }
      assert.deepStrictEqual(yield* updates("differs"), [sizeOf(changes)])
      assert.deepInclude((yield* configurationsIn("differs"))[0], changes)
    })
  )

  it.effect("sends nothing that Graph lets nobody change", () =>
    Effect.gen(function* () {
      yield* put("ring", ring)
      const { id: backup } = yield* backedUp("ring")
      yield* put("ring", { ...ring, featureUpdatesDeferralPeriodInDays: 9 })
      const restore = yield* planned("ring", backup, { items: [configuration("ring")] })
      yield* executed("ring", restore)
      assert.deepStrictEqual(yield* updates("ring"), [
        sizeOf({ "@odata.type": ring["@odata.type"], featureUpdatesDeferralPeriodInDays: 3 })
      ])
    })
  )

  it.effect("says before anything is written what Graph lets nobody change", () =>
    Effect.gen(function* () {
      const graph = yield* FakeGraph
      yield* put("paused", ring)
      const { id: backup } = yield* backedUp("paused")
      yield* graph.putItem("paused", configurations, { ...ring, qualityUpdatesPauseStartDate: "2026-02-02" })
      const restore = yield* planned("paused", backup, { items: [configuration("ring")] })
      const [item] = yield* itemsOf("paused", restore)
      assert.strictEqual(item?.action, "not_restorable")
      assert.match(item?.reason ?? "", /does not change qualityUpdatesPauseStartDate/)
    })
  )
})
