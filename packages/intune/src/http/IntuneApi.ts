/**
 * The declaration of the HTTP API of policies: inventory, schedules, backups, restores and comparisons. `IntuneHttp.layer`
 * serves it; typed clients and the OpenAPI document follow from it.
 *
 * @module
 */

import { OperationsApi, Problems, RunId } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api"
import { BackupItem, BackupSet } from "../backups/BackupSet.ts"
import { BackupSchedule, ScheduleSlot } from "../backups/BackupSchedule.ts"
import { InventoryItem, InventorySourceState, maxInventoryPage } from "../inventory/Inventory.ts"
import { DriftItem } from "../drift/PolicyDrift.ts"
import { Restore, RestoreItem } from "../restores/Restore.ts"
import { RestoreConflict } from "../restores/RestoreChanges.ts"
import { policyTypeNames } from "../policies/PolicyType.ts"

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

/** A backup schedule on the wire. */
export const ScheduleResource = Schema.Struct({
  ...BackupSchedule.fields,
  nextFireAt: Schema.NullOr(Instant),
  createdAt: Instant,
  updatedAt: Instant
})

const SlotResource = Schema.Struct({ ...ScheduleSlot.fields, fireTime: Instant, decidedAt: Instant })

/** A backup on the wire. */
export const BackupResource = Schema.Struct({
  ...BackupSet.fields,
  createdAt: Instant,
  sealedAt: Schema.NullOr(Instant),
  expiredAt: Schema.NullOr(Instant)
})

const ItemResource = Schema.Struct(BackupItem.fields)

/** A restore on the wire. */
export const RestoreResource = Schema.Struct({
  ...Restore.fields,
  createdAt: Instant,
  plannedAt: Schema.NullOr(Instant),
  confirmedAt: Schema.NullOr(Instant),
  doneAt: Schema.NullOr(Instant),
  archivedAt: Schema.NullOr(Instant)
})

const RestoreItemResource = Schema.Struct(RestoreItem.fields)
const TallyResource = Schema.Struct({
  action: RestoreItem.fields.action,
  result: RestoreItem.fields.result,
  count: Schema.Int
})
// The refusals of a start, besides those for want of a capability.
const notStarted = [
  Problems.InvalidInput,
  Problems.IdempotencyKeyRequired,
  Problems.IdempotencyKeyReused,
  Problems.NotSupported,
  Problems.OperationBusy
] as const
const PageSize = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 })))

// A repeated parameter with one value arrives as text.
const manyOf = <S extends Schema.Top>(item: S) => Schema.optionalKey(Schema.Union([Schema.Array(item), item]))

const refused = [Problems.NotFound, Problems.Forbidden, Problems.InvalidInput] as const
const params = { tenant: Schema.String }
const ofSchedule = { ...params, schedule: Schema.String }
const ofRestore = { ...params, restore: Schema.String }
const withKey = { "idempotency-key": Schema.optionalKey(Schema.String) }
const PlannedResource = Schema.Struct({
  restore: RestoreResource,
  disposition: Schema.Literals(["created", "existing", "blocked"]),
  runId: RunId
}).annotate({ httpApiStatus: 202 })
const ofBackup = { ...params, backup: Schema.String }

