import { execFile, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundle, freePort, startServer, TestDatabase } from "@atlas/test"
import { assert, it, layer } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"

const root = fileURLToPath(new URL("..", import.meta.url))
const text = readFileSync(join(root, "docs/intune-walkthrough.md"), "utf8")

const environment = { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` }

/** The commands that the document has its reader run, each with what it says they print. */
const steps = [...text.matchAll(/<!-- run -->\n```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?/gs)].map(
  ([, commands = "", printed = ""]) => ({ commands, printed })
)
const [, port = "", flags = ""] = /pnpm@12 fake-graph --port (\d+) (.+)/.exec(text) ?? []
const [, setting = "", url = ""] = /^(ATLAS_\w+)=(\S+) npx -y pnpm@12 start$/m.exec(text) ?? []

/** The fake Graph with the flags that the document gives it. */
const startFake = Effect.gen(function* () {
  const free = yield* freePort
  const program = yield* bundle("packages/fake-graph/src/main.ts")
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [program, "--port", String(free), ...flags.split(" ")], { stdio: "ignore" })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const origin = `http://127.0.0.1:${free}`
  yield* Effect.tryPromise(() => fetch(origin)).pipe(
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("60 seconds"),
    Effect.orDie
  )
  return origin
})

/** Runs commands in one shell, and yields what each step printed. */
const inOneShell = (commands: ReadonlyArray<string>, settings: Readonly<Record<string, string>>) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const end = "=== end of a step"
    const script = commands.map((each) => `${each}\necho '${end}'\n`).join("")
    const child = execFile(
      "bash",
      ["--norc", "-euo", "pipefail", "-c", script],
      { env: { ...environment, ...settings } },
      (error, stdout, stderr) =>
        resume(
          error === null
            ? Effect.succeed(stdout.split(`${end}\n`).slice(0, -1))
            : Effect.die(new Error(`${stderr}\n${stdout}`))
        )
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

it.each(["docs/intune.md", "docs/operating.md"])("%s shows commands that the walk-through runs", (document) => {
  const shown = readFileSync(join(root, document), "utf8").match(/^npx -y pnpm@12 atlas backup .+$/gm) ?? []
  assert.isNotEmpty(shown)
  for (const command of shown)
    assert.isTrue(
      steps.some(({ commands }) => commands.includes(`${command} |`)),
      command
    )
})

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "180 seconds" })("docs/intune-walkthrough.md", (it) => {
  it.effect("breaks a policy, sees the drift and brings it back, as its commands say", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([setting, url], ["ATLAS_FAKE_GRAPH_URL", `http://127.0.0.1:${port}`])
      assert.isAbove(steps.length, 5)
      const fake = yield* startFake
      // As a checkout has them: the command line finds the server's database and its secret.
      const settings = {
        DATABASE_URL: Redacted.value(yield* TestDatabase.url),
        ATLAS_DATA_DIR: join(tmpdir(), `atlas-walkthrough-${process.pid}`)
      }
      const server = yield* startServer({ ...settings, [setting]: fake })
      const commandLine = `node ${yield* bundle("apps/server/src/cli/atlas.ts")}`
      const commands = steps.map((step) =>
        step.commands
          .replaceAll(url, fake)
          .replaceAll("http://127.0.0.1:3000", server.origin)
          .replaceAll("npx -y pnpm@12 atlas", commandLine)
      )
      const printed = yield* inOneShell(commands, settings)
      assert.deepStrictEqual(
        printed,
        steps.map((step) => step.printed)
      )
    }).pipe(Effect.scoped)
  )
})
