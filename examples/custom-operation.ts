/** An operation of a host's own, whole: what it is, when it may start, what it does, and how it is started. */
import { type Actor, Operation, RunHandler, Runs, StartGate } from "@atlas/operations"
import { Context, Effect, Schema } from "effect"

/** The host's own system, behind a service, so that tests bring another. */
export class Mailboxes extends Context.Service<
  Mailboxes,
  {
    readonly enabled: Effect.Effect<boolean>
    /** Whether the mailbox could be archived. */
    archive(mailbox: string): Effect.Effect<boolean>
  }
>()("examples/Mailboxes") {}

// #region custom-operation
export const ArchiveMailboxes = Operation.make({
  name: "mailboxes.archive",
  label: "Archive mailboxes",
  description: "Moves what is older than a year to the archive.",
  category: "Mail",
  input: Schema.Struct({ mailboxes: Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)) }),
  capabilities: { start: "tenant.mailboxes.archive", view: "tenant.mailboxes.view" },
  identity: { rule: "while_active", key: ({ mailboxes }) => mailboxes.toSorted() },
  gates: ["archiving_enabled"],
  concurrency: 2,
  timeLimit: "1 hour",
  retry: { maxAttempts: 5, backoff: "30 seconds" }
})

export const archivingEnabled = StartGate.make("archiving_enabled", () =>
  Effect.gen(function* () {
    const { enabled } = yield* Mailboxes
    if (yield* enabled) return StartGate.open
    return StartGate.blocked("ext.mailboxes.archiving_disabled", "Enable archiving in the tenant's mail settings.")
  })
)

export const archiveMailboxes = ArchiveMailboxes.toLayer(({ input, progress, failed }) =>
  Effect.gen(function* () {
    const { archive } = yield* Mailboxes
    const counts = { total: input.mailboxes.length, processed: 0, succeeded: 0, failed: 0 }
    for (const mailbox of input.mailboxes) {
      const archived = yield* archive(mailbox)
      if (!archived)
        yield* failed({ reasonCode: "ext.mailboxes.locked", message: "Its owner locked it.", item: mailbox })
      counts[archived ? "succeeded" : "failed"] += 1
      counts.processed += 1
      yield* progress({ ...counts })
    }
    return RunHandler.succeeded
  })
)

export const archive = Effect.fn("archive")(function* (actor: Actor, tenantId: string, ...mailboxes: Array<string>) {
  const runs = yield* Runs
  return yield* runs.start(actor, ArchiveMailboxes, { tenantId, input: { mailboxes } })
})
// #endregion
