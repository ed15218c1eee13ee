import { type Actor, type Problems, ReasonCode, RunId, RunOutcome, Runs, type TenantScope } from "@atlas/operations"
import { Context, DateTime, Duration, Effect, Schema } from "effect"
import type { ReplicaState } from "./ReplicaStore.ts"

/** How old a cached collection is, and what is being done about it. */
export class Freshness extends Schema.Class<Freshness>("@atlas/replica/Freshness")({
  /** When the last complete sync was stored; null if there never was one. */
  completedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** Objects that exist, as far as the cache knows. */
  count: Schema.Int,
  /** The newest run that is not completed. */
  activeRunId: Schema.NullOr(RunId),
  /** The newest completed run, when it ended, how and why. */
  lastRunId: Schema.NullOr(RunId),
  lastAttemptAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  lastOutcome: Schema.NullOr(RunOutcome),
  lastReasonCode: Schema.NullOr(ReasonCode),
  /** Removals that wait for a person's confirmation. */
  withheldRemovals: Schema.NullOr(Schema.Int),
  /** Never completed, or longer ago than the host's limit. */
  stale: Schema.Boolean
}) {}

/** How old a complete sync may be before the cache is called stale. Hosts override it. */
export const StaleAfter = Context.Reference<Duration.Duration>("@atlas/replica/StaleAfter", {
  defaultValue: () => Duration.hours(24)
})

/**
 * Tells how fresh a collection is.
 *
 * @param type the name of its sync
 * @param stateOf reads how it is
 */
export const makeFreshness = Effect.fnUntraced(function* (
  type: string,
  stateOf: (tenant: TenantScope) => Effect.Effect<ReplicaState>
) {
  const runs = yield* Runs
  const staleAfter = yield* StaleAfter

  return Effect.fn("Freshness")(function* (
    actor: Actor,
    tenant: TenantScope
  ): Effect.fn.Return<Freshness, Problems.NotFound | Problems.InvalidInput> {
    const [state, latest, now] = yield* Effect.all([
      stateOf(tenant),
      runs.latest(actor, tenant.tenantId, [type]),
      DateTime.now
    ])
    const last = latest.find(({ status }) => status === "completed")
    const completedAt = state.completedAt === null ? null : DateTime.fromDateUnsafe(state.completedAt)
    return new Freshness({
      completedAt,
      count: state.size,
      activeRunId: latest.find(({ status }) => status !== "completed")?.id ?? null,
      lastRunId: last?.id ?? null,
      lastAttemptAt: last?.completedAt ?? null,
      lastOutcome: last?.outcome ?? null,
      lastReasonCode: last?.reasonCode ?? null,
      withheldRemovals: state.withheld,
      stale: completedAt === null || DateTime.isLessThan(DateTime.addDuration(completedAt, staleAfter), now)
    })
  })
})
