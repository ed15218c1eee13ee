import { Effect, Option } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/** The trace that something belongs to, as W3C Trace Context writes it in `traceparent` (https://www.w3.org/TR/trace-context). */
export type TraceParent = string

/** Where the current work belongs; null where nothing is traced. */
export const current: Effect.Effect<TraceParent | null> = Effect.map(
  Effect.option(Effect.currentSpan),
  Option.match({
    onNone: () => null,
    onSome: (span) => Option.getOrNull(Headers.get(HttpTraceContext.toHeaders(span), "traceparent"))
  })
)

/**
 * Does work as a part of a trace that began elsewhere. What is no valid `traceparent` is left out, as the standard asks.
 *
 * @param traceparent of the span that caused the work
 */
export const within =
  (traceparent: TraceParent | null | undefined) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    if (typeof traceparent !== "string") return work
    const parent = HttpTraceContext.w3c(Headers.fromRecordUnsafe({ traceparent }))
    return Option.isSome(parent) ? (Effect.withParentSpan(work, parent.value) as Effect.Effect<A, E, R>) : work
  }
