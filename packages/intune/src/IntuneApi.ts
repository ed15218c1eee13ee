import { Authentication, Problems, RunId } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, OpenApi } from "effect/http-api"
import { InventoryItem, InventorySourceState, maxInventoryPage } from "./Inventory.ts"
import { policyTypeNames } from "./PolicyType.ts"

const Instant = Schema.DateTimeUtcFromString

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

// One value of a repeated parameter arrives as a text.
const manyOf = <S extends Schema.Top>(item: S) => Schema.optionalKey(Schema.Union([Schema.Array(item), item]))

const refused = [Problems.NotFound, Problems.Forbidden] as const
const params = { tenant: Schema.String }

/** Reading the inventory of policies. */
export class IntuneApiGroup extends HttpApiGroup.make("intune")
  .add(
    HttpApiEndpoint.get("inventory", "/tenants/:tenant/inventory", {
      params,
      query: {
        query: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
        type: manyOf(Schema.Literals(policyTypeNames)),
        platform: Schema.optionalKey(Schema.String),
        findings: Schema.optionalKey(Schema.Literals(["true", "false"])),
        cursor: Schema.optionalKey(Schema.String),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: maxInventoryPage })))
      },
      success: Schema.Struct({
        items: Schema.Array(InventoryItemResource),
        nextCursor: Schema.NullOr(Schema.String)
      }),
      error: [...refused, Problems.InvalidCursor]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "List the inventory",
        description:
          "Existing policies by title. `type` may be repeated: any of them. `findings`: only what no kind claims."
      })
    ),
    HttpApiEndpoint.get("inventorySummary", "/tenants/:tenant/inventory/summary", {
      params,
      success: InventorySummaryResource,
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "Sum up the inventory", description: "Counts by kind, and how old it is." })
    ),
    HttpApiEndpoint.get("inventoryItem", "/tenants/:tenant/inventory/:source/:id", {
      params: { ...params, source: Schema.String, id: Schema.String },
      success: Schema.Struct({
        item: InventoryItemResource,
        /** What it says; secrets are replaced by references. */
        content: Schema.Json,
        assignments: Schema.NullOr(Schema.Json)
      }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "Read a policy", description: "As it was seen last, also a removed one." })
    )
  )
  .middleware(Authentication)
  .annotateMerge(
    OpenApi.annotations({ title: "Intune", description: "What is configured in a tenant: its inventory of policies." })
  ) {}

/** The HTTP API of policies, below `/api/v1`. */
export class IntuneApi extends HttpApi.make("atlas-intune")
  .add(IntuneApiGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  .prefix("/api/v1") {}
