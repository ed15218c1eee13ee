import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { as, atlasWith, call, get, type ServerProcess, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"

const submit = (
  server: ServerProcess,
  path: string,
  fields: ReadonlyArray<readonly [string, string]>,
  who = "manager@northwind"
) =>
  call(server, path, {
    method: "POST",
    headers: {
      authorization: as(who).authorization,
      origin: server.origin,
      "content-type": "application/x-www-form-urlencoded"
    },
    body: new URLSearchParams(fields.map(([...pair]) => pair)).toString()
  })

const page = (server: ServerProcess, path: string, who = "manager@northwind") =>
  Effect.map(call(server, path, { headers: as(who) }), ({ text }) => text)

const custom = (id: string, values: number) => ({
  "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
  id,
  displayName: `Custom ${id}`,
  omaSettings: Array.from({ length: values }, (_, at) => ({
    "@odata.type": "#microsoft.graph.omaSettingString",
    displayName: `Setting ${at}`,
    omaUri: `./Vendor/${at}`,
    isEncrypted: true,
    value: "****"
  }))
})

/** A backup of two policies that lack one and two values. */
const maskedInto = Effect.fnUntraced(function* (settings: Record<string, string>, tenant: string) {
  const folder = yield* Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-values-")))
  const file = join(folder, "deviceManagement.deviceConfigurations.json")
  yield* Effect.promise(() => writeFile(file, JSON.stringify({ value: [custom("one", 1), custom("two", 2)] })))
  const imported = yield* atlasWith(settings, "backup", "import", folder, "--tenant", tenant)
  assert.strictEqual(imported.code, 0, imported.stderr)
})

/** The policies of a restore, once it is planned. */
const plannedItems = Effect.fnUntraced(function* (server: ServerProcess, id: string) {
  const path = `/tenants/contoso/restores/${id}`
  yield* get(server, path, "manager@northwind").pipe(
    Effect.repeat({ while: ({ body }) => body.restore.state === "planning", schedule: Schedule.spaced("200 millis") })
  )
  return (yield* get(server, `${path}/items`, "manager@northwind")).body.items
})

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "120 seconds" })("values that policies lack", (it) => {
  it.effect("are entered for a new plan of these policies, and shown nowhere", () =>
    Effect.gen(function* () {
      const settings = { ATLAS_SECRET: "a secret of at least 32 bytes, for tests" }
      const server = yield* startServer(settings)
      yield* maskedInto(settings, "contoso")
      const { backups } = (yield* get(server, "/tenants/contoso/backups", "manager@northwind")).body
      const backup = backups.find(({ itemCount }: { itemCount: number }) => itemCount === 2).id
      const section = "/admin/tenants/contoso/restores"
      const asked = { backup, all: "true", withAssignments: "true", idempotencyKey: "values" }
      const restore = (yield* submit(server, section, Object.entries(asked))).headers.get("location") ?? ""
      yield* plannedItems(server, restore.split("/").at(-1) ?? "")
      const answers = [yield* page(server, restore)]
      const passwords = [...(answers[0] ?? "").matchAll(/<input type="password"[^>]*>/g)].map(String)
      assert.strictEqual(passwords.length, 3)
      assert.isTrue(passwords.every((input) => input.includes('autocomplete="off"') && !/ value=/.test(input)))

      const give = Effect.fnUntraced(function* (given: ReadonlyArray<readonly [string, string, string]>, who?: string) {
        const fields = given.flatMap(([id, path, value]) =>
          Object.entries({ source: "device_configurations", id, path, value })
        )
        const key = ["idempotencyKey", "given"] as const
        const answer = yield* submit(server, `${restore}/values`, [key, ...fields], who)
        answers.push(answer.text, JSON.stringify([...answer.headers]))
        return answer
      })
      const first = "omaSettings/0/value"
      const nothing = yield* give([["one", first, ""]])
      const half = yield* give([
        ["two", first, "Hush1"],
        ["two", "omaSettings/1/value", ""]
      ])
      const wrong = yield* give([["one", "displayName", "Hush2"]])
      const masked = yield* give([["one", first, "*****"]])
      const broken = yield* give([["one", first, "Hush3\0"]])
      const reader = yield* give([["one", first, ""]], "readonly@northwind")
      const known = yield* give([
        ["one", first, "Hush4 and more"],
        ["two", first, ""],
        ["two", "omaSettings/1/value", ""]
      ])
      const again = yield* give([["one", first, "Hush4 and more"]])
      const other = yield* give([["one", first, "Hush5"]])

      for (const [answer, sentence] of [
        [nothing, "Enter all the values of at least one policy."],
        [half, "Enter all the values of a policy, or none of them."],
        [wrong, "The policy lacks no value there."],
        [masked, "It is a mask: give the value itself."]
      ] as const) {
        assert.strictEqual(answer.status, 422)
        assert.include(answer.text, `role="alert">${sentence}`)
        assert.include(answer.text, "Plan a restore of these policies")
      }
      assert.deepStrictEqual([broken.status, reader.status, other.status], [422, 403, 422])
      const planned = known.headers.get("location") ?? ""
      assert.deepStrictEqual([known.status, again.headers.get("location")], [303, planned])
      assert.notStrictEqual(planned, restore)
      const id = planned.split("/").at(-1) ?? ""
      const items = yield* plannedItems(server, id)
      const found = items.map((item: Record<string, unknown>) => [item["id"], item["action"], item["lacking"]])
      assert.deepStrictEqual(found, [["one", "create", []]])
      const { restore: made } = (yield* get(server, `/tenants/contoso/restores/${id}`, "manager@northwind")).body
      assert.deepInclude(made, { backupId: backup, withAssignments: true })

      answers.push(yield* page(server, planned), yield* page(server, restore), server.output())
      assert.notInclude(answers.join("\n"), "Hush")
      assert.notInclude(yield* page(server, restore, "readonly@northwind"), "Plan a restore of these policies")
    }).pipe(Effect.scoped)
  )
})