/** The calls of the API. */
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
          "Existing policies by title. Repeat `type` for any of several kinds; `findings` lists only those with a finding."
      })
    ),
    HttpApiEndpoint.get("inventorySummary", "/tenants/:tenant/inventory/summary", {
      params,
      success: InventorySummaryResource,
      error: refused
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
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "Read a policy", description: "As it was last seen, even if it was removed." })
    )
  )
  .add(
    HttpApiEndpoint.get("schedules", "/tenants/:tenant/backup-schedules", {
      params,
      success: Schema.Struct({ schedules: Schema.Array(ScheduleResource) }),
      error: refused
    }).annotateMerge(OpenApi.annotations({ summary: "List backup schedules", description: "Ordered by name." })),
    HttpApiEndpoint.post("createSchedule", "/tenants/:tenant/backup-schedules", {
      params,
      // The service decides who may create before it says what is wrong.
      payload: Schema.Unknown,
      success: Schema.Struct({ schedule: ScheduleResource }).annotate({ httpApiStatus: 201 }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Create a backup schedule",
        description: "Needs `name`, `cron` and `timeZone`; the rest has defaults."
      })
    ),
    HttpApiEndpoint.get("schedule", "/tenants/:tenant/backup-schedules/:schedule", {
      params: ofSchedule,
      success: Schema.Struct({ schedule: ScheduleResource, nextFireTimes: Schema.Array(Instant) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "Read a backup schedule", description: "Includes its next ten fire times." })
    ),
    HttpApiEndpoint.patch("updateSchedule", "/tenants/:tenant/backup-schedules/:schedule", {
      params: ofSchedule,
      payload: Schema.Unknown,
      success: Schema.Struct({ schedule: ScheduleResource }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Change a backup schedule",
        description: "Changes the settings that are given; `paused` pauses or resumes it."
      })
    ),
    HttpApiEndpoint.delete("deleteSchedule", "/tenants/:tenant/backup-schedules/:schedule", {
      params: ofSchedule,
      success: HttpApiSchema.NoContent,
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "Delete a backup schedule", description: "Its backups stay until they expire." })
    ),
    HttpApiEndpoint.get("slots", "/tenants/:tenant/backup-schedules/:schedule/slots", {
      params: ofSchedule,
      query: { before: Schema.optionalKey(Instant), limit: PageSize },
      success: Schema.Struct({ slots: Schema.Array(SlotResource) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "List fire times", description: "What became of each, newest first." })
    ),
    HttpApiEndpoint.get("backups", "/tenants/:tenant/backups", {
      params,
      query: {
        schedule: Schema.optionalKey(Schema.String),
        before: Schema.optionalKey(Schema.String),
        limit: PageSize
      },
      success: Schema.Struct({ backups: Schema.Array(BackupResource) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "List backups", description: "Newest first, older than the id in `before`." })
    ),
    HttpApiEndpoint.get("backup", "/tenants/:tenant/backups/:backup", {
      params: ofBackup,
      success: Schema.Struct({ backup: BackupResource }),
      error: refused
    }).annotateMerge(OpenApi.annotations({ summary: "Read a backup", description: "Includes what it lacks." })),
    HttpApiEndpoint.get("backupItems", "/tenants/:tenant/backups/:backup/items", {
      params: ofBackup,
      query: {
        query: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
        afterTitle: Schema.optionalKey(Schema.String),
        afterSource: Schema.optionalKey(Schema.String),
        afterId: Schema.optionalKey(Schema.String),
        limit: PageSize
      },
      success: Schema.Struct({ items: Schema.Array(ItemResource) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({
        summary: "List what is in a backup",
        description: "Ordered by title, after the item whose title, source and id are given."
      })
    ),
    HttpApiEndpoint.get("backupItem", "/tenants/:tenant/backups/:backup/items/:source/:id", {
      params: { ...ofBackup, source: Schema.String, id: Schema.String },
      success: Schema.Struct({
        item: ItemResource,
        content: Schema.Json,
        assignments: Schema.NullOr(Schema.Json)
      }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "Read a policy of a backup", description: "References replace secrets." })
    )
  )
  .add(
    HttpApiEndpoint.get("restores", "/tenants/:tenant/restores", {
      params,
      query: { before: Schema.optionalKey(Schema.String), limit: PageSize },
      success: Schema.Struct({ restores: Schema.Array(RestoreResource) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({ summary: "List restores", description: "Newest first, older than the id in `before`." })
    ),
    HttpApiEndpoint.post("planRestore", "/tenants/:tenant/restores", {
      params,
      headers: withKey,
      payload: Schema.Unknown,
      success: PlannedResource,
      error: [...refused, ...notStarted]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Plan a restore",
        description:
          "Takes a `backup`, some `items` or null for all, and `withAssignments`. Starts a preview, which changes nothing. " +
          "The same request with the same `Idempotency-Key` returns the same restore."
      })
    ),
    HttpApiEndpoint.post("planRestoreAgain", "/tenants/:tenant/restores/:restore/plan", {
      params: ofRestore,
      success: PlannedResource,
      error: [...refused, ...notStarted, RestoreConflict]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Plan a restore again",
        description: "Starts another preview of a restore whose preview ended without a plan."
      })
    ),
    HttpApiEndpoint.get("restore", "/tenants/:tenant/restores/:restore", {
      params: ofRestore,
      success: Schema.Struct({ restore: RestoreResource, tally: Schema.Array(TallyResource) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Read a restore",
        description: "Includes how many policies have which action and result."
      })
    ),
    HttpApiEndpoint.get("restoreItems", "/tenants/:tenant/restores/:restore/items", {
      params: ofRestore,
      query: {
        afterSource: Schema.optionalKey(Schema.String),
        afterId: Schema.optionalKey(Schema.String),
        limit: PageSize
      },
      success: Schema.Struct({ items: Schema.Array(RestoreItemResource) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({
        summary: "List what a restore does",
        description: "What is planned for each policy, field by field, and what became of it."
      })
    ),
    HttpApiEndpoint.post("confirmRestore", "/tenants/:tenant/restores/:restore/confirm", {
      params: ofRestore,
      headers: withKey,
      payload: Schema.Unknown,
      success: Schema.Struct({
        disposition: Schema.Literals(["created", "existing", "blocked"]),
        runId: RunId
      }).annotate({ httpApiStatus: 202 }),
      error: [...refused, ...notStarted, RestoreConflict]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Confirm a restore",
        description:
          'Send the tenant\'s name as `{ "tenantName": … }`. Starts the restore, once for each `Idempotency-Key`.'
      })
    ),
    HttpApiEndpoint.post("archiveRestore", "/tenants/:tenant/restores/:restore/archive", {
      params: ofRestore,
      success: Schema.Struct({ restore: RestoreResource }),
      error: [...refused, RestoreConflict]
    }).annotateMerge(
      OpenApi.annotations({ summary: "Archive a restore", description: "Nobody can execute it any more." })
    ),
    HttpApiEndpoint.get("driftItems", "/operations/:run/drift", {
      params: { run: Schema.String },
      query: {
        afterSource: Schema.optionalKey(Schema.String),
        afterId: Schema.optionalKey(Schema.String),
        limit: PageSize
      },
      success: Schema.Struct({ items: Schema.Array(Schema.Struct(DriftItem.fields)) }),
      error: refused
    }).annotateMerge(
      OpenApi.annotations({
        summary: "List differences",
        description: "What a run of `drift.compare` found, field by field."
      })
    )
  )
  .middleware(OperationsApi.Authentication)
  .annotateMerge(
    OpenApi.annotations({
      title: "Intune",
      description: "What is configured in a tenant: inventory, backups, restores and comparisons of policies."
    })
  ) {}

/** The HTTP API of policies, below `/api/v1`. */
export class IntuneApi extends HttpApi.make("atlas-intune")
  .add(IntuneApiGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  .prefix("/api/v1") {}
