import { DateTime, Option, Result } from "effect"
import { Headers } from "effect/http"

/**
 * The milliseconds that a `Retry-After` header asks to wait, or none if it cannot be understood. Graph sends whole seconds,
 * fractions (`2.128`), HTTP dates, an empty value or no header.
 *
 * @param now epoch milliseconds
 */
export const millis = (value: string | undefined, now: number): Option.Option<number> => {
  const text = value?.trim() ?? ""
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Option.some(Math.ceil(Number(text) * 1000))
  return Option.map(Result.getSuccess(Headers.parseHttpDate(text)), (date) =>
    Math.max(0, DateTime.toEpochMillis(date) - now)
  )
}
