import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { DirectoryGroups, GroupsSync } from "@atlas/directory"
import { Fault, parseFaultRules } from "@atlas/fake-graph"
import { DriftCompare, Intune, IntuneApi } from "@atlas/intune"
import { type Graph, Operation, OperationsApi, runEventKinds, RunOutcome, Runs, RunStatus } from "@atlas/operations"
import { call, completed, startServer, TestDatabase } from "@atlas/test"
import { assert, describe, expectTypeOf, it, layer } from "@effect/vitest"
import { Effect, type Layer, Result } from "effect"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "")

const readme = read("README.md")
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs")).map((name) => join("docs", name)),
  ...readdirSync(join(root, "packages")).map((name) => join("packages", name, "README.md"))
].filter((path) => path.endsWith(".md") && existsSync(join(root, path)))

// Every document with code shows it from files that are compiled and run.
const shownDocuments = documents.filter((path) => /^```ts$/m.test(read(path)))

/** What stands between two headings of the README. */
const section = (heading: string) => {
  const [, after] = readme.split(`\n## ${heading}\n`)
  assert.isDefined(after, `The README has a section “${heading}”`)
  return after!.split("\n## ")[0]!
}

/** The first column of the tables in a text, as far as it is code. */
const firstColumn = (text: string) => matches(text, /^\| (`[^|]+) \|/gm).flatMap((cell) => matches(cell, /`([^`]+)`/g))

/** The region of an example, without its indentation. */
const regionOf = (path: string, name: string) => {
  const [, indent = "", body] =
    new RegExp(`^( *)// #region ${name}\\n(.*?)^ *// #endregion`, "ms").exec(read(path)) ?? []
  assert.isDefined(body, `${path} has a region “${name}”`)
  return body!.replaceAll(new RegExp(`^${indent}`, "gm"), "")
}

const fakeGraphFlags = matches(read("packages/fake-graph/src/main.ts"), /Flag\.\w+\("(\w+)"/g)

describe("docs/operating.md", () => {
  it("lists exactly the commands, with what they say of themselves", () => {
    const commands = readdirSync(join(root, "apps/server/src/cli")).map((name) => read(`apps/server/src/cli/${name}`))
    const described = commands.flatMap((source) => matches(source, /^\)\.pipe\(Command\.withDescription\("([^"]+)"/gm))
    const listed = [...read("docs/operating.md").matchAll(/^\| `atlas [^`]+` \| (.+) \|$/gm)].map(([, text]) => text)
    assert.isNotEmpty(described)
    assert.sameMembers(listed, described)
  })
})

describe("docs/settings.md", () => {
  it("lists exactly the server's settings", () => {
    const text = read("docs/settings.md")
    // What the machine's platform sets is read where it is used.
    const source = ["Settings", "MachineIdentity"].map((name) => read(`apps/server/src/${name}.ts`)).join("")
    const known = new Set(matches(source, /"((?:[A-Z]+_)+[A-Z]+|HOST|PORT)"/g))
    assert.include(text, "`NODE_ENV=production`")
    known.delete("NODE_ENV")
    const listed = firstColumn(text).filter((name) => /^[A-Z]/.test(name))
    assert.sameMembers(listed, [...known])
  })
})

describe("the README", () => {
  it("lists exactly the packages", () => {
    const names = readdirSync(join(root, "packages")).map(
      (name) => JSON.parse(read(`packages/${name}/package.json`)).name
    )
    assert.sameMembers(firstColumn(section("Packages")), names)
  })

  it("is short", () => {
    // Code and tables included: what takes longer belongs in docs.
    assert.isBelow(readme.split(/\s+/).length, 1_000)
  })
})

describe("docs/embedding.md", () => {
  it("names what each server needs to be installed", () => {
    const rows = [...read("docs/embedding.md").matchAll(/^\| \[\w+\]\(\.\.\/(\S+)\).* \| (.+) \|$/gm)]
    assert.lengthOf(rows, 3)
    for (const [, path = "", install = ""] of rows) {
      const imported = matches(read(path), / from "((?:@[\w-]+\/)?[\w-]+)(?:\/[^"]*)?"/g)
      const listed = matches(install, /`([^`]+?)(?:@\d+)?`/g)
      // The entry's own driver, which a host in Effect chooses; npm adds it for others.
      const driver = read(path).includes('"@atlas/operations/pg"') ? ["@effect/sql-pg"] : []
      const others = imported.filter((name) => !name.startsWith("@atlas/"))
      assert.sameMembers(listed, [...new Set([...others, ...driver])], path)
    }
  })
})

describe("docs/http-api.md", () => {
  it("lists exactly the calls of the API", () => {
    const calls = Object.values(OperationsApi.Api.groups.operations.endpoints).map(
      ({ method, path }) => `${method} ${path.replace("/api/v1", "")}`
    )
    assert.sameMembers(firstColumn(read("docs/http-api.md")), calls)
  })
})

describe("docs/intune.md", () => {
  const listed = firstColumn(read("docs/intune.md"))

  it("lists exactly the calls of its API", () => {
    const calls = Object.values(IntuneApi.groups.intune.endpoints).map(
      ({ method, path }) => `${method} ${path.replace("/api/v1", "")}`
    )
    assert.sameMembers(
      listed.filter((name) => /^[A-Z]+ \//.test(name)),
      calls
    )
  })

  it("names what people start, and each state that can be compared", () => {
    assert.sameMembers(
      DriftCompare.PolicyState.members.map(({ fields }) => fields.kind.literal),
      matches(read("docs/intune.md"), /^\| .*\| `\{ "kind": "(\w+)"/gm)
    )
    const started = Intune.operations.filter(
      ({ name, startedBy }) => startedBy === "members" && !name.startsWith("restore")
    )
    assert.includeMembers(
      listed,
      started.map(({ name }) => name)
    )
  })
})

describe("docs/testing.md", () => {
  it("uses only flags that the fake Graph has", () => {
    const used = matches(read("docs/testing.md"), /fake-graph(.*)/g).flatMap((line) => matches(line, /--(\w+)/g))
    assert.isNotEmpty(used)
    assert.includeMembers(fakeGraphFlags, used)
  })
})

describe("every document", () => {
  it.each(shownDocuments)("%s shows the examples as they are", (document) => {
    const text = read(document)
    const shown = [...text.matchAll(/<!-- ([^\s#]+)(?:#(\S+))? -->\n```ts\n(.*?)```/gs)]
    assert.isNotEmpty(shown)
    assert.lengthOf(shown, matches(text, /^(```ts)$/gm).length)
    for (const [, path = "", name, code] of shown) {
      assert.strictEqual(code, name === undefined ? read(path) : regionOf(path, name))
    }
  })

  it.each(documents)("%s names scripts that exist", (path) => {
    const scripts = Object.keys(JSON.parse(read("package.json")).scripts)
    assert.includeMembers(["exec", "install", ...scripts], matches(read(path), /pnpm(?:@12)? ([a-z][\w:-]*)/g))
  })
})

describe("docs/README.md", () => {
  it("lists every document", () => {
    const names = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md") && name !== "README.md")
    assert.includeMembers(matches(read("docs/README.md"), /\]\(([\w-]+\.md)/g), names)
  })
})

describe("docs/run-lifecycle.md", () => {
  it("names every status, outcome and event", () => {
    const text = read("docs/run-lifecycle.md")
    for (const name of [...RunStatus.literals, ...RunOutcome.literals, ...runEventKinds]) {
      assert.include(text, `\`${name}\``)
    }
  })
})

describe("docs/operations.md", () => {
  it("lists every field of a definition with its default", () => {
    const type = Operation.make({
      name: "minimal.type",
      label: "",
      description: "",
      category: "",
      input: Operation.NoInput,
      capabilities: { start: "tenant.minimal.start", view: "tenant.minimal.view" },
      identity: { rule: "while_active" }
    })
    const required = ["name", "label", "description", "category", "input", "capabilities", "identity"]
    const { retry, toLayer: _, ...rest } = type
    const fields: Readonly<Record<string, unknown>> = {
      ...rest,
      ...Object.fromEntries(Object.entries(retry).map(([key, value]) => [`retry.${key}`, value]))
    }
    const expected = Object.entries(fields).map(([field, value]) => [
      field,
      required.includes(field)
        ? "required"
        : Array.isArray(value) || typeof value === "function"
          ? "none"
          : `${value as string | number | boolean}`
    ])
    const [table = ""] = read("docs/operations.md").split("## Identity")
    const listed = [...table.matchAll(/^\| `([\w.]+)` \| `?([^|`]+)`? \|/gm)].map(([, field, value]) => [field, value])
    assert.sameDeepMembers(listed, expected)
  })
})

describe("docs/fake-graph.md", () => {
  const text = read("docs/fake-graph.md")

  it("lists every flag of the command", () => {
    assert.sameMembers(matches(text, /^\| `--(\w+)` \|/gm), fakeGraphFlags)
  })

  it("lists every fault", () => {
    for (const name of Object.keys(Fault).filter((name) => name !== "hostileLinks")) {
      assert.match(text, new RegExp(`^\\|.*\`${name}[(\`].*\\|$`, "m"))
    }
  })

  it("shows a file of faults that can be read", () => {
    const [file = ""] = matches(text, /```json\n(.*?)```/gs)
    assert.lengthOf(Result.getOrThrow(parseFaultRules(file)), 3)
  })
})

describe("docs/architecture.md", () => {
  it("is right that showing needs no Graph", () => {
    const worker = GroupsSync.handler
    expectTypeOf<Extract<Graph, Layer.Services<typeof worker>>>().toEqualTypeOf<Graph>()
    expectTypeOf<Extract<Graph, Layer.Services<typeof Runs.layer>>>().toEqualTypeOf<never>()
    expectTypeOf<Extract<Graph, Layer.Services<typeof DirectoryGroups.layer>>>().toEqualTypeOf<never>()
  })
})

/** Whether an answer holds everything that a shortened one shows; "…" stands for any text. */
const assertShows = (shown: unknown, actual: unknown, path: string): void => {
  if (typeof shown === "string") {
    const [start = "", end = ""] = shown.split("…")
    assert.isTrue(
      String(actual).startsWith(start) && String(actual).endsWith(end),
      `${path}: ${shown}, not ${String(actual)}`
    )
    if (!shown.includes("…")) assert.strictEqual(actual, shown, path)
  } else if (typeof shown === "object" && shown !== null) {
    for (const [key, value] of Object.entries(shown)) {
      assertShows(value, (actual as Readonly<Record<string, unknown>>)[key], `${path}.${key}`)
    }
  } else {
    assert.strictEqual(actual, shown, path)
  }
}

/** The README's curl command, taken apart. */
const command = () => {
  const [text = ""] = matches(readme, /```sh\n(curl .*?)```/gs)
  const [, method = "", path = ""] = /-X (\w+) localhost:3000(\S+)/.exec(text) ?? []
  const headers = matches(text, /-H '([^']+)'/g).map((header) => header.split(": ") as [string, string])
  return { path, init: { method, headers, body: matches(text, /-d '([^']*)'/g)[0]! } }
}

layer(TestDatabase.layer, { excludeTestServices: true })("the demonstration that the README describes", (it) => {
  it.effect("answers as shown, and has what is to be clicked", () =>
    Effect.gen(function* () {
      const server = yield* startServer({ ATLAS_FAKE_GRAPH_GROUPS: "50" })
      const { path, init } = command()
      const started = yield* call(server, path, init)
      assert.strictEqual(started.status, 202)
      const shown = matches(readme, /```json\n(.*?)```/gs)[0]!.replaceAll("http://127.0.0.1:3000", server.origin)
      assertShows(JSON.parse(shown), started.body, "answer")

      // While it runs, the page offers the run and not another start.
      yield* completed(server, started.body.run.id)
      const unconnected = yield* call(server, path.replace("contoso", "fabrikam"), init)
      assert.strictEqual(unconnected.body.disposition, "blocked")
      assert.deepInclude(unconnected.body.run, { outcome: "blocked", reasonCode: "provider_connection_missing" })

      const signedIn = yield* call(server, "/sign-in", {
        method: "POST",
        headers: { origin: server.origin },
        body: new URLSearchParams({ account: "operator@northwind" })
      })
      const cookie = signedIn.headers.getSetCookie().join("; ")
      const tenant = "/admin/tenants/contoso"
      const run = `/admin/operations/${started.body.run.id}`
      const pages = yield* Effect.forEach(
        ["/sign-in", "/admin/tenants", tenant, run, `${tenant}/configuration`],
        (page) => call(server, page, { headers: { cookie } })
      )
      for (const label of matches(section("Run it"), /\*\*([^*]+)\*\*/g)) {
        assert.isTrue(
          pages.some(({ text }) => text.includes(label)),
          `A page shows “${label}”`
        )
      }
    })
  )
})
