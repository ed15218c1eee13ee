import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Metrics from "../Metrics.ts"
import { OperationCatalog } from "../../definition/OperationCatalog.ts"

/** Measures the active runs in the ledger. Every process measures the same. Database failures are defects. */
export class RunGauges extends Context.Service<
  RunGauges,
  {
    /** Sets the gauges to how many runs of each operation are queued and running. */
    readonly measure: Effect.Effect<void>
  }
>()("@atlas/operations/RunGauges") {
  static readonly layer: Layer.Layer<RunGauges, never, OperationCatalog | SqlClient.SqlClient> = Layer.effect(
    RunGauges,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { operations } = yield* OperationCatalog

      const measure = Effect.gen(function* () {
        const rows = yield* sql<{ type: string; queued: number; running: number; oldest: number }>`
          SELECT type, count(*) FILTER (WHERE status = 'queued')::int AS queued,
            count(*) FILTER (WHERE status = 'running')::int AS running,
            greatest(extract(epoch FROM now() - min(available_at) FILTER (WHERE status = 'queued')), 0)::float8 AS oldest
          FROM operation_runs WHERE status <> 'completed' GROUP BY type`
        const byType = new Map(rows.map((row) => [row.type, row]))
        // An operation without runs is set to 0, so that it does not keep its last value.
        for (const name of new Set([...operations.map(({ name }) => name), ...byType.keys()])) {
          const { queued, running, oldest } = byType.get(name) ?? { queued: 0, running: 0, oldest: 0 }
          yield* Metrics.runsActive(name, { queued, running, oldestDue: oldest ?? 0 })
        }
      }).pipe(Effect.orDie, Effect.withSpan("RunGauges.measure"))

      return RunGauges.of({ measure })
    })
  )
}
