/**
 * What the calls of several groups have in common: times, and the tenant in their paths.
 *
 * @module
 */

import { Schema } from "effect"

/** A time on the wire: ISO 8601 in UTC. */
export const Instant = Schema.DateTimeUtcFromString

/** The path of a call in a tenant. */
export const params = { tenant: Schema.String }
