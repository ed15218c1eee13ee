import { FakeGraph, fakeGroup, Fault } from "@atlas/fake-graph"
import { assertRun, DatabaseClock, TestDatabase, TestOperations } from "@atlas/operations/testing"
import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CountMailGroups, countMailGroups } from "../mail-groups.ts"

const groups = [
  fakeGroup({ id: "1", displayName: "Finance", mail: "finance@contoso.example", mailEnabled: true }),
  fakeGroup({ id: "2", displayName: "Servers" })
]
const fake = FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups }] })
const host = TestOperations.layer(countMailGroups).pipe(Layer.provideMerge(Layer.merge(TestDatabase.layer(), fake)))

layer(host, { excludeTestServices: true, timeout: "2 minutes" })("Counting mail groups", (it) => {
  it.effect("comes to its number a minute after Graph was out of order", () =>
    Effect.gen(function* () {
      yield* (yield* FakeGraph).inject({ path: "/v1.0/groups", times: 9, fault: Fault.shapelessBody })
      const { id } = yield* TestOperations.start(CountMailGroups, { tenantId: "contoso", input: {} })
      yield* TestOperations.runUntilIdle
      yield* assertRun(id, { status: "queued", attempt: 1 })
      yield* (yield* FakeGraph).clearFaults
      yield* DatabaseClock.advance("1 minute")
      yield* TestOperations.runUntilIdle
      yield* assertRun(id, { outcome: "succeeded", summaryCounts: { total: 1 } })
    })
  )
})
