import type { FailureReport, GraphCursor, GraphError } from "@atlas/operations"
import type { Effect, Stream } from "effect"
import type { Removal } from "./Collection.ts"

/**
 * Where a copy comes from: pages of changes, as a package makes them of what it reads through the port `Graph`.
 */
export interface Source {
  /** What it has, in the plural, for people. */
  readonly noun: string
  /** Names the collection in the run's failures, where a run copies several. */
  readonly item?: string
  /** Names what is read, where the source has a history of changes: another selection has another history. */
  readonly history: string | null
  /** The pages of a round: from its beginning, or after a cursor. Ends with a last page, or fails. */
  pages(from: GraphCursor | undefined): Stream.Stream<Page, GraphError>
  /** How many objects there are, where the provider tells: a full round that saw fewer removes nothing. */
  readonly count: Effect.Effect<number, GraphError> | null
}

/** What a source tells of one object. */
export interface Change {
  readonly id: string
  /** The properties that it told, by column: of a full round all that are set, else those that changed. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Set where the object was removed. */
  readonly removal?: Removal
}

/** One page of a source. */
export interface Page {
  readonly changes: ReadonlyArray<Change>
  /**
   * Where a later attempt goes on after this page; of the last page, where the next round begins. Null where the source has no
   * such place: then an attempt that follows reads everything again.
   */
  readonly cursor: GraphCursor | null
  readonly isLast: boolean
  /** Stores what the rows refer to, before them and in their transaction. */
  readonly before?: Effect.Effect<void>
  /** What the run says of some of its objects, once they are stored. */
  readonly findings?: ReadonlyArray<FailureReport>
}
