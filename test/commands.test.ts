import { execFile, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { freePort } from "@atlas/test"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"

// The other tests start these programs as bundles. Here they are started as people start them.
const root = fileURLToPath(new URL("..", import.meta.url))
const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>
}
const path = process.env["PATH"]
const argumentsOf = (script: string) => scripts[script]?.split(" ").slice(1) ?? []

describe("the workspace's commands", () => {
  it.live.each(["atlas", "fake-graph"])("pnpm %s says how it is used", (script) =>
    Effect.gen(function* () {
      const { stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, [...argumentsOf(script), "--help"], { cwd: root })
      )
      assert.include(stdout, script)
    })
  )

  it.live("pnpm start answers", () =>
    Effect.gen(function* () {
      const [port, closed] = [yield* freePort, yield* freePort]
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, argumentsOf("start"), {
            cwd: root,
            env: {
              PATH: path,
              PORT: String(port),
              ATLAS_DATA_DIR: join(tmpdir(), `atlas-start-${process.pid}`),
              DATABASE_URL: `postgres://nobody@127.0.0.1:${closed}/atlas`
            },
            stdio: "ignore"
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      const alive = Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/healthz`))
      assert.strictEqual((yield* Effect.retry(alive, Schedule.spaced("50 millis"))).status, 200)
    }).pipe(Effect.scoped)
  )
})
