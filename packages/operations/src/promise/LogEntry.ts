/**
 * What Atlas logs, for the `log` option of `createAtlas`. Secrets in messages are redacted.
 *
 * @module
 */

/** A log entry. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly message: string
  /** Such as `runId`, `type`, `workspace`, `tenant` and `attempt`. */
  readonly fields: Readonly<Record<string, unknown>>
}
