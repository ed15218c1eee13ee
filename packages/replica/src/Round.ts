import { type GraphCursor, RunFailure, type RunId, type TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import type { Allowance } from "./removals.ts"

/** `full`: everything that exists. `changes`: what happened since the last round. */
export type RoundKind = "full" | "changes"

/** Whose round it is: the run that makes it, in a tenant. */
export interface RoundOwner {
  readonly tenant: TenantScope
  readonly run: RunId
}

/** Where the next round begins, and what the history tells of. */
export interface History {
  readonly cursor: GraphCursor
  /** Names what is selected: the history of another selection is of no use. */
  readonly contract: string
}

/** Where a run stands that is about to copy a collection. */
export interface Standing {
  /** The run has completed its round: what it committed before its worker died. */
  readonly isDone: boolean
  /** What the last complete round ended with. */
  readonly history: History | null
  /** How many objects the run's unfinished round had seen. */
  readonly seen: number
  /** Where that round goes on, unless it cannot. */
  readonly interrupted: { readonly kind: RoundKind; readonly cursor: GraphCursor } | null
}

/** What storing a page changed. */
export interface PageStored {
  /** Objects that this round had not told of before. */
  readonly seen: number
  readonly created: number
  readonly updated: number
}

/** What has to hold before anything is removed. */
export interface RemovalProof extends Allowance {
  /** The size of the collection according to the provider, where it tells. */
  readonly expected: number | null
}

/** How a complete round ended. */
export type RoundEnd =
  | { readonly _tag: "Applied"; readonly removed: number }
  /** More would have gone than may without confirmation: nothing was removed. */
  | { readonly _tag: "Withheld"; readonly removals: number; readonly size: number }
  /** It saw fewer objects than there are: nothing was removed. */
  | { readonly _tag: "Incomplete"; readonly existing: number; readonly expected: number | undefined }

/** Fails a run that goes on with a round while another one has begun it anew. */
export const roundTaken: Effect.Effect<never, RunFailure> = Effect.suspend(() =>
  Effect.fail(
    new RunFailure({ reasonCode: "operation_busy", message: "Another run has begun to copy this collection." })
  )
)
