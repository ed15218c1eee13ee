import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { parseSync } from "oxc-parser"
import { memberTest, topNames } from "./src/declarations.ts"

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

/** A document without its blocks of code. */
const proseOf = (path: string) => read(path).replaceAll(/^```[^]*?^```/gm, "")

/** Comments, by the file that they are in, and documents. */
const texts: Array<readonly [string, string]> = tracked
  .filter((path) => path.endsWith(".md") && !path.endsWith("CHANGELOG.md"))
  .map((path) => [path, proseOf(path)])
const codeOf = new Map(
  tracked
    .filter((path) => /\.(tsx?|js|json)$/.test(path) && !path.includes("/results/"))
    .map((path) => {
      const keep = (comment: string) => {
        texts.push([path, comment])
        return ""
      }
      return [path, read(path).replace(blockComments, keep).replace(lineComments, keep)] as const
    })
)
const found = (pattern: RegExp) =>
  texts.flatMap(([path, text]) => matches(text, pattern).map((name) => [path, name] as const))
const listed = (names: ReadonlyArray<readonly [string, string]>) => names.map(([path, name]) => `${path}: ${name}`)

const modules = new Map([...codeOf].filter(([path]) => /\.tsx?$/.test(path)))
const hasMember = memberTest(modules)

/** Files and folders from the top. */
const files = new Set(
  tracked.flatMap((path) => path.split("/").map((_, end, names) => names.slice(0, end + 1).join("/")))
)
/** Every shorter way of saying where they are as well: `ledger/transition.ts`, `transition.ts`. */
const places = new Set(
  [...files].flatMap((path) => path.split("/").map((_, start, names) => names.slice(start).join("/")))
)
const isPlace = (path: string) => {
  const pattern = new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`)
  return places.has(path) || (path.includes("*") && [...places].some((place) => pattern.test(place)))
}

/** The headings of a document as addresses, as GitHub makes them. */
const anchorsOf = (path: string) =>
  matches(proseOf(path), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "")
      .replaceAll(" ", "-")
  )

describe("comments and documents", () => {
  it("name what exists", () => {
    const code = [...codeOf.values()].join("\n")
    const known = new Set(code.match(/[A-Za-z_$][\w$]*/g))
    const isWritten = (name: string) =>
      new RegExp(String.raw`(?<![\w$])${name.replaceAll(".", "\\.")}(?![\w$])`).test(code)
    const exists = (name: string) => {
      const [owner = "", member, ...more] = name.split(".")
      if (member === undefined) return known.has(owner)
      return (more.length === 0 && hasMember(owner, member)) || isWritten(name) || isPlace(name)
    }
    // What has the form of a name in code, with or without members and a call.
    const names = found(/`((?:[A-Z][a-z]\w*|[a-z]+[A-Z]\w*)(?:\.\w+)*)(?:\([^`\n]*\))?`/g)
    assert.deepStrictEqual(listed(names.filter(([, name]) => !foreign.has(name) && !exists(name))), [])
  })

  it("name files and folders that exist", () => {
    // Preceded by what is no part of an address in the web, of a package's name or of a link.
    const start = String.raw`(?<![\w/.@:$*-]|\]\([^)]*)`
    const named = [
      new RegExp(String.raw`${start}((?:[\w.*-]+/)*[\w.*-]+\.(?:tsx?|md|jsonc|yaml))\b`, "g"),
      new RegExp(
        String.raw`${start}((?:packages|apps|docs|test|bench|examples|\.ci|\.oxlint|[\w-]+/src)/[\w.*/-]*\w)`,
        "g"
      ),
      /`([\w.-]+)\/`/g
    ].flatMap(found)
    assert.isAtLeast(named.length, 150)
    assert.deepStrictEqual(listed(named.filter(([, name]) => !isPlace(name) && !installed.test(name))), [])
  })

  it("link to files and headings that exist", () => {
    const dead = tracked
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) =>
        matches(proseOf(path), /\]\((?!https?:)([^)]*)\)/g)
          .filter((link) => {
            const [file, anchor] = link.split("#")
            const target = file ? join(dirname(path), file) : path
            return !files.has(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
          })
          .map((link) => `${path}: ${link}`)
      )
    assert.deepStrictEqual(dead, [])
  })

  // TypeDoc follows the links of what packages export, and no others.
  it("link to names that their module knows", () => {
    const links = found(/\{@link(?:code|plain)? (?!https?:)([\w$.#~]+)/g).filter(([path]) => modules.has(path))
    const isKnown = (path: string, link: string) => {
      const [name = "", member] = link.split(/[.#~]/)
      return topNames(path, read(path)).has(name) && (member === undefined || hasMember(name, member))
    }
    assert.deepStrictEqual(listed(links.filter(([path, link]) => !isKnown(path, link))), [])
  })
})

/** Names of HTTP headers, of Microsoft's own settings and of files that people have. */
const foreign = new Set(["Location", "Referer", "requestedAccessTokenVersion", "deviceManagement.x.json"])

/** What is there after an installation or a build. */
const installed = /^node_modules\//
