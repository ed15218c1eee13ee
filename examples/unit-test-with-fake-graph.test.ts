import { FakeGraph, fakeGroup, Fault } from "@atlas/fake-graph"
import { TenantId, WorkspaceId } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mailGroups } from "./mail-groups.ts"

const contoso = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }

describe("mailGroups", () => {
  it.effect("leaves out groups without an address", () => {
    const groups = [
      fakeGroup({ id: "1", displayName: "Finance", mail: "finance@contoso.example", mailEnabled: true }),
      fakeGroup({ id: "2", displayName: "Servers" })
    ]
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* mailGroups(contoso), ["finance@contoso.example"])
    }).pipe(Effect.provide(FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups }] })))
  })

  // #region unit-test
  it.live("reads every page, although Graph throttles the second one", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      yield* fake.inject({ path: "/v1.0/groups", nth: 2, fault: Fault.throttled("0.05") })
      const groups = yield* fake.groups(fake.tenants[0]!.entraTenantId)
      assert.sameMembers(
        yield* mailGroups(contoso),
        groups.flatMap(({ mail }) => mail ?? [])
      )
      const listing = (yield* fake.requests).filter(({ path }) => path === "/v1.0/groups")
      assert.deepStrictEqual(
        listing.map(({ status }) => status),
        [200, 429, 200, 200]
      )
    }).pipe(Effect.provide(FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups: 2_500 }] })))
  )
  // #endregion

  it.effect("fails with a reason code, and names the permission that the app lacks", () =>
    Effect.gen(function* () {
      const { missingPermission, reasonCode } = yield* Effect.flip(mailGroups(contoso))
      assert.deepStrictEqual([reasonCode, missingPermission], ["provider_permission_denied", "GroupMember.Read.All"])
    }).pipe(Effect.provide(FakeGraph.layer({ tenants: [{ tenantId: "contoso", permissions: [] }] })))
  )
})
