/**
 * The types of a round: who makes it, where it stands, what proves a removal, and how it may end. `copy` and the statements of
 * a `ReplicaStore` share them.
 *
 * @module
 */
import { type GraphCursor, RunFailure, type RunId, type TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import type { Allowance } from "./removals.ts"

/** `full`: everything that exists. `changes`: what has changed since the last round. */
export type RoundKind = "full" | "changes"

/** The run that makes a round, and its tenant. */
export interface RoundOwner {
  readonly tenant: TenantScope
  readonly run: RunId
}

/** Where the next round begins, and what the history is of. */
export interface History {
  readonly cursor: GraphCursor
  /** Names what is selected, since the history of another selection is useless. */
  readonly contract: string
}

/** Where a run stands before it copies a collection. */
export interface Standing {
  /** The run has completed its round, perhaps before its worker died. */
  readonly isDone: boolean
  /** What the last complete round ended with. */
  readonly history: History | null
  /** How many objects the run's unfinished round had seen. */
  readonly seen: number
  /** Where that round continues; null if it cannot. */
  readonly interrupted: { readonly kind: RoundKind; readonly cursor: GraphCursor } | null
}

/** What storing a page changed. */
export interface PageStored {
  /** Objects that this round had not seen before. */
  readonly seen: number
  readonly created: number
  readonly updated: number
}

/** What must hold before anything is removed. */
export interface RemovalProof extends Allowance {
  /** The size of the collection according to the provider; null if it does not say. */
  readonly expected: number | null
}

/** How a round ended after its last page. */
export type RoundEnd =
  | { readonly _tag: "Applied"; readonly removed: number }
  /** More removals than may happen without confirmation: nothing was removed. */
  | { readonly _tag: "Withheld"; readonly removals: number; readonly size: number }
  /** The round saw fewer objects than there are: nothing was removed. */
  | { readonly _tag: "Incomplete"; readonly existing: number; readonly expected: number | undefined }

/** Fails a run whose round another run has begun again. */
export const roundTaken: Effect.Effect<never, RunFailure> = Effect.suspend(() =>
  Effect.fail(
    new RunFailure({
      reasonCode: "operation_busy",
      message: "Another run has begun to copy this collection, so this one stopped."
    })
  )
)
