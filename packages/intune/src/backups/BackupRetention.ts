import { RunHandler } from "@atlas/operations"
import { Effect } from "effect"
import { retention } from "./BackupOperations.ts"
import { makeRetentionStore } from "./RetentionStore.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"

/** Lets the backups of a schedule expire, a few at a time, then removes the contents that nothing refers to. */
export const retentionHandler = retention.toLayer(
  Effect.fn("BackupRetention")(function* (run) {
    const backups = yield* makeRetentionStore
    const store = yield* PolicyStore
    let removed = run.run.summaryCounts.removed ?? 0
    for (;;) {
      const expired = yield* run.transaction(backups.expire(run.input.schedule), (count) => ({
        processed: removed + count,
        removed: removed + count
      }))
      if (expired === 0) break
      removed += expired
    }
    while ((yield* run.transaction(store.sweep(run.scope))) > 0) yield* Effect.yieldNow
    return RunHandler.succeeded
  })
)
