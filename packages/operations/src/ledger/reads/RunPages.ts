/**
 * The limits of pages of runs and events, for the schemas that decode the arguments of public functions.
 *
 * @module
 */

import { Schema } from "effect"
import { pageLimit } from "../../boundary/Decoding.ts"

/** The largest page of runs or events. */
export const maxPageSize = 200

/** How many items a page may have. */
export const PageSize = pageLimit(maxPageSize)

/** The sequence number of an event in its timeline; 0 stands before the first. */
export const Sequence = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))

/** A page of a timeline: the event after which it begins, and how many events it has at most. */
export const EventsPage = Schema.Struct({ after: Sequence, limit: PageSize })
