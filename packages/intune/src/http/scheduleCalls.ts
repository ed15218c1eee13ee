/**
 * The calls of backup schedules, and of what became of their fire times.
 *
 * @module
 */

import { OperationsApi, Problems } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import { BackupSchedule, ScheduleSlot } from "../backups/BackupSchedule.ts"
import { ScheduleChanged } from "../backups/ScheduleChanges.ts"
import { PreconditionRequired, ScheduleVersionUnknown } from "./ifMatch.ts"
import { Instant, params } from "./shared.ts"

/** A backup schedule on the wire. */
export const ScheduleResource = Schema.Struct({
  ...BackupSchedule.fields,
  nextFireAt: Schema.NullOr(Instant),
  createdAt: Instant,
  updatedAt: Instant
})

const SlotResource = Schema.Struct({ ...ScheduleSlot.fields, fireTime: Instant, decidedAt: Instant })

const ofSchedule = { ...params, schedule: Schema.String }

const OneSchedule = Schema.Struct({ schedule: ScheduleResource })
const withKey = { "idempotency-key": Schema.optionalKey(Schema.String) }
const withVersion = { etag: Schema.String }
const ofVersion = { "if-match": Schema.optionalKey(Schema.String) }
const changeProblems = [
  ...OperationsApi.refusals,
  PreconditionRequired,
  ScheduleChanged,
  ScheduleVersionUnknown
] as const

/** The calls of backup schedules. */
export const scheduleCalls = [
  HttpApiEndpoint.get("schedules", "/tenants/:tenant/backup-schedules", {
    params,
    success: Schema.Struct({ schedules: Schema.Array(ScheduleResource) }),
    error: OperationsApi.refusals
  }).annotateMerge(OpenApi.annotations({ summary: "List backup schedules", description: "Ordered by name." })),
  HttpApiEndpoint.post("createSchedule", "/tenants/:tenant/backup-schedules", {
    params,
    headers: withKey,
    // The service decides who may create before it says what is wrong.
    payload: Schema.Unknown,
    success: HttpApiSchema.WithHeaders(OneSchedule.annotate({ httpApiStatus: 201 }), withVersion),
    error: [...OperationsApi.refusals, Problems.IdempotencyKeyReused]
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Create a backup schedule",
      description:
        "Needs `name`, `cron` and `timeZone`; the rest has defaults. The same request with the same `Idempotency-Key` returns " +
        "the same schedule."
    })
  ),
  HttpApiEndpoint.get("schedule", "/tenants/:tenant/backup-schedules/:schedule", {
    params: ofSchedule,
    success: HttpApiSchema.WithHeaders(
      Schema.Struct({ ...OneSchedule.fields, nextFireTimes: Schema.Array(Instant) }),
      withVersion
    ),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Read a backup schedule",
      description: "Includes its next ten fire times. The `ETag` is its version."
    })
  ),
  HttpApiEndpoint.patch("updateSchedule", "/tenants/:tenant/backup-schedules/:schedule", {
    params: ofSchedule,
    headers: ofVersion,
    payload: Schema.Unknown,
    success: HttpApiSchema.WithHeaders(OneSchedule, withVersion),
    error: changeProblems
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Change a backup schedule",
      description:
        "Changes the settings that are given; `paused` pauses or resumes it. Takes the schedule's `ETag` as `If-Match`: if " +
        "somebody else has changed it meanwhile, the answer is a 412 that names what changed. So it is if the schedule never had that version, which its type says."
    })
  ),
  HttpApiEndpoint.delete("deleteSchedule", "/tenants/:tenant/backup-schedules/:schedule", {
    params: ofSchedule,
    headers: ofVersion,
    success: HttpApiSchema.NoContent,
    error: changeProblems
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Delete a backup schedule",
      description: "Takes its `ETag` as `If-Match`. Its backups stay until they expire."
    })
  ),
  HttpApiEndpoint.get("slots", "/tenants/:tenant/backup-schedules/:schedule/slots", {
    params: ofSchedule,
    query: { before: Schema.optionalKey(Instant), limit: OperationsApi.PageLimit },
    success: Schema.Struct({ slots: Schema.Array(SlotResource) }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({ summary: "List fire times", description: "What became of each, newest first." })
  )
] as const
