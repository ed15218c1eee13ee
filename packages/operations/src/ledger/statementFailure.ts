/**
 * What the failure of a statement means: whether the database did not answer, and whether it certainly wrote nothing.
 *
 * @module
 */

import { Predicate } from "effect"
import { SqlError } from "effect/sql"

// What a server says before it ends a session: that it shuts down (57P01), has crashed (57P02), is not up yet (57P03), has no
// connection left (53300) or waits no longer (57P05, 25P03, 25P04). The client calls a lost socket retryable, but not these.
const endsOfSession = new Set(["57P01", "57P02", "57P03", "57P05", "53300", "25P03", "25P04"])

const sqlState = ({ reason: { cause } }: SqlError.SqlError) =>
  Predicate.hasProperty(cause, "code") ? String(cause.code) : ""

/** Whether the database did not answer, so that another try may succeed. */
export const isOutage = (error: unknown): boolean =>
  SqlError.isSqlError(error) && (error.isRetryable || endsOfSession.has(sqlState(error)))

/**
 * Whether the database answered that it refuses the statement, and so wrote nothing of it. After a lost connection nobody knows
 * what was written.
 */
export const isRefusal = (error: SqlError.SqlError): boolean => {
  const state = sqlState(error)
  return /^[0-9A-Z]{5}$/.test(state) && !state.startsWith("08") && !endsOfSession.has(state)
}
