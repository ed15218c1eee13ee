/**
 * Which removals a round makes by itself, and which wait for a person. Every copy asks here, and nowhere else.
 *
 * A collection that suddenly looks empty is more often a mistake than an intention: a permission was revoked, a licence has
 * lapsed, a service answered with nothing. Such a mistake looks the same every night, so seeing it twice proves nothing; only
 * a person can tell. But each removal that waits costs somebody a look, and an operator of 500 tenants has thousands of small
 * collections in which one object is a large share. Therefore:
 *
 * - A round removes up to a share of a collection: `RemovalGuard`, a quarter by default.
 * - It removes one object however small the collection is. Of two policies, one can be deleted without a question.
 * - It never removes the last object. The mistakes have in common that nothing is left.
 * - A person who has looked confirms a number, and the run removes at most that many.
 *
 * A round that would remove more removes nothing, since a part of a mistake is a mistake. Everything stays as it was, the run
 * reports `removals_withheld`, and the next round decides again.
 *
 * @module
 */
import { Context, Effect, Schema } from "effect"
import type { SqlClient, Statement } from "effect/sql"

/**
 * The largest share of a collection, from 0 to 1, that one round removes without a person's confirmation. With 0 every removal
 * waits for a person, with 1 none does. Default 0.25. Hosts override it.
 */
export const RemovalGuard = Context.Reference<number>("@atlas/replica/RemovalGuard", { defaultValue: () => 0.25 })

/** How many removals a person has seen and confirmed, for the input of a sync. */
export const ConfirmedRemovals = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000_000 }))

/** What a round may remove. */
export interface Allowance {
  /** From `RemovalGuard`. */
  readonly share: number
  /** How many a person has confirmed. */
  readonly confirmed: number
}

const decodeShare = Schema.decodeUnknownEffect(
  Schema.Number.check(
    Schema.isBetween({ minimum: 0, maximum: 1 }, { message: "RemovalGuard must be a number from 0 to 1" })
  )
)

/** The host's share. A value outside 0 to 1 is a defect. */
export const guardedShare: Effect.Effect<number> = Effect.orDie(Effect.flatMap(RemovalGuard, decodeShare))

/** The most removals that are allowed, as SQL; `size` is the SQL of how many objects the collection has. */
export const mostRemovals = (
  sql: SqlClient.SqlClient,
  size: Statement.Fragment,
  { confirmed, share }: Allowance
): Statement.Fragment => sql`
  greatest(${confirmed}::int, CASE WHEN ${share}::float8 >= 1 THEN ${size} WHEN ${share}::float8 > 0
    THEN least(greatest(1, floor(${size} * ${share}::float8)), ${size} - 1) ELSE 0 END)`
