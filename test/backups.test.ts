import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { as, atlas, atlasWith, call, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"

const schedules = "/api/v1/tenants/contoso/backup-schedules"
const manager = { ...as("manager@northwind"), "content-type": "application/json" }

const settings = { ATLAS_SECRET: "one secret of more than 32 bytes, for both" }

const folder = Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-backup-")))

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "120 seconds" })("backups in files", (it) => {
  it.effect("are verified, exported, and imported as people publish them", () =>
    Effect.gen(function* () {
      const server = yield* startServer(settings)
      const post = (path: string, body: object, headers: object = {}) =>
        call(server, path, { method: "POST", headers: { ...manager, ...headers }, body: JSON.stringify(body) })
      const { schedule } = (yield* post(schedules, { name: "All", cron: "0 2 * * *", timeZone: "UTC" })).body
      const body = { input: { schedule: schedule.id } }
      yield* post("/api/v1/tenants/contoso/operations/backup_schedule.run_now", body, { "idempotency-key": "1" })
      const list = call(server, "/api/v1/tenants/contoso/backups", { headers: manager })
      const { backups } = (yield* list.pipe(
        Effect.repeat({ while: ({ body }) => body.backups.length === 0, schedule: Schedule.spaced("200 millis") })
      )).body
      const [{ id, itemCount }] = backups
      assert.include((yield* atlas("backup", "verify", id)).stdout, `intact: ${itemCount} policies`)

      const into = yield* folder
      assert.include((yield* atlas("backup", "export", id, "--to", into)).stdout, `Wrote ${itemCount} policies`)
      const again = yield* atlas("backup", "export", id, "--to", into)
      assert.deepStrictEqual([again.code, /is not empty/.test(again.stderr)], [1, true])
      const tag = JSON.parse(
        yield* Effect.promise(() => readFile(join(into, "deviceManagement", "roleScopeTags", "0.json"), "utf8"))
      )
      assert.deepInclude(tag, { id: "0", displayName: "Default" })

      // What was exported is what is imported, in another tenant and with other ids of the database.
      const imported = yield* atlasWith(settings, "backup", "import", into, "--tenant", "fabrikam", "--name", "Copy")
      assert.strictEqual(imported.stderr, "")
      const copies = yield* call(server, "/api/v1/tenants/fabrikam/backups", { headers: manager })
      const { itemCount: copied, manifestHash, origin } = copies.body.backups[0]
      assert.deepStrictEqual([copied, manifestHash, origin], [itemCount, backups[0].manifestHash, "import"])
      const audit = (yield* atlas("audit", "list", "--workspace", "northwind")).stdout
      assert.match(audit, new RegExp(`command-line +backup\\.exported +contoso +backup ${id}$`, "m"))
      assert.match(
        audit,
        new RegExp(`command-line +backup\\.imported +fabrikam +backup ${copies.body.backups[0].id}$`, "m")
      )

      const wrong = { ATLAS_SECRET: "not the secret that the server has, but as long" }
      // Adatum has no secrets yet: the first ones would be sealed so that the server cannot open them.
      for (const tenant of ["contoso", "adatum"]) {
        const sealed = yield* atlasWith(wrong, "backup", "import", into, "--tenant", tenant)
        assert.deepStrictEqual([sealed.code, sealed.stdout], [1, ""])
        assert.match(sealed.stderr, /^Nothing was imported: .*Set ATLAS_SECRET[^\n]*\n$/)
      }
      const nowhere = yield* atlasWith(settings, "backup", "import", "/nothere", "--tenant", "contoso")
      assert.deepStrictEqual([nowhere.code, nowhere.stderr], [1, "There is no folder /nothere.\n"])

      const other = yield* folder
      yield* Effect.promise(() => writeFile(join(other, "notes.txt"), "Nothing yet"))
      const empty = yield* atlasWith(settings, "backup", "import", other, "--tenant", "contoso")
      assert.deepStrictEqual([empty.code, /contains no JSON file/.test(empty.stderr)], [1, true])

      const bad = yield* folder
      yield* Effect.promise(() => writeFile(join(bad, "cats.json"), "[]"))
      const refused = yield* atlasWith(settings, "backup", "import", bad, "--tenant", "contoso")
      assert.deepStrictEqual([refused.code, /^cats\.json: /m.test(refused.stderr)], [1, true])
      assert.match(refused.stderr, /^ {2}deviceManagement\/configurationPolicies$/m)

      // Each problem is told with its file, in grammar, and by its real cause.
      const files = { "a.json": `{"value":"x"}`, "b.json": "[{}]", "c.json": `[{"name":1},{"id":2},"x"]` }
      const odd = yield* folder
      const collection = join(odd, "deviceManagement", "deviceConfigurations")
      yield* Effect.promise(() => mkdir(collection, { recursive: true }))
      for (const [name, text] of Object.entries(files))
        yield* Effect.promise(() => writeFile(join(collection, name), text))
      const at = "deviceManagement/deviceConfigurations"
      const wrongs = yield* atlasWith(settings, "backup", "import", odd, "--tenant", "contoso")
      assert.deepStrictEqual(wrongs.stderr.trimEnd().split("\n"), [
        "Nothing was imported.",
        `${at}/a.json: "value" is no list of objects.`,
        `${at}/b.json: 1 object has no "id".`,
        `${at}/c.json: 1 value is not an object; 1 object has no "id"; 1 object has an "id" that is not a string, or is empty.`
      ])
      for (const name of Object.keys(files)) yield* Effect.promise(() => writeFile(join(collection, name), "[]"))
      yield* Effect.promise(() => writeFile(join(collection, "b.json"), `{"id":"1"}`))
      const lacking = yield* atlasWith(settings, "backup", "import", odd, "--tenant", "contoso")
      assert.strictEqual(
        lacking.stderr,
        `Nothing was imported.\n${at}/b.json: The policy 1 lacks its title (“displayName”) and its type (“@odata.type”).\n`
      )
      const one = `{"id":"1","displayName":"x","@odata.type":"#microsoft.graph.windows10GeneralConfiguration"}`
      yield* Effect.promise(() => writeFile(join(collection, "b.json"), one))
      assert.match(
        (yield* atlasWith(settings, "backup", "import", odd, "--tenant", "contoso")).stdout,
        /^Imported 1 policy as the backup [\da-f-]{36}\.\n$/
      )
      assert.strictEqual(
        (yield* atlasWith(settings, "backup", "import", odd, "--tenant", "Contoso")).stderr,
        "There is no tenant Contoso. Give the id of one of these: contoso (Contoso), adatum (Adatum), fabrikam (Fabrikam).\n"
      )

      const deep = yield* folder
      const nested = `{"id":"5","size":9223372036854775807,"nested":${"[".repeat(20_000)}${"]".repeat(20_000)}}`
      yield* Effect.promise(() => writeFile(join(deep, "deviceManagement.roleScopeTags.json"), nested))
      const tooDeep = yield* atlasWith(settings, "backup", "import", deep, "--tenant", "contoso")
      assert.strictEqual(tooDeep.code, 1)
      assert.match(
        tooDeep.stderr,
        /Nothing was imported\.\ndeviceManagement\.roleScopeTags\.json: The policy 5 nests deeper than 100 levels/
      )
      assert.strictEqual((yield* atlas("backup", "verify", schedule.id)).code, 1)
    }).pipe(Effect.scoped)
  )
})
