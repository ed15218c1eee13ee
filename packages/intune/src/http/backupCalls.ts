/**
 * The calls of backups, and of the policies in them.
 *
 * @module
 */

import { OperationsApi } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import { BackupItem, BackupSet } from "../backups/BackupSet.ts"
import { Instant, params } from "./shared.ts"

/** A backup on the wire. */
export const BackupResource = Schema.Struct({
  ...BackupSet.fields,
  createdAt: Instant,
  sealedAt: Schema.NullOr(Instant),
  expiredAt: Schema.NullOr(Instant)
})

const ItemResource = Schema.Struct(BackupItem.fields)

const ofBackup = { ...params, backup: Schema.String }

/** The calls of backups. */
export const backupCalls = [
  HttpApiEndpoint.get("backups", "/tenants/:tenant/backups", {
    params,
    query: {
      schedule: Schema.optionalKey(Schema.String),
      before: Schema.optionalKey(Schema.String),
      limit: OperationsApi.PageLimit
    },
    success: Schema.Struct({ backups: Schema.Array(BackupResource) }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({ summary: "List backups", description: "Newest first, older than the id in `before`." })
  ),
  HttpApiEndpoint.get("backup", "/tenants/:tenant/backups/:backup", {
    params: ofBackup,
    success: Schema.Struct({ backup: BackupResource }),
    error: OperationsApi.refusals
  }).annotateMerge(OpenApi.annotations({ summary: "Read a backup", description: "Includes what it lacks." })),
  HttpApiEndpoint.get("backupItems", "/tenants/:tenant/backups/:backup/items", {
    params: ofBackup,
    query: {
      query: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
      afterTitle: Schema.optionalKey(Schema.String),
      afterSource: Schema.optionalKey(Schema.String),
      afterId: Schema.optionalKey(Schema.String),
      limit: OperationsApi.PageLimit
    },
    success: Schema.Struct({ items: Schema.Array(ItemResource) }),
    error: OperationsApi.refusals
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
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({ summary: "Read a policy of a backup", description: "References replace secrets." })
  )
] as const
