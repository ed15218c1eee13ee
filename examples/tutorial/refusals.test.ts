import { createAtlas, defineOperation, InvalidInput } from "@atlas/operations/promise"
import { temporaryDatabase } from "@atlas/operations/testing"
import { expect, test } from "vitest"
import { z } from "zod"
import { makeArchiveMailboxes } from "./archive-mailboxes.ts"

const ada = { id: "ada", name: "Ada" }
const access = {
  workspaceOf: () => "acme",
  grants: () => [
    {
      workspaceId: "acme",
      tenants: "all",
      capabilities: [
        "tenant.mailboxes.archive",
        "tenant.mailboxes.view",
        "tenant.reports.export",
        "tenant.reports.view"
      ]
    } as const
  ]
}

test("is blocked by its gate, and refuses input that it cannot work with", async () => {
  await using database = await temporaryDatabase()
  const operation = makeArchiveMailboxes({ isEnabled: async () => false, archive: async () => "archived" })
  await using atlas = await createAtlas({ databaseUrl: database.databaseUrl, operations: [operation], access })
  const blocked = await atlas.start(ada, operation, { tenantId: "contoso", input: { mailboxes: ["a@acme.example"] } })
  expect(blocked.disposition).toBe("blocked")
  const invalid = atlas.start(ada, operation, { tenantId: "contoso", input: { mailboxes: ["nobody"] } })
  await expect(invalid).rejects.toBeInstanceOf(InvalidInput)
})

test("runs an operation that says no more than it must", async () => {
  const uploads: Array<string> = []
  const upload = async (tenantId: string | null, month: string) => void uploads.push(`${tenantId} ${month}`)
  const exportReport = defineOperation({
    name: "reports.export",
    label: "Export report",
    input: z.object({ month: z.string().regex(/^\d{4}-\d{2}$/) }),
    capabilities: { start: "tenant.reports.export", view: "tenant.reports.view" },
    identity: { rule: "while_active", key: ({ month }) => month },
    handler: async ({ input, scope }) => upload(scope.tenantId, input.month)
  })
  await using database = await temporaryDatabase()
  await using atlas = await createAtlas({ databaseUrl: database.databaseUrl, operations: [exportReport], access })
  const { run } = await atlas.start(ada, exportReport, { tenantId: "contoso", input: { month: "2026-01" } })
  await expect.poll(async () => (await atlas.get(ada, run.id)).outcome, { timeout: 60_000 }).toBe("succeeded")
  expect(uploads).toEqual(["contoso 2026-01"])
})
