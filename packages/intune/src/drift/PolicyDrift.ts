/**
 * The differences that comparisons found, for whoever may view their runs. The service reads the database only; pages and the
 * HTTP API call it.
 *
 * @module
 */

import { type Actor, Decoding, isStorable, Problems, Runs } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { PolicyName } from "../policies/Arguments.ts"
import * as DriftCompare from "./DriftCompare.ts"
import { FieldDifference } from "../policies/PolicyDiff.ts"

/** A policy that differs between two states. */
export class DriftItem extends Schema.Class<DriftItem>("@atlas/intune/DriftItem")({
  source: Schema.String,
  id: Schema.String,
  type: Schema.NullOr(Schema.String),
  title: Schema.String,
  change: Schema.Literals(["added", "removed", "changed"]),
  /** Null unless the policy changed. */
  difference: Schema.NullOr(Schema.Struct({ fields: Schema.Array(FieldDifference), more: Schema.Int }))
}) {}

const decodePage = Decoding.argumentsOf(
  Schema.Struct({ page: Schema.Struct({ after: Schema.NullOr(PolicyName), limit: Decoding.pageLimit(500) }) })
)

/** Reads the differences that a comparison found. */
export class PolicyDrift extends Context.Service<
  PolicyDrift,
  {
    /** The differences of a run by collection and id, after the last one that was shown. `limit` is 1 to 500. */
    items(
      actor: Actor,
      runId: string,
      page: { readonly after: Pick<DriftItem, "id" | "source"> | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<DriftItem>, Problems.Refusal>
  }
>()("@atlas/intune/PolicyDrift") {
  static readonly layer: Layer.Layer<PolicyDrift, never, Runs | SqlClient.SqlClient> = Layer.effect(
    PolicyDrift,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Runs
      const decode = Schema.decodeUnknownEffect(Schema.Array(DriftItem))
      const items = Effect.fn("PolicyDrift.items")(function* (
        actor: Actor,
        runId: string,
        given: { readonly after: Pick<DriftItem, "id" | "source"> | null; readonly limit: number }
      ) {
        const { after, limit } = (yield* decodePage({ page: given })).page
        const run = yield* runs.get(actor, runId)
        if (run.type !== DriftCompare.operation.name) return yield* new Problems.NotFound({})
        if (after !== null && ![after.source, after.id].every(isStorable)) return []
        const later = after === null ? sql`true` : sql`(source, id) > (${after.source}, ${after.id})`
        const rows = sql`
          SELECT source, id, type, title, change, difference FROM policy_drift
          WHERE run_id = ${run.id}::uuid AND ${later} ORDER BY source, id
          LIMIT ${limit}`
        return yield* Effect.orDie(decode(yield* Effect.orDie(rows)))
      })
      return PolicyDrift.of({ items })
    })
  )
}
