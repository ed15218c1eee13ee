import type { RunId, TenantScope } from "@atlas/operations"
import { Schema } from "effect"
import { Statement } from "effect/sql"

/** What became of an object that is not in the directory any more, as far as Graph told. */
export const Removal = Schema.Literals([
  /** It is in the directory's bin, and may come back. */
  "soft_deleted",
  /** It is gone for good. */
  "purged",
  /** A complete listing did not contain it. */
  "unknown"
])
export type Removal = typeof Removal.Type

/** Values that a column has where Graph never set one. */
export const unset = {
  id: Statement.fragment([Statement.literal("id")]),
  foldedId: Statement.fragment([Statement.literal("lower(id)")]),
  nothing: Statement.fragment([Statement.literal("NULL")]),
  yes: Statement.fragment([Statement.literal("true")]),
  no: Statement.fragment([Statement.literal("false")])
}

/** A cached collection of a tenant's directory: where it is stored, and what its rows are. */
export interface Collection<A extends { readonly id: string }, Filter extends string> {
  readonly name: "groups" | "role_definitions"
  readonly table: string
  /** The columns that a sync writes, with the SQL for a value that was never set. */
  readonly properties: Readonly<
    Record<string, { readonly type: "text" | "boolean"; readonly unset: Statement.Fragment }>
  >
  /** The select list whose rows `schema` decodes. */
  readonly columns: Statement.Fragment
  readonly schema: Schema.Decoder<A>
  /** The SQL condition of each filter. */
  readonly filters: Readonly<Record<Filter, Statement.Fragment>>
  /** The index over parts of names, for collections that may be large. */
  readonly infixIndex: string | null
}

/** What a sync found out about one object. */
export interface CacheChange {
  readonly id: string
  /** The properties that it told, by column: of a full round all that are set, else those that changed. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Set where the object was removed. */
  readonly removal?: Removal
}

/** One page of a round. */
export interface CachePage {
  readonly changes: ReadonlyArray<CacheChange>
  /** Where the round goes on after this page. */
  readonly cursor: string | null
}

/** What writing a page changed. */
export interface PageWritten {
  /** Objects that this round had not told of before. */
  readonly seen: number
  readonly created: number
  readonly updated: number
}

/** A tenant's collection, and the run that reads a round of it. */
export interface RoundOwner {
  readonly tenant: TenantScope
  readonly run: RunId
}

/** `full`: everything that exists. `changes`: what happened since the last round. */
export type RoundKind = "full" | "changes"

/** What a run that was interrupted had read of its round. */
export interface Round {
  readonly kind: RoundKind
  /** Null before its first page. */
  readonly cursor: string | null
}

/** How a complete round ended. */
export type RoundEnd =
  | { readonly _tag: "Applied"; readonly removed: number }
  /** More would have vanished than may without confirmation: nothing was removed. */
  | { readonly _tag: "Withheld"; readonly removals: number; readonly size: number }
  /** It saw fewer objects than there are: nothing was removed. */
  | { readonly _tag: "Incomplete"; readonly existing: number; readonly expected: number | undefined }
