/**
 * The differences that comparisons found, for whoever may view their runs. The service reads the database only; pages and the
 * HTTP API call it.
 *
 * @module
 */

import { type Actor, Decoding, Problems, type Run, Runs, Storable } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { PolicyName } from "../policies/Arguments.ts"
import * as DriftCompare from "./DriftCompare.ts"
import type { DriftItem } from "./DriftItem.ts"
import { makeDriftStore } from "./DriftStore.ts"

const decodePage = Decoding.argumentsOf(
  Schema.Struct({ page: Schema.Struct({ after: Schema.NullOr(PolicyName), limit: Decoding.pageLimit(500) }) })
)

const withoutResult = ({ id, outcome, status }: Run) =>
  new Problems.RunConflict({
    runId: id,
    runStatus: status,
    runOutcome: outcome,
    detail:
      status === "completed"
        ? "The comparison ended without a result: the run says why. Compare again."
        : "The comparison has not ended: ask again when its run is completed."
  })

/** Reads the differences that a comparison found. */
export class PolicyDrift extends Context.Service<
  PolicyDrift,
  {
    /**
     * The differences of a run by collection and id, after the last one that was shown. `limit` is 1 to 500. Fails with
     * `RunConflict` for a run that has not ended, or has ended without a result: nobody knows its differences.
     */
    items(
      actor: Actor,
      runId: string,
      page: { readonly after: Pick<DriftItem, "id" | "source"> | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<DriftItem>, Problems.Refusal | Problems.RunConflict>
  }
>()("@atlas/intune/PolicyDrift") {
  static readonly layer: Layer.Layer<PolicyDrift, never, Runs | SqlClient.SqlClient> = Layer.effect(
    PolicyDrift,
    Effect.gen(function* () {
      const store = yield* makeDriftStore
      const runs = yield* Runs
      const items = Effect.fn("PolicyDrift.items")(function* (
        actor: Actor,
        runId: string,
        given: { readonly after: Pick<DriftItem, "id" | "source"> | null; readonly limit: number }
      ) {
        const { after, limit } = (yield* decodePage({ page: given })).page
        const run = yield* runs.get(actor, runId)
        if (run.type !== DriftCompare.operation.name) return yield* new Problems.NotFound({})
        if (!DriftCompare.hasResult(run)) return yield* withoutResult(run)
        if (after !== null && ![after.source, after.id].every(Storable.is)) return []
        return yield* store.list(run.id, after, limit)
      })
      return PolicyDrift.of({ items })
    })
  )
}
