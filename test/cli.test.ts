import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { atlas, completed, get, start, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const record = (number: number) => `77777777-0000-4000-8000-00000000000${number}`

const csv = (...lines: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const path = join(await mkdtemp(join(tmpdir(), "atlas-map-")), "map.csv")
    await writeFile(path, ["table,legacy_id,operation_run_id", ...lines].join("\n"))
    return path
  })

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "120 seconds" })("atlas on the command line", (it) => {
  it.effect("says what a database lacks, and sets it up", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`DROP TABLE account_identities`
      yield* sql`DELETE FROM atlas_server_migrations WHERE migration_id = 2`
      const empty = yield* atlas("doctor")
      assert.strictEqual(empty.code, 1)
      assert.match(empty.stdout, /^fail {2}Migrations are missing .*: run atlas migrate\.$/m)
      const migrated = yield* atlas("migrate")
      assert.deepStrictEqual([migrated.code, migrated.stderr], [0, ""])
      const idle = yield* atlas("doctor")
      assert.strictEqual(idle.code, 0)
      assert.match(idle.stdout, /^warn {2}No worker is alive: /m)
      assert.match(idle.stdout, /^warn {2}There is no account: nobody can sign in\.$/m)
    })
  )

  it.effect("says in the help which flags a command needs", () =>
    Effect.gen(function* () {
      const help = (...command: ReadonlyArray<string>) =>
        Effect.map(atlas(...command, "--help"), ({ stdout }) => stdout)
      const imported = yield* help("backup", "import")
      assert.match(imported, /^ {2}--tenant string +Id of the tenant that gets the backup \(required\)$/m)
      assert.match(imported, /^ {2}--name string +Name of the backup$/m)
      assert.match(yield* help("accounts", "link"), /--object string +.*\(required\)$/m)
      assert.notInclude(yield* help("runs", "list"), "(required)")
    })
  )

  it.effect("lists, shows and cancels runs, and puts that on record", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_ROLE: "web" })
      const id = (yield* start(server, "contoso")).body.run.id
      const listed = yield* atlas("runs", "list", "--status", "active", "--json")
      assert.deepStrictEqual(
        JSON.parse(listed.stdout).map((run: { id: string }) => run.id),
        [id]
      )
      assert.include((yield* atlas("runs", "list", "--tenant", "fabrikam")).stdout, "No run matches.")
      assert.match((yield* atlas("runs", "show", id)).stdout, /^state +queued$/m)
      const cancelled = yield* atlas("runs", "cancel", id)
      assert.deepStrictEqual([cancelled.code, cancelled.stdout], [0, "Cancelled.\n"])
      assert.strictEqual((yield* completed(server, id)).cancelRequestedBy.id, "command-line")
      const audit = (yield* atlas("audit", "list", "--workspace", "northwind")).stdout
      assert.match(audit, /command-line +cancel_requested/)
      assert.match(audit, /demonstration +provider_connection\.created +contoso +provider_connection [0-9a-f-]{36}$/m)
      const blocked = (yield* start(server, "fabrikam")).body.run.id
      assert.match(
        (yield* atlas("runs", "show", blocked)).stdout,
        /^Next step: Add a provider connection to this tenant\.$/m
      )
      const again = yield* atlas("runs", "cancel", id)
      assert.deepStrictEqual([again.code, again.stderr], [1, "The run is completed already: cancelled.\n"])
    }).pipe(Effect.scoped)
  )

  it.effect("maps old records from a file: all of it, or nothing and why", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const server = yield* startServer({ ATLAS_ROLE: "web" })
      const { id } = (yield* start(server, "contoso")).body.run
      const mapped = sql`SELECT id::text AS id FROM entra_group_sync_runs WHERE operation_run_id IS NOT NULL`
      const good = `entra_group_sync_runs,${record(2)},${id}`
      const bad = yield* csv(
        good,
        `operation_runs,1,${id}`,
        `entra_group_sync_runs,${record(3)},nonsense`,
        `entra_group_sync_runs,unknown,${id}`,
        `inventory_sync_runs,${record(1)},${id}`,
        `entra_group_sync_runs,${record(3)}`
      )
      const refused = yield* atlas("legacy", "map", "--file", bad)
      assert.strictEqual(refused.code, 1)
      for (const line of [3, 4, 5, 6, 7]) assert.match(refused.stderr, new RegExp(`^Line ${line}: `, "m"))
      assert.notInclude(refused.stderr, "Line 2")
      assert.deepStrictEqual(yield* mapped, [])

      const file = yield* csv(good)
      assert.include((yield* atlas("legacy", "map", "--file", file, "--dry-run")).stdout, "Would map 1 records.")
      assert.deepStrictEqual(yield* mapped, [])
      assert.include((yield* atlas("legacy", "map", "--file", file)).stdout, "Mapped 1 records.")
      assert.deepStrictEqual(yield* mapped, [{ id: record(2) }])
    }).pipe(Effect.scoped)
  )

  it.effect("maps old records by the context of runs, where exactly one names them", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const server = yield* startServer({ ATLAS_ROLE: "web" })
      const { id } = (yield* start(server, "contoso")).body.run
      yield* sql`
        INSERT INTO operation_runs (id, workspace_id, tenant_id, type, actor, identity_rule, identity_key, identity_digest,
          input, max_attempts, view_capabilities, context, status, outcome, completed_at)
        SELECT '01890000-0000-7000-8000-00000000000c', workspace_id, tenant_id, type, actor, identity_rule, identity_key,
          identity_digest, input, max_attempts, view_capabilities, ${`{"legacyId":"${record(3)}"}`}::jsonb, 'completed', 'succeeded', now()
        FROM operation_runs WHERE id = ${id}::uuid`
      const { code, stdout } = yield* atlas("legacy", "map", "--match")
      assert.strictEqual(code, 0)
      assert.include(stdout, record(3))
      assert.strictEqual((yield* get(server, `/operations/${id}`)).status, 200)
      assert.include((yield* atlas("legacy", "map", "--match")).stdout, "There is nothing to map.")
    }).pipe(Effect.scoped)
  )

  it.effect("links a person of Entra ID with an account that exists", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(startServer({ ATLAS_ROLE: "web" }))
      const uuid = "33333333-0000-4000-8000-00000000000A"
      const link = (account: string) => atlas("accounts", "link", account, "--directory", uuid, "--object", uuid)
      assert.strictEqual((yield* link("nobody")).stderr, "There is no account nobody.\n")
      assert.strictEqual((yield* link("owner@northwind")).code, 0)
      const sql = yield* SqlClient.SqlClient
      const lower = uuid.toLowerCase()
      assert.deepStrictEqual(yield* sql`SELECT * FROM account_identities`, [
        { entraTenantId: lower, objectId: lower, accountId: "owner@northwind" }
      ])
    })
  )

  it.effect.each([
    "runs show nope",
    "runs list --limit 0",
    "runs list --before x",
    "legacy map",
    "legacy map --file /nowhere.csv",
    "fly"
  ])("answers what it does not understand in a sentence, without a stack or a password: %s", (line) =>
    Effect.gen(function* () {
      const { code, stderr } = yield* atlas(...line.split(" "))
      assert.strictEqual(code, 1)
      assert.isAtMost(stderr.trim().split("\n").length, 3, stderr)
      assert.notMatch(stderr, / at .*:\d+|postgres:\/\//)
    })
  )

  const wrong: ReadonlyArray<readonly [sentence: RegExp, ...args: ReadonlyArray<string>]> = [
    [/--status.*"odd"/, "runs", "list", "--status", "odd"],
    [/--outcome.*"odd"/, "runs", "list", "--outcome", "odd"],
    [/--limit.*between 1 and 1000/, "runs", "list", "--limit", "1001"],
    [/--limit.*integer/, "runs", "list", "--limit", "1.5"],
    [/--before.*UUID v7/, "runs", "list", "--before", "33333333-0000-4000-8000-00000000000a"],
    [/--tenant/, "runs", "list", "--tenant", ""],
    [/--actor.*1 to 1,000 characters/, "runs", "list", "--actor", "a".repeat(1_001)],
    [/--status.*at most 1 value/, "runs", "list", "--status", "queued", "--status", "running"],
    [/--frob/, "runs", "list", "--frob"],
    [/"y"/, "runs", "cancel", "x", "y"],
    [/no run x/, "runs", "cancel", "x"],
    [/--workspace/, "audit", "list"],
    [/--workspace/, "audit", "list", "--workspace", ""],
    [/--before/, "audit", "list", "--workspace", "northwind", "--before", "-1"],
    [/--before/, "audit", "list", "--workspace", "northwind", "--before", "99999999999999999999"],
    [/--directory.*UUID/, "accounts", "link", "someone", "--directory", "x", "--object", "y"],
    [/backup.*UUID/, "backup", "verify", "nonsense"],
    [/--to/, "backup", "export", "33333333-0000-4000-8000-00000000000a", "--to", ""],
    [/no tenant nowhere/, "backup", "import", "/", "--tenant", "nowhere"]
  ]
  it.effect.each(wrong)("refuses a wrong argument by its name, and does nothing: %s", ([sentence, ...args]) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const everything = sql`SELECT (SELECT count(*)::int FROM operation_runs) AS runs,
        (SELECT count(*)::int FROM operation_audit) AS records, (SELECT count(*)::int FROM account_identities) AS people,
        (SELECT count(*)::int FROM backup_sets) AS backups`
      const before = yield* everything
      const { code, stderr, stdout } = yield* atlas(...args)
      assert.deepStrictEqual([code, stdout], [1, ""], stderr)
      assert.match(stderr, sentence)
      assert.isAtMost(stderr.trim().split("\n").length, 2, stderr)
      assert.notMatch(stderr, / at .*:\d+|postgres:\/\/|SqlError|Expected: Expected/)
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("takes no line of a file that no database could hold", () =>
    Effect.gen(function* () {
      const run = "01920000-0000-7000-8000-000000000000"
      const file = yield* csv(`entra_group_sync_runs,a\0b,${run}`)
      const { code, stderr } = yield* atlas("legacy", "map", "--file", file)
      assert.strictEqual(code, 1)
      assert.include(stderr, "Line 2: it contains characters that no id has.")
    })
  )
})
