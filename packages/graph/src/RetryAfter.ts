import { DateTime, Option, Result } from "effect"
import { Headers } from "effect/http"

/**
 * The wait that a provider asks for. Graph sends whole seconds, fractions (`2.128`), HTTP dates, an empty value or none.
 *
 * @param value the `Retry-After` header
 * @param now epoch milliseconds
 * @returns milliseconds, or none where the header says nothing that can be understood
 */
export const millis = (value: string | undefined, now: number): Option.Option<number> => {
  const text = value?.trim() ?? ""
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Option.some(Math.ceil(Number(text) * 1000))
  return Option.map(Result.getSuccess(Headers.parseHttpDate(text)), (date) =>
    Math.max(0, DateTime.toEpochMillis(date) - now)
  )
}
