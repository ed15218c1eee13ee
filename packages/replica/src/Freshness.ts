/**
 * How old a copy is, from its tables and the runs of its sync. Readers of a copy return this with every answer, so that pages
 * never show cached data without its age.
 *
 * @module
 */
import { type Actor, type Problems, ReasonCode, RunId, RunOutcome, Runs, type TenantScope } from "@atlas/operations"
import { Context, DateTime, Duration, Effect, Schema } from "effect"
import type { ReplicaState } from "./ReplicaStore.ts"

/** The age of a copy, and the runs that renew it. */
export class Freshness extends Schema.Class<Freshness>("@atlas/replica/Freshness")({
  /** When the last complete round was stored; null if there was none. */
  completedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** Objects that exist, as far as the copy knows. */
  count: Schema.Int,
  /** The newest run that has not completed. */
  activeRunId: Schema.NullOr(RunId),
  /** The newest completed run; below, when, how and why it ended. */
  lastRunId: Schema.NullOr(RunId),
  lastAttemptAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  lastOutcome: Schema.NullOr(RunOutcome),
  lastReasonCode: Schema.NullOr(ReasonCode),
  /** The number of removals that wait for a person's confirmation. */
  withheldRemovals: Schema.NullOr(Schema.Int),
  /** The copy was never complete, or was last complete longer ago than `StaleAfter`. */
  stale: Schema.Boolean
}) {}

/** How old a complete copy may be before it is stale. Default 24 hours. Hosts override it. */
export const StaleAfter = Context.Reference<Duration.Duration>("@atlas/replica/StaleAfter", {
  defaultValue: () => Duration.hours(24)
})

/**
 * Makes the function that returns a copy's freshness to an actor who may view its runs, of the name of the operation that makes
 * the copy and of `ReplicaStore.state`.
 *
 * @example
 * ```ts
 * const store = makeReplicaStore(sql, tags)
 * const freshnessOf = yield* makeFreshness(syncTags.name, store.state)
 * const { count, lastRunId, stale } = yield* freshnessOf(actor, scope)
 * ```
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
