import { assert, it } from "@effect/vitest"
import { renderToString } from "hono/jsx/dom/server"
import type { Shell } from "../src/shell/Layout.tsx"
import { makeLinks } from "../src/shell/Links.ts"
import { ProblemPage } from "../src/shell/ProblemPage.tsx"

const shell: Shell = {
  actor: null,
  brand: "Atlas",
  notice: null,
  links: makeLinks("", ""),
  signIn: "/sign-in",
  signOut: null
}
const textOf = (page: ReturnType<typeof ProblemPage>) =>
  renderToString(page)
    .replace(/<title>.*?<\/title>/, "")
    .replaceAll(/<(?!\/?code)[^>]+>/g, " ")

it("says each thing once, and the capability as code", () => {
  const title = "There is nothing here."
  assert.strictEqual(textOf(ProblemPage({ shell, status: 404, title, detail: title })).split(title).length, 2)
  const detail = "This needs the capability tenant.a.b, which your role does not have."
  const refused = textOf(ProblemPage({ shell, status: 403, title: "No.", detail, requiredCapability: "tenant.a.b" }))
  assert.include(refused, "This needs the capability <code>tenant.a.b</code>, which your role does not have.")
  assert.strictEqual(refused.split("tenant.a.b").length, 2)
})
