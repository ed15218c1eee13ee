import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { IntuneApi } from "@atlas/intune"
import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { directory } from "../src/directory/index.ts"
import { intune } from "../src/intune/index.ts"
import { Console, type Part } from "../src/index.ts"
import { addressesIn } from "./journey.ts"
import { hostOptions, services } from "./Mounted.ts"

const origin = "https://host.example"
const traces = /inventory|backups|backup-schedules|restores|drift|history|configuration/

/** Pages and calls of a console with some parts. */
const visit = (console: Console.Handler) => (path: string) =>
  Effect.promise(async () => {
    const answer = await console(new Request(origin + path, { headers: { cookie: "user=ada" } }))
    return { status: answer.status, text: await answer.text() }
  })

const withParts = <const Parts extends ReadonlyArray<Part<unknown>>>(parts: Parts) =>
  Effect.map(Console.make({ ...hostOptions(origin, ""), parts }), visit)

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("a part that is not mounted", (it) => {
  it.effect("leaves no trace: no page, no call, no link, and nothing in the description of the API", () =>
    Effect.gen(function* () {
      const get = yield* withParts([])
      const { text } = yield* get("/tenants/contoso")
      assert.deepStrictEqual(
        addressesIn(text).filter(({ address }) => traces.test(address) && !address.includes("/operations/")),
        []
      )
      // Its operations are the host's all the same: what their starts need is said without leading to a page that is not here.
      assert.include(text, "Only a program can start it")
      for (const path of ["/inventory", "/backups", "/backup-schedules", "/restores", "/drift", "/configuration"]) {
        assert.strictEqual((yield* get(`/tenants/contoso${path}`)).status, 404, path)
        assert.strictEqual((yield* get(`/api/v1/tenants/contoso${path}`)).status, 404, path)
      }
      assert.notMatch((yield* get("/api/v1/openapi.json")).text, traces)
      assert.notMatch((yield* get("/api")).text, traces)
    })
  )

  it.effect("is there as soon as it is mounted, and brings no other", () =>
    Effect.gen(function* () {
      const get = yield* withParts([intune])
      const { text } = yield* get("/tenants/contoso")
      assert.isTrue(addressesIn(text).some(({ address }) => address === "/tenants/contoso/inventory"))
      assert.strictEqual((yield* get("/tenants/contoso/inventory")).status, 200)
      assert.strictEqual((yield* get("/api/v1/tenants/contoso/inventory")).status, 200)
      assert.strictEqual((yield* get("/tenants/contoso/configuration")).status, 404)
      const other = yield* withParts([directory])
      assert.strictEqual((yield* other("/tenants/contoso/configuration")).status, 200)
      assert.strictEqual((yield* other("/tenants/contoso/inventory")).status, 404)
    })
  )
})

const src = fileURLToPath(new URL("../src/", import.meta.url))

/** Every package that an entry leads to, and what they import themselves. */
const packagesOf = (entry: string): ReadonlySet<string> => {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const follow = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"([^"]+)"/g)) {
      if (name.startsWith(".")) follow(join(dirname(file), name))
      else if (name.startsWith("@atlas/")) packages.add(name)
    }
  }
  follow(join(src, entry))
  return packages
}

it("imports the package of no part but its own", () => {
  assert.deepStrictEqual([...packagesOf("index.ts")], ["@atlas/operations"])
  assert.deepStrictEqual([...packagesOf("shell/index.ts")], ["@atlas/operations"])
  assert.deepStrictEqual([...packagesOf("node/index.ts")], [])
  for (const name of ["directory", "graph", "intune"]) {
    const entry = readdirSync(join(src, name)).find((file) => file.startsWith("index."))
    assert.sameMembers([...packagesOf(`${name}/${entry}`)], [`@atlas/${name}`, "@atlas/operations"])
  }
})

it("is told from the others by its paths", () => {
  assert.isTrue(
    Object.values(IntuneApi.groups).every((group) =>
      Object.values(group.endpoints).every(({ path }) => traces.test(path))
    )
  )
})
