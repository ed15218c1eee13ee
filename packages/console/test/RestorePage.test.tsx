import type { BackupSet, Restore, RestoreTally } from "@atlas/intune"
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
  readonly all?: boolean
  readonly refused?: { readonly typed: string; readonly problem: string }
}

const htmlOf = (state: Restore["state"], tally: ReadonlyArray<RestoreTally>, { all = false, refused }: Shown = {}) => {
  const ada = { id: "ada", kind: "user", name: "Ada" }
  const restore = {
    id: "7",
    backupId: "6",
    state,
    withAssignments: true,
    previewRun: null,
    executeRun: null,
    safetyBackupId: null,
    createdBy: ada,
    confirmedBy: null,
    createdAt: DateTime.makeUnsafe(0)
  }
  const page = RestorePage({
    shell,
    tenant: { id: "contoso", name: "Contoso" },
    restore: restore as unknown as Restore,
    backup: null,
    items: [],
    tally,
    all,
    nextHref: null,
    stopped: true,
    missingCapability: null,
    idempotencyKey: "1",
    refused: refused ?? null,
    valuesAction: "/values",
    valuesProblem: null
  })
  return renderToString(page)
}

const shown = (state: Restore["state"], tally: ReadonlyArray<RestoreTally>, all = false) =>
  textOf(htmlOf(state, tally, { all }))

describe("the page of a restore", () => {
  it("says what is planned, what has a note, and how many policies it does not show", () => {
    const page = shown("planned", [
      { action: "create", result: "pending", count: 4, noted: 2 },
      { action: "update", result: "pending", count: 1, noted: 0 },
      { action: "not_restorable", result: "skipped", count: 3, noted: 3 },
      { action: "unchanged", result: "skipped", count: 95, noted: 1 }
    ])
    assert.include(page, "The plan: 4 policies to create, 1 policy to change, 95 policies unchanged, 3 policies that")
    assert.include(page, "2 policies have a note below")
    assert.include(page, "95 policies are in the tenant as in the backup. Show them, too")
  })

  it("says what became of every policy once it is over", () => {
    const page = shown(
      "done",
      [
        { action: "create", result: "done", count: 4, noted: 0 },
        { action: "update", result: "failed", count: 1, noted: 0 },
        { action: "update", result: "skipped", count: 1, noted: 0 },
        { action: "unchanged", result: "skipped", count: 95, noted: 0 }
      ],
      true
    )
    assert.include(page, "Done: 4 policies restored, 1 failed, 96 left alone.")
    assert.notInclude(page, "a note below")
    assert.include(page, "Hide the unchanged policies")
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
