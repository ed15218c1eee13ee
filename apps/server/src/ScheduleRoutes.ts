import { Backups, BackupSchedules, BackupTypes, manageBackups, nextFireTimes } from "@atlas/intune"
import { Authorization, legacyKinds } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context, Hono } from "hono"
import { readNothing } from "./FormInput.ts"
import { makeLegacyHistory } from "./LegacyHistory.ts"
import { tenantHref } from "./pages/components/format.ts"
import { ScheduleDeletePage } from "./pages/ScheduleDeletePage.tsx"
import { ScheduleFormPage } from "./pages/ScheduleFormPage.tsx"
import { SchedulePage } from "./pages/SchedulePage.tsx"
import { SchedulesPage } from "./pages/SchedulesPage.tsx"
import { html, makeRequests, redirect } from "./Requests.ts"
import { makeRunRows } from "./RunRows.ts"
import { fieldsOf, readFields, settingsOf } from "./ScheduleForm.ts"
import { makeTenantAccess } from "./TenantAccess.ts"

const section = "/admin/tenants"
const shownTimes = 10
const shownRows = 20

const legacy = legacyKinds.find(({ table }) => table === "backup_schedule_runs")

const idOf = (c: Context) => c.req.param("schedule") ?? ""
const hrefOf = (tenant: { readonly id: string }, schedule = "") =>
  `${tenantHref(tenant.id)}/backup-schedules${schedule === "" ? "" : `/${schedule}`}`

/** A tenant's backup schedules: making, changing, pausing, deleting them, and what they did. */
export const makeScheduleRoutes = Effect.gen(function* () {
  const door = yield* Authorization
  const schedules = yield* BackupSchedules
  const backups = yield* Backups
  const historyOf = yield* makeLegacyHistory
  const rows = yield* makeRunRows
  const tenantOf = yield* makeTenantAccess
  const { page } = yield* makeRequests

  const list = page(
    section,
    Effect.fn("SchedulesPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const found = yield* schedules.list(actor, tenant.id)
      const missingCapability = grant.capabilities.has(manageBackups) ? null : manageBackups
      return yield* html(
        c,
        SchedulesPage({ shell, tenant, schedules: found, missingCapability, now: yield* DateTime.now })
      )
    })
  )

  const view = page(
    section,
    Effect.fn("SchedulePage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const schedule = yield* schedules.get(actor, tenant.id, idOf(c))
      const now = yield* DateTime.now
      const [slots, made, executions, history] = yield* Effect.all([
        schedules.slots(actor, tenant.id, schedule.id, { before: null, limit: shownRows }),
        backups.list(actor, tenant.id, { schedule: schedule.id, before: null, limit: shownRows }),
        schedules.executions(actor, tenant.id, schedule.id, shownRows),
        legacy === undefined
          ? Effect.succeed(null)
          : historyOf(actor, legacy, tenant.id, { before: null, limit: shownRows })
      ])
      return yield* html(
        c,
        SchedulePage({
          shell,
          tenant,
          schedule,
          nextTimes: nextFireTimes(schedule, now, shownTimes),
          slots,
          executions: rows(executions, [tenant]),
          backups: made,
          legacy: history,
          mayRun: grant.capabilities.has(BackupTypes.runNow.capabilities.start),
          mayManage: grant.capabilities.has(manageBackups),
          nonces: { runNow: SecureRandom.uuidV4Unsafe(), retry: SecureRandom.uuidV4Unsafe() },
          now
        })
      )
    })
  )

  const form = (existing: boolean) =>
    page(
      section,
      Effect.fn("ScheduleFormPage")(function* ({ c, actor, shell }) {
        const { grant, tenant } = yield* tenantOf(actor, c)
        const schedule = existing ? yield* schedules.get(actor, tenant.id, idOf(c)) : null
        yield* door.require(actor, grant, [manageBackups], "backup_schedule")
        return yield* html(c, ScheduleFormPage({ shell, tenant, schedule, fields: fieldsOf(schedule), problems: [] }))
      })
    )

  const save = (existing: boolean) =>
    page(
      section,
      Effect.fn("ScheduleSave")(function* ({ c, actor, shell }) {
        const { tenant } = yield* tenantOf(actor, c)
        const schedule = existing ? yield* schedules.get(actor, tenant.id, idOf(c)) : null
        const fields = yield* readFields(c)
        const settings = settingsOf(fields)
        const saved =
          schedule === null
            ? schedules.create(actor, tenant.id, settings)
            : schedules.update(actor, tenant.id, schedule.id, settings)
        return yield* saved.pipe(
          Effect.map(({ id }) => redirect(hrefOf(tenant, id), 303)),
          Effect.catchTag("InvalidInput", ({ errors }) =>
            html(c, ScheduleFormPage({ shell, tenant, schedule, fields, problems: errors }), 422)
          )
        )
      })
    )

  const pause = (paused: boolean) =>
    page(
      section,
      Effect.fn("SchedulePause")(function* ({ c, actor }) {
        yield* readNothing(c)
        const { tenant } = yield* tenantOf(actor, c)
        const { id } = yield* schedules.pause(actor, tenant.id, idOf(c), paused)
        return redirect(hrefOf(tenant, id), 303)
      })
    )

  const confirm = page(
    section,
    Effect.fn("ScheduleDeletePage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const schedule = yield* schedules.get(actor, tenant.id, idOf(c))
      yield* door.require(actor, grant, [manageBackups], "backup_schedule")
      return yield* html(c, ScheduleDeletePage({ shell, tenant, schedule }))
    })
  )

  const remove = page(
    section,
    Effect.fn("ScheduleDelete")(function* ({ c, actor }) {
      yield* readNothing(c)
      const { tenant } = yield* tenantOf(actor, c)
      yield* schedules.remove(actor, tenant.id, idOf(c))
      return redirect(hrefOf(tenant), 303)
    })
  )

  return (app: Hono) => {
    const all = `${section}/:tenant/backup-schedules`
    app.get(all, list)
    app.post(all, save(false))
    app.get(`${all}/new`, form(false))
    app.get(`${all}/:schedule`, view)
    app.post(`${all}/:schedule`, save(true))
    app.get(`${all}/:schedule/edit`, form(true))
    app.post(`${all}/:schedule/pause`, pause(true))
    app.post(`${all}/:schedule/resume`, pause(false))
    app.get(`${all}/:schedule/delete`, confirm)
    app.post(`${all}/:schedule/delete`, remove)
  }
})
