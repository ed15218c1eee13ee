import { execFile, spawn } from "node:child_process"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { freePort, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const root = fileURLToPath(new URL("../..", import.meta.url))
const run = promisify(execFile)
const require = createRequire(import.meta.url)

const embedding = await readFile(join(root, "docs/embedding.md"), "utf8")

/** An empty project outside the workspace, with the packed packages installed as docs/embedding.md says. */
class Project extends Context.Service<Project, { readonly folder: string; readonly tarballs: ReadonlyArray<string> }>()(
  "@atlas/test/packages/Project"
) {
  static readonly layer = Layer.effect(
    Project,
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-project-"))),
        (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
      )
      return yield* Effect.promise(async () => {
        await run("npx", ["-y", "pnpm@12", "exec", ".ci/packages", join(folder, "tarballs")], { cwd: root })
        const tarballs = await readdir(join(folder, "tarballs"))
        await writeFile(join(folder, "package.json"), JSON.stringify({ name: "host", private: true, type: "module" }))
        const [, wanted = ""] = /^npm install \S+atlas-operations-\S+ (.*)$/m.exec(embedding) ?? []
        const install = ["install", "--no-audit", "--no-fund", ...tarballs.map((name) => `./tarballs/${name}`)]
        const types = ["typescript@7.0.2", "@types/node@24", "@types/express@5"]
        await run("npm", [...install, ...wanted.split(" "), ...types], { cwd: folder })
        const [, code = ""] = /<!-- examples\/express\/server.ts -->\n```ts\n(.*?)```/s.exec(embedding) ?? []
        await writeFile(join(folder, "server.ts"), code)
        return { folder, tarballs }
      })
    })
  )
}

/** The page's commands against its server: what they ask, and what the answer is said to be. */
const commands = [
  ...embedding.matchAll(/^curl -s( -X POST)? localhost:3000(\S+) -H 'x-user: (\w+)' +# (\d+): (.*)$/gm)
].map(([, post, path = "", user = "", status, said = ""]) => ({
  method: post === undefined ? "GET" : "POST",
  path,
  user,
  status: Number(status),
  shown: said.match(/"\w+":"\w+"/g) ?? []
}))
assert.lengthOf(commands, embedding.match(/^curl /gm)?.length ?? 0)
assert.isNotEmpty(commands)

/** A Node of the given release: its own program. */
const node = (release: "22" | "24") =>
  release === "24" ? process.execPath : join(dirname(require.resolve("node-22/package.json")), "bin", "node")

/** Every declaration that one leads to inside its package, and what they import from elsewhere. */
const importsOf = async (declaration: string): Promise<ReadonlySet<string>> => {
  const seen = new Set<string>()
  const outside = new Set<string>()
  const follow = async (file: string): Promise<void> => {
    if (seen.has(file)) return
    seen.add(file)
    const text = await readFile(file, "utf8")
    const names = [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, name = ""]) => name)
    for (const name of names) {
      if (name.startsWith(".")) await follow(join(dirname(file), name.replace(/\.[jt]s$/, ".d.ts")))
      else outside.add(name)
    }
  }
  await follow(declaration)
  return outside
}

