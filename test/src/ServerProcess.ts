import { type ChildProcess, spawn } from "node:child_process"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Redacted, Schedule, type Scope } from "effect"
import { bundle } from "./Bundle.ts"
import { TestDatabase } from "./TestDatabase.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

const environment = { PATH: process.env["PATH"] }

/** A port nobody listens on at this moment. */
export const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** A reference server that runs as a process of its own. */
export interface ServerProcess {
  readonly origin: string
  readonly process: ChildProcess
  /** What it printed so far. */
  readonly output: () => string
}

const ended = (child: ChildProcess) =>
  Effect.callback<number | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.succeed(child.exitCode))
    child.once("exit", (code) => resume(Effect.succeed(code)))
  })

const stop = (child: ChildProcess) =>
  Effect.sync(() => child.kill("SIGTERM")).pipe(
    Effect.andThen(ended(child)),
    Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.sync(() => child.kill("SIGKILL")) })
  )

/**
 * Runs the server with the given settings until it ends or the scope closes; nothing of this process's own settings
 * reaches it.
 */
export const spawnServer = Effect.fnUntraced(function* (settings: Readonly<Record<string, string>>) {
  const output: Array<string> = []
  const program = yield* bundle("apps/server/src/main.ts")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [program], {
        cwd: root,
        env: { ...environment, ...settings },
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    stop
  )
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk.toString()))
  return { child, output: () => output.join(""), ended: ended(child) }
})

/** Kills a server as a crash would, and waits until it is gone. */
export const kill = ({ process: child }: ServerProcess): Effect.Effect<void> =>
  Effect.suspend(() => (child.kill("SIGKILL"), Effect.asVoid(ended(child))))

/**
 * Starts the server and waits until it is ready.
 *
 * @param settings besides PORT and a data folder of its own; without DATABASE_URL it brings its own Postgres
 */
export const launchServer = Effect.fnUntraced(function* (
  settings: Readonly<Record<string, string>>
): Effect.fn.Return<ServerProcess, never, Scope.Scope> {
  const port = yield* freePort
  const { child, output } = yield* spawnServer({
    PORT: String(port),
    ATLAS_DATA_DIR: join(tmpdir(), `atlas-server-${process.pid}`),
    ...settings
  })
  const origin = `http://127.0.0.1:${port}`
  yield* Effect.tryPromise(async () => {
    if (child.exitCode !== null) return
    if ((await fetch(`${origin}/readyz`)).status !== 200) throw new Error("not ready")
  }).pipe(
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("90 seconds"),
    Effect.mapError(() => new Error(`The server did not become ready:\n${output()}`)),
    Effect.orDie
  )
  if (child.exitCode !== null) return yield* Effect.die(new Error(`The server ended:\n${output()}`))
  return { origin, process: child, output }
})

/**
 * Starts the server on the test's database and waits until it is ready.
 *
 * @param settings as for `launchServer`
 */
export const startServer = Effect.fnUntraced(function* (
  settings: Readonly<Record<string, string>> = {}
): Effect.fn.Return<ServerProcess, never, Scope.Scope | TestDatabase> {
  return yield* launchServer({ DATABASE_URL: Redacted.value(yield* TestDatabase.url), ...settings })
})
