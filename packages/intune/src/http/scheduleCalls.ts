/**
 * The calls of backup schedules, and of what became of their fire times.
 *
 * @module
 */

import { OperationsApi } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import { BackupSchedule, ScheduleSlot } from "../backups/BackupSchedule.ts"
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

/** The calls of backup schedules. */
export const scheduleCalls = [
  HttpApiEndpoint.get("schedules", "/tenants/:tenant/backup-schedules", {
    params,
    success: Schema.Struct({ schedules: Schema.Array(ScheduleResource) }),
    error: OperationsApi.refusals
  }).annotateMerge(OpenApi.annotations({ summary: "List backup schedules", description: "Ordered by name." })),
  HttpApiEndpoint.post("createSchedule", "/tenants/:tenant/backup-schedules", {
    params,
    // The service decides who may create before it says what is wrong.
    payload: Schema.Unknown,
    success: Schema.Struct({ schedule: ScheduleResource }).annotate({ httpApiStatus: 201 }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Create a backup schedule",
      description: "Needs `name`, `cron` and `timeZone`; the rest has defaults."
    })
  ),
  HttpApiEndpoint.get("schedule", "/tenants/:tenant/backup-schedules/:schedule", {
    params: ofSchedule,
    success: Schema.Struct({ schedule: ScheduleResource, nextFireTimes: Schema.Array(Instant) }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({ summary: "Read a backup schedule", description: "Includes its next ten fire times." })
  ),
  HttpApiEndpoint.patch("updateSchedule", "/tenants/:tenant/backup-schedules/:schedule", {
    params: ofSchedule,
    payload: Schema.Unknown,
    success: Schema.Struct({ schedule: ScheduleResource }),
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({
      summary: "Change a backup schedule",
      description: "Changes the settings that are given; `paused` pauses or resumes it."
    })
  ),
  HttpApiEndpoint.delete("deleteSchedule", "/tenants/:tenant/backup-schedules/:schedule", {
    params: ofSchedule,
    success: HttpApiSchema.NoContent,
    error: OperationsApi.refusals
  }).annotateMerge(
    OpenApi.annotations({ summary: "Delete a backup schedule", description: "Its backups stay until they expire." })
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
