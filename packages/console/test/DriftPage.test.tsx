import { policyTypeNames } from "@atlas/intune"
import type { Run } from "@atlas/operations"
import { assert, it } from "@effect/vitest"
import { renderToString } from "hono/jsx/dom/server"
import { DriftResultPage } from "../src/intune/drift/DriftPage.tsx"
import type { Shell } from "../src/shell/Layout.tsx"
import { makeLinks } from "../src/shell/Links.ts"

const shell: Shell = {
  actor: null,
  brand: "Atlas",
  notice: null,
  links: makeLinks("", ""),
  signIn: null,
  signOut: null
}
const tenant = { id: "contoso", name: "Contoso" }

const shown = (report: Run["report"]) => {
  const run = { id: "1", status: "completed", outcome: "succeeded", summaryCounts: { processed: 4 }, report }
  return renderToString(
    DriftResultPage({ shell, tenant, run: run as Run, from: "a backup", to: "the tenant", items: [], nextHref: null })
  )
}

it("says which kinds of policies a comparison has compared", () => {
  const report = { kind: "drift", version: 1 }
  const some = shown({ ...report, types: ["scope_tags", "assignment_filters"] })
  assert.include(some, "These kinds of policies were compared: Scope tags, Assignment filters.")
  assert.include(shown({ ...report, types: [...policyTypeNames] }), "All kinds of policies were compared.")
  // Older versions did not say it.
  for (const older of [report, null]) assert.notInclude(shown(older), "kinds of policies were compared")
})
