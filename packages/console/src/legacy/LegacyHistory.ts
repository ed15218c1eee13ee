import { type LegacyKind, LegacyRuns } from "@atlas/legacy"
import { type Actor, type Problems, Runs } from "@atlas/operations"
import { Effect } from "effect"
import type { HistoryList } from "./LegacyHistoryPage.tsx"

/** Reads a tenant's records in an old table, with the runs that the actor may see; null if the actor may not see the table. */
export const makeLegacyHistory = Effect.gen(function* () {
  const records = yield* LegacyRuns
  const runs = yield* Runs

  return Effect.fnUntraced(function* (
    actor: Actor,
    kind: LegacyKind,
    tenantId: string,
    { before, limit }: { readonly before: string | null; readonly limit: number }
  ): Effect.fn.Return<HistoryList | null, Problems.Refusal> {
    const found = yield* records
      .list(actor, kind.table, tenantId, { before, limit: limit + 1 })
      .pipe(Effect.catchTag("Forbidden", () => Effect.succeed(null)))
    if (found === null) return null
    const shown = found.slice(0, limit)
    const mapped = shown.flatMap(({ operationRunId }) => operationRunId ?? [])
    const visible = new Set<string>((yield* runs.getMany(actor, mapped)).map(({ id }) => id))
    return { kind, records: shown, visible, more: found.length > limit }
  })
})
