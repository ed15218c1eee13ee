import { withRun } from "@atlas/operations/testing"
import { BackupOperations } from "@atlas/intune"
import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { intune } from "../src/intune/index.ts"
import { Console } from "../src/index.ts"
import { fieldsOf, type Mounted, post, send } from "./journey.ts"
import { hostOptions, services, work } from "./Mounted.ts"

const origin = "https://host.example"
const section = "/tenants/contoso"
const schedule = "01920000-0000-7000-8000-00000000000a"

const made = Effect.gen(function* () {
  const console = yield* Console.make({ ...hostOptions(origin, ""), parts: [intune] })
  const mounted: Mounted = { origin, basePath: "", fetch: (address, init) => console(new Request(address, init)) }
  return mounted
})

const read = (mounted: Mounted, path: string) => Effect.promise(async () => (await send(mounted, "ada", path)).text())

/** An empty backup of a schedule, which a run of that id has made. */
const backedUp = Effect.fnUntraced(function* (id: string, run: string | null) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO backup_schedules (id, workspace_id, tenant_id, name, cron, time_zone, skipped_time, repeated_time, missed,
      missed_limit, created_by)
    VALUES (${schedule}::uuid, 'northwind', 'contoso', 'Nightly', '0 2 * * *', 'UTC', 'skip', 'earlier', 'skip', 1, '{}')
    ON CONFLICT DO NOTHING`
  yield* sql`
    INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, schedule_id, run_id, name)
    VALUES (${id}::uuid, 'northwind', 'contoso', 'schedule', ${schedule}::uuid, ${run}::uuid, 'Nightly')`
  yield* sql`
    UPDATE backup_sets SET state = 'complete', sealed_at = now(), item_count = 0, manifest_hash = sha256('manifest')
    WHERE id = ${id}::uuid`
  return `${section}/backups/${id}`
})

const madeBy = (text: string) =>
  (/<dt>Made by<\/dt><dd>(.*?)<\/dd>/s.exec(text)?.[1] ?? "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("the pages of backups", (it) => {
  it.effect("say who made a backup: a person, or the schedule", () =>
    Effect.gen(function* () {
      const mounted = yield* made
      const runs = yield* Runs
      const ada = { id: "ada", kind: "user", name: "Ada" } as const
      const request = { tenantId: "contoso", input: {}, idempotencyKey: "1" }
      const { run } = withRun(yield* runs.start(ada, work, request))
      const byHand = yield* backedUp("01920000-0000-7000-8000-000000000001", run.id)
      assert.strictEqual(madeBy(yield* read(mounted, byHand)), "Ada, by hand, with its schedule in this run")
      const unknown = yield* backedUp("01920000-0000-7000-8000-000000000002", null)
      assert.strictEqual(madeBy(yield* read(mounted, unknown)), "its schedule")
    }).pipe(Effect.scoped)
  )

  it.effect("show the form again, with what to do, where nothing was chosen to be restored", () =>
    Effect.gen(function* () {
      const mounted = yield* made
      const path = yield* backedUp("01920000-0000-7000-8000-000000000003", null)
      const form = fieldsOf(yield* read(mounted, path), `${section}/restores`)
      const answer = yield* Effect.promise(() => post(mounted, "ada", `${section}/restores`, form))
      const text = yield* Effect.promise(() => answer.text())
      assert.strictEqual(answer.status, 422)
      assert.match(text, /role="alert">Choose at least one policy, or plan to restore everything\./)
      assert.strictEqual(fieldsOf(text, `${section}/restores`)["backup"], form["backup"])
    }).pipe(Effect.scoped)
  )

  it.effect("are named where an operation that works on their records cannot be started at once", () =>
    Effect.gen(function* () {
      const text = yield* read(yield* made, section)
      const card = text.split(`id="surface-${BackupOperations.runNow.name}"`)[1]?.split("</li>")[0]
      assert.include(card, `<a class="button" href="${section}/backup-schedules">Go to Backup schedules</a>`)
    }).pipe(Effect.scoped)
  )
})
