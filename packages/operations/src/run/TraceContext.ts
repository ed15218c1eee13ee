/**
 * Keeps a run in the trace of the request that started it, in whatever process and however much later it is executed. Hosts run
 * a request's work `within` the request's trace. Workers do so with each attempt.
 *
 * @module
 */
import { Effect, Option } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/** A position in a trace, as W3C Trace Context writes it in `traceparent` (https://www.w3.org/TR/trace-context). */
export type TraceParent = string

/** The `traceparent` of the current work; null where nothing is traced. */
export const current: Effect.Effect<TraceParent | null> = Effect.map(
  Effect.option(Effect.currentSpan),
  Option.match({
    onNone: () => null,
    onSome: (span) => Option.getOrNull(Headers.get(HttpTraceContext.toHeaders(span), "traceparent"))
  })
)

/**
 * Does work as a part of a trace that began elsewhere. An invalid `traceparent` is ignored, as the standard asks.
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
