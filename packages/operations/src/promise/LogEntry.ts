/**
 * What Atlas logs, for the `log` option of `createAtlas`. Secrets are redacted, in messages and in fields.
 *
 * @module
 */

/** A log entry. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly message: string
  /** Such as `runId`, `type`, `workspace`, `tenant` and `attempt`: numbers, booleans, and the rest as text. */
  readonly fields: Readonly<Record<string, unknown>>
}
