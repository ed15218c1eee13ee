import { Runs } from "@atlas/operations"
import { withRun } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Console } from "../src/index.ts"
import { fieldsOf, type Mounted, post, send } from "./journey.ts"
import { hostOptions, services, work } from "./Mounted.ts"

const origin = "https://host.example"
const ada = { id: "ada", kind: "user", name: "Ada" } as const

const made = Effect.gen(function* () {
  const console = yield* Console.make(hostOptions(origin, ""))
  const mounted: Mounted = { origin, basePath: "", fetch: (address, init) => console(new Request(address, init)) }
  return mounted
})

/** A run of a key that has ended, and was removed. */
const removed = Effect.fnUntraced(function* (idempotencyKey: string) {
  const sql = yield* SqlClient.SqlClient
  const runs = yield* Runs
  const { run } = withRun(yield* runs.start(ada, work, { tenantId: "contoso", input: {}, idempotencyKey }))
  const { completedAt } = yield* Effect.andThen(runs.cancel(ada, run.id), runs.get(ada, run.id))
  yield* sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`
  return { disposition: "existing", removed: true, id: run.id, outcome: "cancelled", endedAt: completedAt }
})

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("a start whose run was removed", (it) => {
  it.effect("is answered over HTTP with how that run ended, and with nowhere to go", () =>
    Effect.gen(function* () {
      const mounted = yield* made
      const answer = yield* removed("api")
      const start = yield* Effect.promise(() =>
        send(mounted, "ada", `/api/v1/tenants/contoso/operations/${work.name}`, {
          method: "POST",
          headers: { origin, "content-type": "application/json", "idempotency-key": "api" },
          body: '{"input":{}}'
        })
      )
      assert.strictEqual(start.status, 200)
      assert.deepStrictEqual(yield* Effect.promise(() => start.json()), JSON.parse(JSON.stringify(answer)))
      for (const header of ["location", "operation-location", "retry-after"]) assert.isNull(start.headers.get(header))
      const link = yield* Effect.promise(() => send(mounted, "ada", `/api/v1/operations/${answer.id}`))
      assert.strictEqual(link.status, 404)
    }).pipe(Effect.scoped)
  )

  it.effect("is answered to a form with a sentence in place of the run's page", () =>
    Effect.gen(function* () {
      const mounted = yield* made
      const page = yield* Effect.promise(async () => (await send(mounted, "ada", "/tenants/contoso")).text())
      const action = `/tenants/contoso/operations/${work.name}`
      const form = fieldsOf(page, action)
      yield* removed(form["idempotencyKey"] ?? "")
      const answer = yield* Effect.promise(() => post(mounted, "ada", action, form))
      const text = yield* Effect.promise(() => answer.text())
      assert.strictEqual(answer.status, 200)
      assert.match(text, /Nothing was started now\. The run of this form was cancelled on <time/)
      assert.include(text, "it has no page any more")
      assert.lengthOf((yield* Runs.use((runs) => runs.list(ada, {}, { cursor: null, limit: 10 }))).runs, 0)
    }).pipe(Effect.scoped)
  )
})
