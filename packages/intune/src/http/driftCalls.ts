/**
 * The call of what a comparison found.
 *
 * @module
 */

import { OperationsApi, Problems } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import { DriftItem } from "../drift/DriftItem.ts"

/** The calls of differences. */
export const driftCalls = [
  HttpApiEndpoint.get("driftItems", "/operations/:run/drift", {
    params: { run: Schema.String },
    query: {
      afterSource: Schema.optionalKey(Schema.String),
      afterId: Schema.optionalKey(Schema.String),
      limit: OperationsApi.PageLimit
    },
    success: Schema.Struct({ items: Schema.Array(Schema.Struct(DriftItem.fields)) }),
    error: [...OperationsApi.refusals, Problems.RunConflict]
  }).annotateMerge(
    OpenApi.annotations({
      summary: "List differences",
      description:
        "What a run of `drift.compare` found, field by field. A 409 for a run that has not ended, or has no result."
    })
  )
] as const