layer(Layer.merge(Project.layer, TestDatabase.layer), { excludeTestServices: true, timeout: "5 minutes" })(
  "The packed packages, in an empty project",
  (it) => {
    it.effect.each(["22", "24"] as const)("run the server of docs/embedding.md with Node %s", (release) =>
      Effect.gen(function* () {
        const { folder } = yield* Project
        const sql = yield* SqlClient.SqlClient
        yield* sql`DROP SCHEMA public CASCADE`
        yield* sql`CREATE SCHEMA public`
        const port = yield* freePort
        const databaseUrl = Redacted.value(yield* TestDatabase.url)
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(node(release), ["server.ts"], {
              cwd: folder,
              env: { DATABASE_URL: databaseUrl, PORT: String(port) },
              stdio: ["ignore", "ignore", "inherit"]
            })
          ),
          (running) => Effect.sync(() => running.kill("SIGKILL"))
        )
        yield* Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/`)).pipe(
          Effect.retry(Schedule.spaced("50 millis")),
          Effect.timeout("60 seconds")
        )
        let id = ""
        for (const { method, path, user, status, shown } of commands) {
          const ask = Effect.promise(async () => {
            const url = `http://127.0.0.1:${port}${path.replace("<id>", id)}`
            const response = await fetch(url, { method, headers: { "x-user": user } })
            return { status: response.status, text: await response.text() }
          })
          const isAsShown = (text: string) => shown.every((part) => text.includes(part))
          const answer = yield* ask.pipe(
            Effect.repeat({ until: ({ text }) => isAsShown(text), schedule: Schedule.spaced("50 millis") }),
            Effect.timeout("60 seconds")
          )
          assert.strictEqual(answer.status, status, `${method} ${path} as ${user}`)
          if (method === "POST" && status === 202) id = JSON.parse(answer.text).run.id
        }
        assert.isNull(child.exitCode)
      })
    )

    it.effect("have types that a strict compiler accepts", () =>
      Effect.gen(function* () {
        const { folder } = yield* Project
        const flags = [
          "--noEmit",
          "--strict",
          "--exactOptionalPropertyTypes",
          "--module",
          "nodenext",
          "--target",
          "es2024"
        ]
        const checked = yield* Effect.promise(() =>
          run("npx", ["tsc", ...flags, "--allowImportingTsExtensions", "--skipLibCheck", "server.ts"], {
            cwd: folder
          }).catch((error: { readonly stdout: string }) => error)
        )
        assert.strictEqual(checked.stdout, "")
      })
    )

    it.effect("can each be imported, by every name that they export", () =>
      Effect.gen(function* () {
        const { folder, tarballs } = yield* Project
        for (const tarball of tarballs) {
          const name = `@atlas/${tarball.replace(/^atlas-(.+)-\d.*$/, "$1")}`
          const { exports } = JSON.parse(
            yield* Effect.promise(() => readFile(join(folder, "node_modules", name, "package.json"), "utf8"))
          ) as { readonly exports: Readonly<Record<string, unknown>> }
          const imports = Object.keys(exports).map((path) => `await import("${join(name, path)}")`)
          yield* Effect.promise(() =>
            run(node("22"), ["--input-type=module", "-e", imports.join("\n")], { cwd: folder })
          )
        }
      })
    )

    it.effect.each(["22", "24"] as const)("serve the fake Graph by its command, with Node %s", (release) =>
      Effect.gen(function* () {
        const { folder } = yield* Project
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(join(folder, "node_modules/.bin/fake-graph"), ["--port", "0", "--groups", "3"], {
              env: { PATH: dirname(node(release)) },
              stdio: ["ignore", "pipe", "inherit"]
            })
          ),
          (running) => Effect.sync(() => running.kill("SIGKILL"))
        )
        let output = ""
        child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
        const [, origin = ""] = yield* Effect.suspend(() => Effect.fromNullishOr(/listens on (\S+)/.exec(output))).pipe(
          Effect.retry(Schedule.spaced("50 millis")),
          Effect.timeout("60 seconds")
        )
        const answer = yield* Effect.promise(() => fetch(`${origin}/v1.0/groups`))
        assert.strictEqual(answer.status, 401)
      })
    )

    it.effect("show those outside Effect no type of it", () =>
      Effect.gen(function* () {
        const { folder } = yield* Project
        const dist = join(folder, "node_modules/@atlas/operations/dist")
        const outside = yield* Effect.promise(() => importsOf(join(dist, "promise/index.d.ts")))
        assert.deepStrictEqual([...outside], ["@standard-schema/spec"])
        // The same question of the whole package has the other answer, or it would ask nothing.
        assert.isTrue((yield* Effect.promise(() => importsOf(join(dist, "index.d.ts")))).has("effect"))
      })
    )
  }
)
