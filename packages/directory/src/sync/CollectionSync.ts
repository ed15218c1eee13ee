import type { RunHandler } from "@atlas/operations"
import { ConfirmedRemovals, copy, type ReplicaStore, resultOf, type Source } from "@atlas/replica"
import { Effect, Schema } from "effect"

/** What a sync may be told. */
export const SyncInput = Schema.Struct({
  /** Reads everything, although the changes since the last sync would do. */
  full: Schema.optionalKey(Schema.Boolean),
  /** How many removals a person has seen and confirmed, where they are more than `RemovalGuard` allows. */
  confirmRemovals: Schema.optionalKey(ConfirmedRemovals)
})
export type SyncInput = typeof SyncInput.Type

/**
 * Copies one collection as the input says, and ends the run accordingly.
 *
 * @param run what the handler was handed
 * @param store where to
 * @param source where from
 */
export const sync = (run: RunHandler.RunContext<SyncInput>, store: ReplicaStore, source: Source) =>
  copy({
    run,
    store,
    source,
    full: run.input.full,
    confirmed: run.input.confirmRemovals
  }).pipe(Effect.map(resultOf))
