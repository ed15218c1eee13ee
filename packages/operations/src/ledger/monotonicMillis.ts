import { Clock, Effect } from "effect"

/** Milliseconds on a clock that never jumps. Leases are measured with it. */
export const monotonicMillis: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) =>
  Number(nanos / 1_000_000n)
)
