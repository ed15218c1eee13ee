/**
 * The calls of the inventory: what exists in a tenant, and what a policy says.
 *
 * @module
 */

import { Decoding, OperationsApi, Problems, RunId } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import { InventoryItem, InventorySourceState, maxInventoryPage } from "../inventory/Inventory.ts"
import { policyTypeNames } from "../policies/PolicyType.ts"
import { Instant, params } from "./shared.ts"

/** A policy of the inventory on the wire. */
export const InventoryItemResource = Schema.Struct({
  ...InventoryItem.fields,
  lastModified: Schema.NullOr(Instant),
  seenAt: Instant,
  firstSeenAt: Instant,
  changedAt: Instant,
  removedAt: Schema.NullOr(Instant)
})

/** The inventory at a glance, on the wire. */
export const InventorySummaryResource = Schema.Struct({
  count: Schema.Int,
  types: Schema.Array(Schema.Struct({ type: Schema.NullOr(Schema.String), count: Schema.Int })),
  platforms: Schema.Array(Schema.String),
  sources: Schema.Array(Schema.Struct({ ...InventorySourceState.fields, completedAt: Schema.NullOr(Instant) })),
  completedAt: Schema.NullOr(Instant),
  withheldRemovals: Schema.Int,
  activeRunId: Schema.NullOr(RunId),
  lastRunId: Schema.NullOr(RunId)
})

/** The calls of the inventory. */
export const inventoryCalls = [
  HttpApiEndpoint.get("inventory", "/tenants/:tenant/inventory", {
    params,
    query: {
      query: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
      type: OperationsApi.repeatable(Schema.Literals(policyTypeNames)),
      platform: Schema.optionalKey(Schema.String),
      findings: Schema.optionalKey(Schema.Literals(["true", "false"])),
      cursor: Schema.optionalKey(Schema.String),
      limit: Schema.optionalKey(Decoding.pageLimit(maxInventoryPage))
    },
    success: Schema.Struct({
      items: Schema.Array(InventoryItemResource),
      nextCursor: Schema.NullOr(Schema.String)
    }),
    error: [...OperationsApi.refusals, Problems.InvalidCursor]
  }).annotateMerge(
    OpenApi.annotations({
      summary: "List the inventory",
      description:
        "Existing policies by title. Repeat `type` for any of several kinds; `findings` lists only those with a finding."
    })
  ),
  HttpApiEndpoint.get("inventorySummary", "/tenants/:tenant/inventory/summary", {
    params,
    success: InventorySummaryResource,
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Sum up the inventory",
      description: "Counts by kind, and when it was last complete."
    })
  ),
  HttpApiEndpoint.get("inventoryItem", "/tenants/:tenant/inventory/:source/:id", {
    params: { ...params, source: Schema.String, id: Schema.String },
    success: Schema.Struct({
      item: InventoryItemResource,
      /** What the policy says; references replace secrets. */
      content: Schema.Json,
      assignments: Schema.NullOr(Schema.Json)
    }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({ summary: "Read a policy", description: "As it was last seen, even if it was removed." })
  )
] as const
