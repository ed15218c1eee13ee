import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, Redacted } from "effect"
import { bundle } from "./Bundle.ts"
import { TestDatabase } from "./TestDatabase.ts"

const environment = { PATH: process.env["PATH"] }
const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs `atlas` with these arguments on the test's database. */
export const atlas = (...args: ReadonlyArray<string>) => atlasWith({}, ...args)

/** The same, with settings as a server has them. */
export const atlasWith = Effect.fnUntraced(function* (
  settings: Readonly<Record<string, string>>,
  ...args: ReadonlyArray<string>
) {
  const url = Redacted.value(yield* TestDatabase.url)
  const program = yield* bundle("apps/server/src/cli/atlas.ts")
  return yield* Effect.callback<{ readonly code: number; readonly stdout: string; readonly stderr: string }>(
    (resume) => {
      execFile(
        process.execPath,
        [program, ...args],
        { cwd: root, env: { ...environment, DATABASE_URL: url, ...settings } },
        (error, stdout, stderr) =>
          resume(Effect.succeed({ code: error === null ? 0 : Number(error.code), stdout, stderr }))
      )
    }
  )
})
