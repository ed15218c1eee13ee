import { sqlText } from "@atlas/operations"
import type { Collection } from "@atlas/replica"
import type { Schema } from "effect"
import type { Statement } from "effect/sql"

/** A cached collection of a tenant's directory: how it is copied, and what a search must know of its rows. */
export interface DirectoryCollection<A extends { readonly id: string }, Filter extends string> extends Collection {
  /** The select list whose rows `schema` decodes. */
  readonly columns: Statement.Fragment
  readonly schema: Schema.Decoder<A>
  /** The SQL condition of each filter. */
  readonly filters: Readonly<Record<Filter, Statement.Fragment>>
}

/** The tables that all collections share: the state of each copy, and what a round has seen. */
export const shared = { rounds: sqlText`directory_syncs`, sightings: sqlText`directory_sightings` }
