import { spawn } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundle } from "@atlas/test"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"

/** The command as a process; it is killed when the scope closes. */
const command = Effect.fnUntraced(function* (flags: ReadonlyArray<string>) {
  const program = yield* bundle("packages/fake-graph/src/main.ts")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [program, ...flags])),
    (running) => Effect.sync(() => running.kill("SIGKILL"))
  )
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const ended = Effect.callback<number | null>((resume) => {
    child.once("close", (code) => resume(Effect.succeed(code)))
  })
  return { child, ended, output: () => output }
})

const file = (content: unknown) => {
  const path = join(mkdtempSync(join(tmpdir(), "fake-graph-")), "faults.json")
  writeFileSync(path, JSON.stringify(content))
  return path
}

const complaints: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
  [["--tenants", "0"], /^Invalid value for flag --tenants: .* between 1 and 5000\. Try --help\.$/],
  [["--throttle", "X"], /^Invalid value for flag --throttle: "X"\. Expected: "S" \| "M" \| "L"\. Try --help\.$/],
  [
    ["--permissions", "Policy.Read.All,Policy.Read.Nothing"],
    /^Invalid value for flag --permissions: .*Expected: names of Graph's permissions, and not Policy\.Read\.Nothing\. Try --help\.$/
  ],
  [["--nope", "1"], /^Unrecognized flag: --nope in command fake-graph\. Try --help\.$/],
  [["--data", "/nowhere"], /^The data folder \/nowhere: It cannot be read: give the path of a folder\.$/],
  [["--faults", "/nowhere.json"], /^The fault file \/nowhere\.json cannot be read \(NotFound\)\.$/],
  [
    ["--faults", file([{ fault: { kind: "status", status: 7 }, nth: 0 }])],
    /^The fault file .*: \[0\]\.fault\.status: .* 200 and 599\.\nThe fault file .*: \[0\]\.nth: .*\.$/
  ]
]

describe("fake-graph", () => {
  it.live.each(complaints)("answers %j with a sentence for each problem", ([flags, expected]) =>
    Effect.gen(function* () {
      const { ended, output } = yield* command(["--port", "0", ...flags])
      assert.strictEqual(yield* ended, 1)
      assert.match(output().trim(), expected)
    }).pipe(Effect.scoped)
  )

  it.live.each(["SIGINT", "SIGTERM"] as const)(
    "says where it is and who may ask, injects its faults, and ends on %s",
    (signal) =>
      Effect.gen(function* () {
        const faults = file([{ fault: { kind: "aad", number: 7000222 }, path: "/11111111" }])
        const { child, ended, output } = yield* command([
          "--port",
          "0",
          "--groups",
          "3",
          "--tenants",
          "2",
          "--faults",
          faults
        ])
        const announced = /listens on (\S+)\n.*\ntenant \S+ .*\ntenant (\S+) · client (\S+) · secret (\S+)\n/
        const [, origin = "", tenant = "", client = "", secret = ""] = yield* Effect.suspend(() =>
          Effect.fromNullishOr(announced.exec(output()))
        ).pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 3_000 }))
        const logIn = Effect.promise(() =>
          fetch(`${origin}/${tenant}/oauth2/v2.0/token`, {
            method: "POST",
            body: new URLSearchParams({
              grant_type: "client_credentials",
              client_id: client,
              client_secret: secret,
              scope: `${origin}/.default`
            })
          }).then((response) => response.json())
        )
        assert.deepInclude(yield* logIn, { error_codes: [7000222] })
        assert.deepInclude(yield* logIn, { token_type: "Bearer" })
        child.kill(signal)
        assert.oneOf(yield* ended, [0, 130, 143])
      }).pipe(Effect.scoped)
  )
})
