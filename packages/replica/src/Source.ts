/**
 * Where a copy comes from. A package makes a `Source` of what it reads through the port `Graph`; `copy` stores its pages.
 *
 * @module
 */
import type { FailureReport, GraphCursor, GraphError } from "@atlas/operations"
import type { Effect, Stream } from "effect"
import type { Removal } from "./Collection.ts"

/** A stream of pages, and what is known of their collection. */
export interface Source {
  /** What its objects are called in messages, in the plural. */
  readonly noun: string
  /** Names the collection in the run's failures, if a run copies several. */
  readonly item?: string
  /** Names what is read, if the source has a history of changes; a new name starts a new history. Else null. */
  readonly history: string | null
  /** The pages of a round, from its beginning or after a cursor. Ends with a last page, or fails. */
  pages(from: GraphCursor | undefined): Stream.Stream<Page, GraphError>
  /** How many objects there are, if the provider says so: a full round that saw fewer removes nothing. Else null. */
  readonly count: Effect.Effect<number, GraphError> | null
}

/** What a source says of one object. */
export interface Change {
  readonly id: string
  /** Properties by column: in a full round all that are set, else those that changed. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Set if the object was removed. */
  readonly removal?: Removal
}

/** One page of a source. */
export interface Page {
  readonly changes: ReadonlyArray<Change>
  /**
   * Where a later attempt continues after this page; on the last page, where the next round begins. Null if the source has no
   * such place: a later attempt then reads everything again.
   */
  readonly cursor: GraphCursor | null
  readonly isLast: boolean
  /** Stores what the rows refer to, before them and in the same transaction. */
  readonly before?: Effect.Effect<void>
  /** Failures to report of some objects, once the page is stored. */
  readonly findings?: ReadonlyArray<FailureReport>
}
