/**
 * The calls of restores: plan, read, confirm and archive.
 *
 * @module
 */

import { OperationsApi, RunId } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import { Restore, RestoreAction, RestoreItem } from "../restores/Restore.ts"
import { RestoreConflict } from "../restores/RestoreChanges.ts"
import { Instant, params } from "./shared.ts"

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
  count: Schema.Int,
  noted: Schema.Int
})

const PlannedResource = Schema.Struct({
  restore: RestoreResource,
  disposition: Schema.Literals(["created", "existing", "blocked"]),
  runId: RunId
}).annotate({ httpApiStatus: 202 })

const ofRestore = { ...params, restore: Schema.String }
const withKey = { "idempotency-key": Schema.optionalKey(Schema.String) }

/** The calls of restores. */
export const restoreCalls = [
  HttpApiEndpoint.get("restores", "/tenants/:tenant/restores", {
    params,
    query: { before: Schema.optionalKey(Schema.String), limit: OperationsApi.PageLimit },
    success: Schema.Struct({ restores: Schema.Array(RestoreResource) }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({ summary: "List restores", description: "Newest first, older than the id in `before`." })
  ),
  HttpApiEndpoint.post("planRestore", "/tenants/:tenant/restores", {
    params,
    headers: withKey,
    payload: Schema.Unknown,
    success: PlannedResource,
    error: [...OperationsApi.refusals, ...OperationsApi.startProblems]
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Plan a restore",
      description:
        "Takes a `backup`, some `items` or null for all, and `withAssignments`; also `values` for members that an earlier plan " +
        "calls `lacking`, each with `source`, `id`, `path` and `value`. Starts a preview, which changes nothing. " +
        "The same request with the same `Idempotency-Key` returns the same restore."
    })
  ),
  HttpApiEndpoint.post("planRestoreAgain", "/tenants/:tenant/restores/:restore/plan", {
    params: ofRestore,
    success: PlannedResource,
    error: [...OperationsApi.refusals, ...OperationsApi.startProblems, RestoreConflict]
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Plan a restore again",
      description: "Starts another preview of a restore whose preview ended without a plan."
    })
  ),
  HttpApiEndpoint.get("restore", "/tenants/:tenant/restores/:restore", {
    params: ofRestore,
    success: Schema.Struct({ restore: RestoreResource, tally: Schema.Array(TallyResource) }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Read a restore",
      description: "Includes how many policies have which action and result."
    })
  ),
  HttpApiEndpoint.get("restoreItems", "/tenants/:tenant/restores/:restore/items", {
    params: ofRestore,
    query: {
      action: OperationsApi.repeatable(RestoreAction),
      afterSource: Schema.optionalKey(Schema.String),
      afterId: Schema.optionalKey(Schema.String),
      limit: OperationsApi.PageLimit
    },
    success: Schema.Struct({ items: Schema.Array(RestoreItemResource) }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({
      summary: "List what a restore does",
      description:
        "What is planned for each policy, field by field, and what became of it. Repeat `action` for any of several actions."
    })
  ),
  HttpApiEndpoint.post("confirmRestore", "/tenants/:tenant/restores/:restore/confirm", {
    params: ofRestore,
    headers: withKey,
    payload: Schema.Unknown,
    success: [
      OperationsApi.removedStart,
      Schema.Struct({
        disposition: Schema.Literals(["created", "existing", "blocked"]),
        runId: RunId
      }).annotate({ httpApiStatus: 202 })
    ],
    error: [...OperationsApi.refusals, ...OperationsApi.startProblems, RestoreConflict]
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Confirm a restore",
      description:
        'Send the tenant\'s name as `{ "tenantName": … }`. Starts the restore, once for each `Idempotency-Key`. ' +
        "Once retention has removed the run of the key, the answer is a 200 with how that run ended."
    })
  ),
  HttpApiEndpoint.post("archiveRestore", "/tenants/:tenant/restores/:restore/archive", {
    params: ofRestore,
    success: Schema.Struct({ restore: RestoreResource }),
    error: [...OperationsApi.refusals, RestoreConflict]
  }).annotateMerge(
    OpenApi.annotations({ summary: "Archive a restore", description: "Nobody can execute it any more." })
  )
] as const
