import { withRun } from "@atlas/operations/testing"
import { Problems, Runs } from "@atlas/operations"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { RestoreConflict, Restores } from "../../src/index.ts"
import { ada, backedUp, ended } from "../Fixture.ts"
import {
  backupOf,
  cancelled,
  confirmed,
  counts,
  deaths,
  dyingBefore,
  executed,
  get,
  hang,
  planned,
  recover,
  refusalOf,
  remove,
  stateOf,
  tenantsOf
} from "./RestoreFixture.ts"

const tenants = {
  confirmations: ["refused", "clicks", "atomic", "busy"],
  restores: ["over", "working", "stopped", "abandoned"]
}
const host = tenantsOf(...Object.values(tenants).flat())

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("Confirming a restore", (it) => {
  /** A restore that is planned in a tenant as the backup has it. */
  const plannedIn = (tenant: string) => Effect.flatMap(backupOf(tenant), (backup) => planned(tenant, backup))

  /** A restore that has to write: the policy is gone. */
  const plannedToWriteIn = Effect.fnUntraced(function* (tenant: string) {
    const { id: backup } = yield* backedUp(tenant)
    yield* remove(tenant, "wifi")
    return { backup, restore: yield* planned(tenant, backup) }
  })

  describe("a confirmation", () => {
    it.effect("takes the name of the tenant", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const restore = yield* plannedIn("refused")
        const typed = { tenantName: "somebody else's", idempotencyKey: "1" }

        assert.strictEqual(yield* refusalOf(restores.confirm(ada, "refused", restore, typed)), "InvalidInput")
      })
    )

    it.effect("comes before the execution, whoever starts that", () =>
      Effect.gen(function* () {
        const restore = yield* plannedIn("refused")

        const request = { tenantId: "refused", input: { restore }, idempotencyKey: "x" }
        const { disposition, run } = withRun(yield* Runs.use((runs) => runs.start(ada, "restore.execute", request)))

        assert.strictEqual(disposition, "blocked")
        assert.match(
          run.failureSummary?.[0]?.message ?? "",
          /^Nobody has confirmed the restore: open its page and confirm/
        )
      })
    )

    it.effect("is refused for an archived restore", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const restore = yield* plannedIn("refused")
        yield* restores.archive(ada, "refused", restore)

        assert.strictEqual(yield* refusalOf(confirmed("refused", restore)), "RestoreConflict")
      })
    )

    it.effect("starts one run, though it comes ten times at once with the same key", () =>
      Effect.gen(function* () {
        const restore = yield* plannedIn("clicks")

        const clicks = yield* Effect.all(
          Array.from({ length: 10 }, () => confirmed("clicks", restore, "click")),
          { concurrency: "unbounded" }
        )

        assert.lengthOf([...new Set(clicks.map(({ run }) => run.id))], 1)
        yield* ended(clicks[0]!.run)
        assert.strictEqual(yield* stateOf("clicks", restore), "done")
        // The preview and that run.
        assert.deepStrictEqual(yield* counts("clicks"), { restores: 1, runs: 2 })
      })
    )

    it.effect("records itself and its run, or neither if the process dies in between", () =>
      Effect.gen(function* () {
        const restore = yield* plannedIn("atomic")
        const confirm = confirmed("atomic", restore)

        for (const death of deaths) {
          assert.isTrue(Exit.isFailure(yield* dyingBefore(death, confirm)), death)
          assert.strictEqual(yield* stateOf("atomic", restore), "planned")
          assert.deepStrictEqual(yield* counts("atomic"), { restores: 1, runs: 1 })
        }

        // The key is free.
        const { run } = yield* confirm
        assert.strictEqual((yield* ended(run)).outcome, "succeeded")
      })
    )

    it.effect("changes nothing while another operation holds the tenant", () =>
      Effect.gen(function* () {
        const { backup, restore: first } = yield* plannedToWriteIn("busy")
        const second = yield* planned("busy", backup)
        yield* hang("busy", "POST")
        const { run } = yield* confirmed("busy", first, "1")

        const refused = yield* Effect.flip(confirmed("busy", second, "2"))

        assert.instanceOf(refused, Problems.OperationBusy)
        assert.deepInclude({ ...(yield* get("busy", second)) }, { state: "planned", confirmedBy: null })
        yield* cancelled(run)
        yield* recover
      })
    )
  })

  describe("a restore that is done", () => {
    it.effect("answers its confirmation with the same run, and refuses any other", () =>
      Effect.gen(function* () {
        const restore = yield* plannedIn("over")
        const run = yield* executed("over", restore)
        assert.strictEqual(yield* stateOf("over", restore), "done")

        const late = yield* confirmed("over", restore, restore)
        const other = yield* Effect.flip(confirmed("over", restore, "another"))

        assert.deepInclude({ ...late, run: late.run.id }, { disposition: "existing", run: run.id })
        assert.instanceOf(other, RestoreConflict)
        // Nothing but the preview and that run is recorded.
        assert.deepStrictEqual(yield* counts("over"), { restores: 1, runs: 2 })
      })
    )
  })

  describe("a restore whose execution", () => {
    /** Its run was cancelled while it waited for Graph. */
    const stoppedIn = Effect.fnUntraced(function* (tenant: string) {
      const { restore } = yield* plannedToWriteIn(tenant)
      yield* hang(tenant, "POST")
      const { run } = yield* confirmed(tenant, restore, "1")
      yield* cancelled(run)
      yield* recover
      return restore
    })

    it.effect("is at work is not archived", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const { restore } = yield* plannedToWriteIn("working")
        yield* hang("working", "POST")
        const { run } = yield* confirmed("working", restore)

        assert.instanceOf(yield* Effect.flip(restores.archive(ada, "working", restore)), RestoreConflict)

        yield* cancelled(run)
        yield* recover
      })
    )

    it.effect("has stopped goes on when it is confirmed again", () =>
      Effect.gen(function* () {
        const restore = yield* stoppedIn("stopped")

        const { run } = yield* confirmed("stopped", restore, "2")

        assert.strictEqual((yield* ended(run)).outcome, "succeeded")
        assert.deepInclude({ ...(yield* get("stopped", restore)) }, { state: "done", executeRun: run.id })
      })
    )

    it.effect("has stopped may be archived, and never goes on then", () =>
      Effect.gen(function* () {
        const restores = yield* Restores
        const restore = yield* stoppedIn("abandoned")

        assert.strictEqual((yield* restores.archive(ada, "abandoned", restore)).state, "archived")

        assert.instanceOf(yield* Effect.flip(confirmed("abandoned", restore, "2")), RestoreConflict)
      })
    )
  })
})
