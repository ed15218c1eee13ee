import { createAtlas } from "@atlas/operations/promise"
import { temporaryDatabase } from "@atlas/operations/testing"
import { expect, test } from "vitest"
import { archiveAndWatch, makeArchiveMailboxes, type MailService } from "./archive-mailboxes.ts"

const ada = { id: "ada", name: "Ada" }
const access = {
  workspaceOf: () => "acme",
  grants: () => [
    {
      workspaceId: "acme",
      tenants: "all",
      capabilities: ["tenant.mailboxes.archive", "tenant.mailboxes.view"]
    } as const
  ]
}

// The first test that asks for a database waits until Postgres has started.
test("archives what it can, repeats what failed for now, and says what is locked", { timeout: 120_000 }, async () => {
  let outages = 1
  const mail: MailService = {
    isEnabled: async () => true,
    archive: async (mailbox) => (outages-- > 0 ? "down" : mailbox.startsWith("locked") ? "locked" : "archived")
  }
  await using database = await temporaryDatabase()
  const operation = makeArchiveMailboxes(mail)
  await using atlas = await createAtlas({ databaseUrl: database.databaseUrl, operations: [operation], access })

  const watched = archiveAndWatch(atlas, operation, ada, ["a@acme.example", "locked@acme.example"])
  await expect.poll(async () => (await atlas.list(ada)).runs[0]?.attempt, { timeout: 60_000 }).toBe(1)
  await database.advance(30_000)

  const run = await watched
  expect(run).toMatchObject({ outcome: "partially_succeeded", reasonCode: "ext.mailboxes.locked", attempt: 1 })
  expect(run.summaryCounts).toEqual({ total: 2, processed: 2, succeeded: 1, failed: 1 })
})
