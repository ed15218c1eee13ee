/** Something that Atlas has to say, without secrets. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly message: string
  /** Such as `runId`, `type`, `workspace`, `tenant` and `attempt`. */
  readonly fields: Readonly<Record<string, unknown>>
}
