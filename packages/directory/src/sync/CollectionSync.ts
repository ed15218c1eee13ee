/**
 * What both syncs share: their input, and the copy.
 *
 * @module
 */
import type { RunHandler } from "@atlas/operations"
import { ConfirmedRemovals, copy, type ReplicaStore, resultOf, type Source } from "@atlas/replica"
import { Effect, Schema } from "effect"

/** The input of a sync. */
export const SyncInput = Schema.Struct({
  /** Reads everything, even if the changes since the last sync would do. Default false. */
  full: Schema.optionalKey(Schema.Boolean),
  /** How many removals a person has seen and confirmed, if there are more than `RemovalGuard` allows. */
  confirmRemovals: Schema.optionalKey(ConfirmedRemovals)
})
export type SyncInput = typeof SyncInput.Type

/** Copies one collection as the run's input says, and returns the run's result. */
export const sync = (run: RunHandler.RunContext<SyncInput>, store: ReplicaStore, source: Source) =>
  copy({
    run,
    store,
    source,
    full: run.input.full,
    confirmed: run.input.confirmRemovals
  }).pipe(Effect.map(resultOf))
