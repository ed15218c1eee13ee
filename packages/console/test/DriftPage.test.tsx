import { type BackupSet, policyTypeNames } from "@atlas/intune"
import type { Run } from "@atlas/operations"
import { assert, it } from "@effect/vitest"
import { DateTime } from "effect"
import { renderToString } from "hono/jsx/dom/server"
import { ComparisonsTable } from "../src/intune/drift/ComparisonsTable.tsx"
import { countLabelsOf } from "../src/intune/drift/countLabelsOf.ts"
import { DriftPage, DriftResultPage } from "../src/intune/drift/DriftPage.tsx"
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

it("does not say that nothing differs where a comparison has no result", () => {
  const run = { id: "1", status: "completed", outcome: "failed", reasonCode: null, summaryCounts: { processed: 4 } }
  const text = renderToString(
    DriftResultPage({ shell, tenant, run: run as Run, from: "a", to: "b", items: null, nextHref: null })
  )
  assert.include(text, "Whether something differs is unknown.")
  assert.notInclude(text, "Nothing differs")
})

it("lists what was compared and how many policies differ, if that is known", () => {
  const now = DateTime.makeUnsafe(Date.UTC(2026, 6, 1, 10))
  const listed = (outcome: Run["outcome"], report: Run["report"]) => {
    const run = { id: "1", status: "completed", outcome, report, reasonCode: null, summaryCounts: {}, queuedAt: now }
    const comparison = {
      run: { ...run, actor: { id: "ada", kind: "user", name: "Ada" } } as Run,
      label: "Compare policies",
      tenantName: "Contoso",
      href: "/drift/1",
      from: "the backup “Nightly”",
      to: "the inventory"
    }
    const table = renderToString(ComparisonsTable({ comparisons: [comparison], caption: "Comparisons", now }))
    return table.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ")
  }
  const report = { kind: "drift", version: 1, added: 1, removed: 2, changed: 1_000 }
  assert.match(listed("succeeded", report), /From the backup “Nightly” to the inventory 1,003 /)
  assert.include(listed("succeeded", { ...report, added: 0, removed: 0, changed: 0 }), " None ")
  for (const text of [listed("failed", report), listed("succeeded", null)]) assert.include(text, " Unknown ")
})

it("says of a comparison's counts which side the policies are on", () => {
  const [backup, live] = [{ kind: "backup", id: "01920000-0000-7000-8000-000000000000" }, { kind: "live" }]
  const labels = (from: object, to: object) => countLabelsOf({ type: "drift.compare", input: { from, to } })
  assert.deepStrictEqual(labels(backup, live), {
    removed: "Only in the backup",
    updated: "Changed",
    created: "Only in the tenant"
  })
  assert.deepInclude(labels(backup, backup), {
    removed: "Only in the first state",
    created: "Only in the second state"
  })
  assert.deepStrictEqual(countLabelsOf({ type: "inventory.sync", input: {} }), {})
})

it("begins with the backup that a link names", () => {
  const now = DateTime.makeUnsafe(0)
  const backups = ["1", "2"].map((id) => ({ id, name: `Backup ${id}`, createdAt: now }) as BackupSet)
  const chosenFor = (from: string | null) => {
    const page = DriftPage({ shell, tenant, backups, comparisons: [], from, missingCapability: null, now })
    const [select] = /<select name="from">.*?<\/select>/s.exec(renderToString(page)) ?? []
    return /<option value="([^"]*)" selected/.exec(select ?? "")?.[1]
  }
  assert.deepStrictEqual(["backup/2", "backup/3", null].map(chosenFor), ["backup/2", "backup/1", "backup/1"])
})
