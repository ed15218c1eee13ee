import type { Restore, RestoreTally } from "@atlas/intune"
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { renderToString } from "hono/jsx/dom/server"
import { RestorePage } from "../src/intune/restores/RestorePage.tsx"
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

const shown = (state: Restore["state"], tally: ReadonlyArray<RestoreTally>, all = false) => {
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
    problem: null
  })
  return textOf(renderToString(page))
}

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
})
