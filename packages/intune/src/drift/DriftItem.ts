/**
 * A difference that a comparison found. `PolicyDrift` returns it; pages and the HTTP API show it.
 *
 * @module
 */

import { Schema } from "effect"
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
