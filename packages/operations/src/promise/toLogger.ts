import { Cause, Formatter, type Layer, Logger, Predicate, References } from "effect"
import { redact, redactingLogger } from "../text/Redaction.ts"
import { redactionNamed } from "../text/SecretValues.ts"
import type { LogEntry } from "./LogEntry.ts"

/** Where log entries go: to the host's own function, or to the console. */
export const toLogger = (log: ((entry: LogEntry) => void) | undefined): Layer.Layer<never> =>
  log === undefined ? redactingLogger() : Logger.layer([Logger.make((options) => handOver(log, toEntry(options)))])

/** A log that throws, or whose promise rejects, loses the entry. No run and no process ends for it. */
const handOver = (log: (entry: LogEntry) => unknown, entry: LogEntry) => {
  try {
    void Promise.resolve(log(entry)).catch(() => undefined)
  } catch {
    return
  }
}

const levels: Readonly<Record<string, LogEntry["level"]>> = {
  Fatal: "error",
  Error: "error",
  Warn: "warn",
  Info: "info"
}

const textOf = (value: unknown): string => (Predicate.isString(value) ? value : Formatter.format(value))

/** As in a line of the console's log, the name of a field may say that its value is secret. */
const redactedField = (name: string, value: unknown): unknown => {
  const named = redactionNamed(name)
  if (named !== undefined) return named
  const isPlain = Predicate.isNullish(value) || Predicate.isNumber(value) || Predicate.isBoolean(value)
  return isPlain ? value : redact(textOf(value))
}

const toEntry = ({ message, logLevel, cause, fiber }: Logger.Options<unknown>): LogEntry => {
  const said = (Array.isArray(message) ? message : [message]).map(textOf)
  const why = cause.reasons.length === 0 ? [] : [Cause.pretty(cause)]
  const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations))
  return {
    level: levels[logLevel] ?? "debug",
    message: redact([...said, ...why].join(" ")),
    fields: Object.fromEntries(annotations.map(([name, value]) => [name, redactedField(name, value)]))
  }
}
