import { as, call, type ServerProcess, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A backup of one policy, as an import leaves it. */
const importedInto = Effect.fnUntraced(function* (tenant: string, id: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO policy_snapshots (workspace_id, tenant_id, hash, body, size)
    VALUES ('northwind', ${tenant}, sha256('content'), 'x', 1)`
  yield* sql`
    INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, name)
    VALUES (${id}::uuid, 'northwind', ${tenant}, 'import', 'Import')`
  yield* sql`
    INSERT INTO backup_items (set_id, source, id, workspace_id, tenant_id, type, title, folded_title, content_hash)
    VALUES (${id}::uuid, 'scope_tags', '0', 'northwind', ${tenant}, 'scope_tags', 'Default', 'default', sha256('content'))`
  yield* sql`
    UPDATE backup_sets SET state = 'complete', sealed_at = now(), item_count = 1, manifest_hash = sha256('manifest')
    WHERE id = ${id}::uuid`
})

const page = (server: ServerProcess, path: string, who = "manager@northwind") =>
  Effect.map(call(server, path, { headers: as(who) }), ({ text }) => text)

const submit = (server: ServerProcess, path: string, fields: Record<string, string>, who = "manager@northwind") =>
  call(server, path, {
    method: "POST",
    headers: {
      authorization: as(who).authorization,
      origin: server.origin,
      "content-type": "application/x-www-form-urlencoded"
    },
    body: new URLSearchParams(fields).toString()
  })

const keyIn = (text: string) =>
  / name="idempotencyKey" value="([^"]+)"/.exec(text)?.[1] ?? assert.fail("The form has a key")

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "120 seconds" })("the pages of a restore", (it) => {
  it.effect("plan once for a double click", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_ROLE: "web" })
      const backup = "01920000-0000-7000-8000-000000000001"
      yield* importedInto("contoso", backup)
      const section = "/admin/tenants/contoso"
      const idempotencyKey = keyIn(yield* page(server, `${section}/backups/${backup}`))
      const plan = (fields: Record<string, string>) =>
        Effect.map(
          submit(server, `${section}/restores`, { backup, all: "true", idempotencyKey, ...fields }),
          (answer) => [answer.status, answer.headers.get("location")]
        )
      const first = yield* plan({})
      assert.strictEqual(first[0], 303)
      assert.deepStrictEqual(yield* plan({}), first)
      assert.strictEqual((yield* plan({ withAssignments: "true" }))[0], 422)
      const another = yield* plan({ idempotencyKey: keyIn(yield* page(server, `${section}/backups/${backup}`)) })
      assert.notStrictEqual(another[1], first[1])
      const text = yield* page(server, String(first[1]))
      assert.include(text, "is being compared with the tenant")
      assert.notInclude(text, "Plan again")
    }).pipe(Effect.scoped)
  )

  it.effect("offer to plan again, or to archive, where the preview has made no plan", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_ROLE: "web" })
      const backup = "01920000-0000-7000-8000-000000000002"
      // A tenant without a provider connection.
      yield* importedInto("fabrikam", backup)
      const section = "/admin/tenants/fabrikam"
      const planned = yield* submit(server, `${section}/restores`, { backup, all: "true", idempotencyKey: "1" })
      const restore = planned.headers.get("location") ?? ""
      const runIn = (text: string) => /href="\/admin\/operations\/([^"]+)">Its run says why/.exec(text)?.[1]
      const before = yield* page(server, restore)
      assert.include(before, "Plan again")
      assert.isDefined(runIn(before))
      assert.strictEqual((yield* submit(server, `${restore}/plan`, {})).status, 303)
      const after = yield* page(server, restore)
      assert.include(after, "Plan again")
      assert.isDefined(runIn(after))
      assert.notStrictEqual(runIn(after), runIn(before))

      // Over the API a confirmation is the tenant's name and nothing else.
      const id = restore.split("/").at(-1)
      const confirmation = yield* call(server, `/api/v1/tenants/fabrikam/restores/${id}/confirm`, {
        method: "POST",
        headers: { ...as("manager@northwind"), "idempotency-key": "1", "content-type": "application/json" },
        body: JSON.stringify({ tenantName: "Fabrikam", force: true })
      })
      assert.deepStrictEqual(
        [confirmation.status, confirmation.body.errors.map(({ pointer }: { pointer: string }) => pointer)],
        [422, ["/force"]]
      )

      const reader = yield* page(server, restore, "readonly@northwind")
      assert.include(reader, "tenant.restore.execute")
      assert.notInclude(reader, "Plan again")
      for (const change of ["plan", "archive"]) {
        assert.strictEqual((yield* submit(server, `${restore}/${change}`, {}, "readonly@northwind")).status, 403)
      }
      assert.strictEqual((yield* submit(server, `${restore}/archive`, {})).status, 303)
      const archived = yield* page(server, restore)
      assert.include(archived, "Archived")
      assert.notInclude(archived, "Plan again")
    }).pipe(Effect.scoped)
  )
})
