import type { BackupSet, Restore, RestoreAction, RestoreItem, RestoreTally } from "@atlas/intune"
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { renderToString } from "hono/jsx/dom/server"
import { RestorePage } from "../src/intune/restores/RestorePage.tsx"
import { RestoresPage } from "../src/intune/restores/RestoresPage.tsx"
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

const textOf = (html: string) => html.replaceAll(/<[^>]+>/g, "").replaceAll(/\s+/g, " ")

interface Shown {
  readonly chosen?: RestoreAction
  readonly refused?: { readonly typed: string; readonly problem: string }
  readonly missingCapability?: string
  readonly safetyBackup?: BackupSet
}

const lackingItem = {
  source: "device_configurations",
  id: "1",
  type: null,
  title: "Wi-Fi",
  reason: "It lacks a value.",
  lacking: ["preSharedKey"],
  result: "skipped",
  resultId: null,
  resultMessage: null,
  difference: null
} as unknown as RestoreItem

const htmlOf = (
  state: Restore["state"],
  tally: ReadonlyArray<RestoreTally>,
  { chosen, missingCapability, refused, safetyBackup }: Shown = {}
) => {
  const ada = { id: "ada", kind: "user", name: "Ada" }
  const restore = {
    id: "7",
    backupId: "6",
    state,
    withAssignments: true,
    previewRun: null,
    executeRun: null,
    safetyBackupId: safetyBackup?.id ?? null,
    createdBy: ada,
    confirmedBy: null,
    createdAt: DateTime.makeUnsafe(0)
  }
  const page = RestorePage({
    shell,
    tenant: { id: "contoso", name: "Contoso" },
    restore: restore as unknown as Restore,
    backup: null,
    safetyBackup: safetyBackup ?? null,
    sections: tally.map(({ action, count }) => ({
      action: action ?? "create",
      count,
      items: action === "not_restorable" ? [lackingItem] : [],
      allHref: action === "create" ? "/all" : null,
      nextHref: null
    })),
    chosen: chosen ?? null,
    tally,
    stopped: true,
    missingCapability: missingCapability ?? null,
    idempotencyKey: "1",
    refused: refused ?? null,
    valuesAction: "/values",
    valuesProblem: null
  })
  return renderToString(page)
}

const shown = (state: Restore["state"], tally: ReadonlyArray<RestoreTally>) => textOf(htmlOf(state, tally))

describe("the page of a restore", () => {
  it("says what is planned, what has a note, and how many policies it does not show", () => {
    const page = shown("planned", [
      { action: "create", result: "pending", count: 4, noted: 2 },
      { action: "update", result: "pending", count: 1, noted: 0 },
      { action: "not_restorable", result: "skipped", count: 3, noted: 3 },
      { action: "unchanged", result: "skipped", count: 95, noted: 1 }
    ])
    assert.include(
      page,
      "The plan: 1 policy to change, 4 policies to create, 3 policies that cannot be restored, 95 policies unchanged."
    )
    assert.include(page, "2 policies have a note below")
  })

  it("leads to each part of a plan, to what is missing and to the confirmation, which stands below them", () => {
    const tally: ReadonlyArray<RestoreTally> = [
      { action: "create", result: "pending", count: 4, noted: 0 },
      { action: "not_restorable", result: "skipped", count: 1, noted: 1 },
      { action: "unchanged", result: "skipped", count: 95, noted: 0 }
    ]
    const page = htmlOf("planned", tally)
    assert.include(page, '<a href="#create">4 policies to create</a>')
    assert.include(page, '<a href="/tenants/contoso/restores/7?action=unchanged">95 policies unchanged</a>')
    for (const part of ["create", "not_restorable", "values", "confirm"]) assert.include(page, ` id="${part}"`)
    assert.include(page, 'href="#values"')
    assert.include(page, '<a class="button" href="/all">Show all 4 policies to create</a>')
    assert.isAbove(page.indexOf(' id="confirm"'), page.indexOf(' id="values"'))
    assert.isAbove(page.indexOf(' id="values"'), page.indexOf(' id="not_restorable"'))

    const part = htmlOf("planned", tally, { chosen: "create" })
    assert.include(part, 'href="/tenants/contoso/restores/7#confirm"')
    assert.notInclude(part, ' id="confirm"')
    assert.match(part, /href="[^"]*\?action=not_restorable"/)

    const reader = htmlOf("planned", tally, { missingCapability: "tenant.restore.execute" })
    for (const form of ["values", "confirm"]) {
      assert.notInclude(reader, ` id="${form}"`)
      assert.notInclude(reader, `#${form}`)
    }
    assert.include(reader, "tenant.restore.execute")
  })

  it("says what became of every policy once it is over", () => {
    const safetyBackup = { id: "8", name: "Before restoring “Nightly”" } as BackupSet
    const html = htmlOf(
      "done",
      [
        { action: "create", result: "done", count: 4, noted: 0 },
        { action: "update", result: "failed", count: 1, noted: 0 },
        { action: "update", result: "skipped", count: 1, noted: 0 },
        { action: "unchanged", result: "skipped", count: 95, noted: 0 }
      ],
      { safetyBackup }
    )
    const page = textOf(html)
    assert.strictEqual(page.split("4 policies restored, 1 failed, 96 left alone.").length, 2)
    assert.include(page, "The plan was: 2 policies to change, 4 policies to create, 95 policies unchanged.")
    assert.notInclude(page, "a note below")
    assert.include(html, 'href="/tenants/contoso/drift?from=backup/6">Compare again</a>')
    assert.include(page, "Backup of what was overwrittenBefore restoring “Nightly”")
    assert.include(page, "Assignmentsrestored too")
  })

  it("keeps what was typed in place of the tenant's name, and lets a plan be discarded", () => {
    const tally: ReadonlyArray<RestoreTally> = [{ action: "create", result: "pending", count: 1, noted: 0 }]
    const page = htmlOf("planned", tally, { refused: { typed: 'Contos "', problem: "This is not the name." } })
    assert.match(page, /<input[^>]* value="Contos &quot;"/)
    assert.include(textOf(page), "This is not the name.")
    assert.include(textOf(page), "Discard this plan")
    assert.include(shown("running", tally), "Discard the rest")
    assert.include(shown("planning", []), "Discard this plan")
  })
})

it("lists of each restore its backup and how many policies it is of", () => {
  const now = DateTime.makeUnsafe(0)
  const restore = { id: "7", backupId: "6", state: "done", createdBy: { name: "Ada" }, createdAt: now } as Restore
  const listed = (backup: BackupSet | null) =>
    renderToString(
      RestoresPage({
        shell,
        tenant: { id: "contoso", name: "Contoso" },
        restores: [{ restore, backup, policies: 1_250 }],
        nextHref: null,
        now
      })
    )
  const page = listed({ name: "Nightly", createdAt: now } as BackupSet)
  assert.match(page, /<a href="[^"]*\/backups\/6">Nightly<\/a>/)
  assert.include(textOf(page), "1,250")
  assert.match(listed(null), /<a href="[^"]*\/backups\/6">a backup<\/a>/)
})
