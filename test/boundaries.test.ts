import { readdirSync, readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"

const packages = new URL("../packages/", import.meta.url)

/** Packages without such a test, and why. */
const exempt = {
  console: "what comes in are requests: test/malformed.test.ts sends hostile ones",
  "fake-graph": "only tests and demonstrations call it, in their own process",
  replica: "packages describe their collections to it in constants; it has no service"
}
const guarded = readdirSync(packages).filter((name) => !(name in exempt))

// Each package's own test knows its services and how to call them; this one knows which packages there are.
it.each(guarded)("The package %s tries every service of its index with hostile calls", (name) => {
  assert.include(readFileSync(new URL(`${name}/test/Boundary.test.ts`, packages), "utf8"), "servicesOf(index)")
})
