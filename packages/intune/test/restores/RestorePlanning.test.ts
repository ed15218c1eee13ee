import { withRun } from "@atlas/operations/testing"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Problems, Runs } from "@atlas/operations"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { importBackup, type Restore, type RestoreAction, RestoreConflict, Restores } from "../../src/index.ts"
import { ada, backedUp, disconnected, ended, powerless, scopeOf, stranger } from "../Fixture.ts"
import {
  cancelled,
  configuration,
  counts,
  deaths,
  dyingBefore,
  get,
  hang,
  itemsOf,
  planned,
  put,
  recover,
  refusalOf,
  remove,
  requestOf,
  stateOf,
  tenantsOf,
  wifi
} from "./RestoreFixture.ts"

const tenants = {
  requests: ["rights", "theirs", "ours", "unknown", "empty", "keyless", "atomic"],
  keys: ["clicks", "later", "reused", "keys"],
  plans: ["actions"],
  previews: ["working", "failing", "cancelled", "blocked", "retried"],
  restores: ["planned", "archived"]
}
const host = tenantsOf(...Object.values(tenants).flat())

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("Planning a restore", (it) => {
  it.effect("makes a plan that can be read by what is done", () =>
    Effect.gen(function* () {
      const restores = yield* Restores
      yield* put("actions", { ...wifi, id: "gone", displayName: "Gone" })
      const { id: backup } = yield* backedUp("actions")
      yield* remove("actions", "gone")
      const restore = yield* planned("actions", backup, { items: ["gone", wifi.id].map(configuration) })
      const read = (...actions: ReadonlyArray<RestoreAction>) =>
        Effect.map(restores.items(ada, "actions", restore, { actions, after: null, limit: 500 }), (items) =>
          items.map(({ action, id }) => [id, action])
        )

      assert.deepStrictEqual(yield* read("create"), [["gone", "create"]])
      assert.deepStrictEqual(yield* read("update", "unchanged"), [[wifi.id, "unchanged"]])
      assert.lengthOf(yield* read(), 2)
      assert.deepStrictEqual(yield* restores.tally(ada, "actions", restore), [
        { action: "create", result: "pending", count: 1, noted: 0 },
        { action: "unchanged", result: "skipped", count: 1, noted: 0 }
      ])
      assert.strictEqual(yield* refusalOf(read("delete" as RestoreAction)), "InvalidInput")
    })
  )

  describe("a request", () => {
    it.effect("is for members who may restore", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("rights")

        const byMember = yield* refusalOf(restores.plan(powerless, "rights", requestOf(backup), "1"))
        const byStranger = yield* refusalOf(restores.plan(stranger, "rights", requestOf(backup), "1"))

        assert.deepStrictEqual([byMember, byStranger], ["Forbidden", "NotFound"])
      })
    )

    it.effect("names a backup of the same tenant", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("theirs")

        assert.strictEqual(yield* refusalOf(restores.plan(ada, "ours", requestOf(backup), "1")), "InvalidInput")
      })
    )

    it.effect("names policies that are in the backup", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("unknown")
        const request = { ...requestOf(backup), items: [{ source: "scope_tags", id: "nobody" }] }

        assert.strictEqual(yield* refusalOf(restores.plan(ada, "unknown", request, "1")), "InvalidInput")
      })
    )

    it.effect("says of a backup without policies that it has none", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* importBackup(ada, scopeOf("empty"), "Empty", [])

        const refused = yield* Effect.flip(restores.plan(ada, "empty", { ...requestOf(backup), items: null }, "1"))

        assert.deepStrictEqual(refused._tag === "InvalidInput" ? refused.errors : [], [
          { pointer: "/backup", detail: "The backup has no policies: choose another one" }
        ])
      })
    )

    it.effect("needs a key, of at most 200 characters", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("keyless")

        const none = yield* Effect.flip(restores.plan(ada, "keyless", requestOf(backup), undefined))
        const long = yield* Effect.flip(restores.plan(ada, "keyless", requestOf(backup), "k".repeat(201)))

        assert.instanceOf(none, Problems.IdempotencyKeyRequired)
        assert.instanceOf(long, Problems.InvalidInput)
        assert.include(long.errors[0]?.detail, "Idempotency-Key")
      })
    )
  })

  describe("a key", () => {
    it.effect("stands for one restore and one run, though ten requests with it come at once", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("clicks")

        const clicks = yield* Effect.all(
          Array.from({ length: 10 }, () => restores.plan(ada, "clicks", requestOf(backup), "click")),
          { concurrency: "unbounded" }
        )

        assert.lengthOf([...new Set(clicks.map(({ restore, runId }) => `${restore.id} ${runId}`))], 1)
        assert.strictEqual(clicks.filter(({ disposition }) => disposition === "created").length, 1)
        assert.deepStrictEqual(yield* counts("clicks"), { restores: 1, runs: 1 })
      })
    )

    it.effect("stands for them when the preview is over, and a policy that is named twice is the same request", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("later")
        const { runId } = yield* restores.plan(ada, "later", requestOf(backup), "click")
        yield* ended({ id: runId })

        const twice = requestOf(backup, { items: [configuration("wifi"), configuration("wifi")] })
        const later = yield* restores.plan(ada, "later", twice, "click")

        assert.deepInclude({ ...later }, { disposition: "existing", runId })
      })
    )

    it.effect("stands for no other request", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("reused")
        const { runId } = yield* restores.plan(ada, "reused", requestOf(backup), "click")

        const request = requestOf(backup, { items: null })
        const refused = yield* Effect.flip(restores.plan(ada, "reused", request, "click"))

        assert.instanceOf(refused, Problems.IdempotencyKeyReused)
        assert.strictEqual(refused.runId, runId)
      })
    )

    it.effect("of somebody else is another one, and so is another key", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("keys")
        const plan = (actor: typeof ada, key: string) => restores.plan(actor, "keys", requestOf(backup), key)

        const all = [
          yield* plan(ada, "click"),
          yield* plan(ada, "click 2"),
          yield* plan({ ...ada, kind: "system" }, "click")
        ]

        assert.lengthOf([...new Set(all.map(({ restore }) => restore.id))], 3)
      })
    )
  })

  it.effect("records the restore and its run, or neither if the process dies in between", () =>
    Effect.gen(function* () {
      const restores = yield* Restores
      const { id: backup } = yield* backedUp("atomic")
      const plan = restores.plan(ada, "atomic", requestOf(backup), "1")

      for (const death of deaths) {
        assert.isTrue(Exit.isFailure(yield* dyingBefore(death, plan)), death)
        assert.deepStrictEqual(yield* counts("atomic"), { restores: 0, runs: 0 })
      }

      // The key is free.
      const { runId } = yield* plan
      assert.strictEqual((yield* ended({ id: runId })).outcome, "succeeded")
    })
  )

  describe("a preview at work", () => {
    it.effect("is answered when somebody plans again, and keeps the restore from being archived", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("working")
        yield* hang("working", "GET")
        const { restore, runId } = yield* restores.plan(ada, "working", requestOf(backup), "1")

        assert.instanceOf(yield* Effect.flip(restores.archive(ada, "working", restore.id)), RestoreConflict)
        const again = yield* restores.planAgain(ada, "working", restore.id)

        assert.deepInclude({ ...again }, { disposition: "existing", runId })
        yield* cancelled({ id: runId })
        yield* recover
      })
    )
  })

  describe("after a preview that", () => {
    /** The restore still waits for its plan, and gets it when somebody plans again. */
    const isPlannedAgain = Effect.fnUntraced(function* (tenant: string, { id }: Restore) {
      const restores = yield* Restores
      assert.strictEqual(yield* stateOf(tenant, id), "planning")
      const again = yield* restores.planAgain(ada, tenant, id)
      assert.strictEqual(again.disposition, "created")
      assert.strictEqual((yield* ended({ id: again.runId })).outcome, "succeeded")
      assert.deepInclude({ ...(yield* get(tenant, id)) }, { state: "planned", previewRun: again.runId })
    })

    /** Graph refuses what the preview asks for. */
    const failed = Effect.fnUntraced(function* (tenant: string) {
      const restores = yield* Restores
      const { id: backup } = yield* backedUp(tenant)
      yield* FakeGraph.use((graph) => graph.inject({ fault: Fault.intuneForbidden(), tenant, times: 100 }))
      const { restore, runId } = yield* restores.plan(ada, tenant, requestOf(backup), "1")
      const run = yield* ended({ id: runId })
      yield* recover
      return { restore, run }
    })

    it.effect("failed, another one makes the plan", () =>
      Effect.gen(function* () {
        const { restore, run } = yield* failed("failing")

        assert.strictEqual(run.outcome, "failed")
        yield* isPlannedAgain("failing", restore)
      })
    )

    it.effect("was cancelled, another one compares everything anew", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("cancelled")
        yield* hang("cancelled", "GET")
        const { restore, runId } = yield* restores.plan(ada, "cancelled", requestOf(backup), "1")
        yield* cancelled({ id: runId })
        yield* recover
        // What it had planned was seen before the tenant changed.
        yield* sql`
          UPDATE restore_items SET action = 'unchanged', result = 'skipped' WHERE restore_id = ${restore.id}::uuid`
        yield* put("cancelled", { ...wifi, description: "Changed" })

        yield* isPlannedAgain("cancelled", restore)

        const [item] = yield* itemsOf("cancelled", restore.id)
        assert.strictEqual(item?.action, "update")
      })
    )

    it.effect("was blocked, another one makes the plan once the tenant has a connection", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("blocked")
        disconnected.add("blocked")
        const { disposition, restore, runId } = yield* restores.plan(ada, "blocked", requestOf(backup), "1")
        assert.deepStrictEqual([disposition, restore.previewRun], ["blocked", runId])
        assert.strictEqual((yield* restores.planAgain(ada, "blocked", restore.id)).disposition, "blocked")

        disconnected.delete("blocked")

        yield* isPlannedAgain("blocked", restore)
      })
    )

    it.effect("failed, a retry of its run makes the plan, and the restore names that run", () =>
      Effect.gen(function* () {
        const { restore, run: preview } = yield* failed("retried")

        const { run } = withRun(yield* Runs.use((runs) => runs.retry(ada, preview.id)))

        assert.strictEqual((yield* ended(run)).outcome, "succeeded")
        assert.deepInclude({ ...(yield* get("retried", restore.id)) }, { state: "planned", previewRun: run.id })
      })
    )
  })

  describe("a restore", () => {
    it.effect("that is planned is not planned again", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("planned")
        const restore = yield* planned("planned", backup)

        assert.instanceOf(yield* Effect.flip(restores.planAgain(ada, "planned", restore)), RestoreConflict)
      })
    )

    it.effect("is archived once", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { id: backup } = yield* backedUp("archived")
        const restore = yield* planned("archived", backup)

        assert.strictEqual((yield* restores.archive(ada, "archived", restore)).state, "archived")

        assert.instanceOf(yield* Effect.flip(restores.archive(ada, "archived", restore)), RestoreConflict)
      })
    )
  })
})
