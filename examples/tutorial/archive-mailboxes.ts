import { type Actor, type Atlas, defineOperation, RunFailure } from "@atlas/operations/promise"
import { z } from "zod"

/** The host's own system: what the operation works on. */
export interface MailService {
  isEnabled(tenantId: string | null): Promise<boolean>
  /** "locked": its owner locked it. "down": the service does not answer now. */
  archive(mailbox: string, signal: AbortSignal): Promise<"archived" | "locked" | "down">
}

export const makeArchiveMailboxes = (mail: MailService) =>
  defineOperation({
    name: "mailboxes.archive",
    label: "Archive mailboxes",
    input: z.object({ mailboxes: z.array(z.email()).min(1) }),
    capabilities: { start: "tenant.mailboxes.archive", view: "tenant.mailboxes.view" },
    identity: { rule: "while_active", key: ({ mailboxes }) => mailboxes.toSorted() },
    concurrency: 2,
    timeLimit: "1 hour",
    retry: { maxAttempts: 5, backoff: "30 seconds" },
    retention: { days: 90 },
    gate: async ({ scope }) =>
      (await mail.isEnabled(scope.tenantId))
        ? null
        : { reasonCode: "ext.mailboxes.disabled", message: "Enable archiving in the tenant's mail settings." },
    handler: async ({ input, signal, progress, failed }) => {
      const counts = { total: input.mailboxes.length, processed: 0, succeeded: 0, failed: 0 }
      for (const mailbox of input.mailboxes) {
        signal.throwIfAborted()
        const answer = await mail.archive(mailbox, signal)
        if (answer === "down")
          throw new RunFailure({ reasonCode: "ext.mailboxes.down", message: "Mail does not answer.", retryable: true })
        if (answer === "locked")
          failed({ reasonCode: "ext.mailboxes.locked", message: "Its owner locked it.", item: mailbox })
        counts[answer === "locked" ? "failed" : "succeeded"] += 1
        counts.processed += 1
        progress(counts)
      }
    }
  })

type ArchiveMailboxes = ReturnType<typeof makeArchiveMailboxes>

/** Starts the operation, says what happens to it, and gives how it ended. */
export const archiveAndWatch = async (
  atlas: Atlas<readonly [ArchiveMailboxes]>,
  operation: ArchiveMailboxes,
  actor: Actor,
  mailboxes: Array<string>
) => {
  const { disposition, run } = await atlas.start(actor, operation, { tenantId: "contoso", input: { mailboxes } })
  console.log(`${disposition}: ${run.id}`)
  for await (const { kind, at } of atlas.follow(actor, run.id)) console.log(at, kind)
  return atlas.get(actor, run.id)
}
