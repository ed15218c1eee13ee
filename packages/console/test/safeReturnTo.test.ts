import { assert, describe, it } from "@effect/vitest"
import { safeReturnTo } from "../src/shell/Requests.ts"

describe("safeReturnTo", () => {
  it("goes on to pages of the host only", () => {
    assert.strictEqual(safeReturnTo("/admin/tenants/contoso?x=1", "/"), "/admin/tenants/contoso?x=1")
    for (const wanted of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "javascript:alert(1)",
      "",
      undefined,
      1
    ]) {
      assert.strictEqual(safeReturnTo(wanted, "/admin/operations"), "/admin/operations", String(wanted))
    }
  })

  it("leaves no address that a browser takes for another host once its dots are resolved", () => {
    for (const wanted of [
      "/.//evil.example/x",
      "/x/..//evil.example",
      "/%2e//evil.example",
      "/.\\/evil.example",
      "/x/../..///evil.example"
    ]) {
      assert.match(safeReturnTo(wanted, "/"), /^\/evil\.example/, wanted)
    }
  })
})
