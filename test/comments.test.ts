import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { parseSync } from "oxc-parser"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8"
})
  .split("\n")
  .filter((path) => path !== "")
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, match = ""]) => match)

const sources = tracked.filter((path) => /^(packages|apps)\/[^/]+\/src\/.*\.tsx?$/.test(path))
const blockComments = /\/\*\*[^]*?\*\//g
const lineComments = /^\s*\/\/.*$/gm

/** The modules that a package shows: each entry, and what the entry exports from beside it. */
const publicModules = readdirSync(join(root, "packages")).flatMap((name) => {
  const entries: Record<string, string> = JSON.parse(read(`packages/${name}/package.json`)).exports
  return Object.values(entries).flatMap((entry) => {
    const file = join("packages", name, entry)
    const from = parseSync(file, read(file)).module.staticExports.flatMap(({ entries: exported }) =>
      exported.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])
    )
    const own = from.filter((path) => path.startsWith(".")).map((path) => join(dirname(file), path))
    return [file, ...own]
  })
})

/** Lines without their indentation and without the stars of a comment: what is compared of code. */
const linesOf = (code: string) =>
  code
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trim())
    .filter((line) => line !== "")
    .join("\n")

describe("doc comments", () => {
  it.each([...new Set(publicModules)])("%s opens with what the module is", (file) => {
    const [, opening = ""] = /^\/\*\*([^]*?)@module\s*\*\//.exec(read(file)) ?? []
    assert.isAtLeast(linesOf(opening).length, 40, "a paragraph before the imports, ending in @module")
  })

  it("show examples that a test runs", () => {
    const run = tracked.filter((path) => /^examples\/.*\.ts$/.test(path)).map((path) => linesOf(read(path)))
    const shown = sources.flatMap((path) => {
      const comments =
        read(path)
          .match(blockComments)
          ?.filter((comment) => comment.includes("@example")) ?? []
      return comments.flatMap((comment) => {
        const code = matches(comment, /@example\s+\* ```ts\n([^]*?)\* ```/g)
        assert.lengthOf(code, matches(comment, /(@example)/g).length, `${path} has an example that is no block of ts`)
        return code.map((block) => [path, linesOf(block)] as const)
      })
    })
    assert.isAtLeast(shown.length, 20)
    for (const [path, code] of shown) {
      assert.isTrue(
        run.some((text) => text.includes(code)),
        `No example that a test runs has these lines, which ${path} shows:\n${code}`
      )
    }
  })
})

describe("comments and documents", () => {
  it("name what exists", () => {
    const comments: Array<readonly [string, string]> = []
    const known = new Set<string>()
    for (const path of tracked.filter((file) => /\.(tsx?|js|json)$/.test(file) && !file.includes("/results/"))) {
      const keep = (comment: string) => {
        comments.push([path, comment])
        return ""
      }
      const code = read(path).replace(blockComments, keep).replace(lineComments, keep)
      for (const [name] of code.matchAll(/[A-Za-z_$][\w$]*/g)) known.add(name)
    }
    for (const path of tracked.filter((file) => file.endsWith(".md") && !file.endsWith("CHANGELOG.md"))) {
      comments.push([path, read(path).replaceAll(/^```[^]*?^```/gm, "")])
    }
    // What has the form of a name in code, with or without members and a call.
    const names = /`((?:[A-Z][a-z]\w*|[a-z]+[A-Z]\w*)(?:\.\w+)*)(?:\([^`\n]*\))?`/g
    const unknown = comments.flatMap(([path, text]) =>
      matches(text, names)
        .filter((name) => !foreign.has(name) && !name.split(".").every((part) => known.has(part)))
        .map((name) => `${path}: ${name}`)
    )
    assert.deepStrictEqual(unknown, [])
  })
})

/** Names of HTTP headers and of Microsoft's own settings. */
const foreign = new Set(["Location", "Referer", "requestedAccessTokenVersion"])
