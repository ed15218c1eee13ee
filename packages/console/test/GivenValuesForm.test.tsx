import type { RestoreItem } from "@atlas/intune"
import { assert, it } from "@effect/vitest"
import { renderToString } from "hono/jsx/dom/server"
import { GivenValuesForm } from "../src/intune/restores/GivenValuesForm.tsx"

const item = (id: string, lacking: ReadonlyArray<string>) =>
  ({ source: "deviceConfigurations", id, type: null, title: `Policy <${id}>`, lacking }) as unknown as RestoreItem

const shown = (items: ReadonlyArray<RestoreItem>, problem: string | null = null) =>
  renderToString(GivenValuesForm({ items, action: "/values", idempotencyKey: "1", problem }))

it("asks for each value that a policy lacks, and fills in none", () => {
  const page = shown([item("a", ["preSharedKey"]), item("b", []), item("c", ["one/0", "two"])])
  assert.strictEqual(page.match(/<fieldset>/g)?.length, 2)
  assert.include(page, "Policy &lt;a&gt;")
  const passwords = page.match(/<input type="password"[^>]*>/g) ?? []
  assert.deepStrictEqual(new Set(passwords), new Set(['<input type="password" name="value" autocomplete="off"/>']))
  assert.strictEqual(passwords.length, 3)
  assert.deepStrictEqual(
    [...page.matchAll(/name="path" value="([^"]*)"/g)].map(([, path]) => path),
    ["preSharedKey", "one/0", "two"]
  )
})

it("is not there where nothing is missing, and says what was wrong", () => {
  assert.strictEqual(shown([item("b", [])]), "")
  assert.include(shown([item("a", ["key"])], "Enter a value."), 'role="alert">Enter a value.')
})
