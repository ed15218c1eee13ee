import { Schema } from "effect"

/** The largest page of runs or events. */
export const maxPageSize = 200

/** How many a page may have. */
export const PageSize = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: maxPageSize }))

/** The number of an event in its timeline; 0 stands before the first. */
export const Sequence = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))

/** A page of a timeline: after which event it begins, and how many it has at most. */
export const EventsPage = Schema.Struct({ after: Sequence, limit: PageSize })
