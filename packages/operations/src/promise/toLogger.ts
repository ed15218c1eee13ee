import { Cause, Layer, Logger, References } from "effect"
import { redact, redactingLogger } from "../text/Redaction.ts"
import type { LogEntry } from "./LogEntry.ts"

/** Where log entries go: to the host's own function, or to the console. */
export const toLogger = (log: ((entry: LogEntry) => void) | undefined): Layer.Layer<never> =>
  log === undefined ? redactingLogger() : Logger.layer([Logger.make((options) => log(toEntry(options)))])

const levels: Readonly<Record<string, LogEntry["level"]>> = {
  Fatal: "error",
  Error: "error",
  Warn: "warn",
  Info: "info"
}

const toEntry = ({ message, logLevel, cause, fiber }: Logger.Options<unknown>): LogEntry => {
  const said = (Array.isArray(message) ? message : [message]).map((part) =>
    typeof part === "string" ? part : JSON.stringify(part)
  )
  const why = cause.reasons.length === 0 ? [] : [Cause.pretty(cause)]
  const annotations = fiber.getRef(References.CurrentLogAnnotations)
  return {
    level: levels[logLevel] ?? "debug",
    message: redact([...said, ...why].join(" ")),
    fields: { ...annotations }
  }
}
