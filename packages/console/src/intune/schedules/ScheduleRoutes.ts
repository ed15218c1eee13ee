import {
  Backups,
  type BackupSchedule,
  BackupSchedules,
  BackupOperations,
  manageBackups,
  nextFireTimes,
  type ScheduleChanged
} from "@atlas/intune"
import { Authorization } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context } from "hono"
import { Contributions } from "../../shell/Part.ts"
import { ScheduleDeletePage } from "./ScheduleDeletePage.tsx"
import { ScheduleFormPage } from "./ScheduleFormPage.tsx"
import { SchedulePage } from "./SchedulePage.tsx"
import { SchedulesPage } from "./SchedulesPage.tsx"
import { html, makeRequests, type PageProblem, type PageRequest, redirect } from "../../shell/Requests.ts"
import { makeRunRows } from "../../shell/RunRows.ts"
import {
  fieldsOf,
  newKey,
  readFields,
  readVersion,
  type ScheduleFields,
  settingsOf,
  versionOf
} from "./ScheduleForm.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import type { Routes } from "../../shell/Routes.ts"
import { Host } from "../../shell/Host.ts"

const section = "/tenants"
const shownTimes = 10
const shownRows = 20

const idOf = (c: Context) => c.req.param("schedule") ?? ""

/** The routes of a tenant's backup schedules: viewing, creating, changing, pausing and deleting them. */
export const makeScheduleRoutes = Effect.gen(function* () {
  const door = yield* Authorization
  const schedules = yield* BackupSchedules
  const backups = yield* Backups
  const contributions = yield* Contributions
  const rows = yield* makeRunRows
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests
  const hrefOf = (tenant: { readonly id: string }, schedule = "") =>
    `${links.tenant(tenant.id)}/backup-schedules${schedule === "" ? "" : `/${schedule}`}`

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

  /** The schedule's page; after a stale change, with what somebody else has changed. */
  const show = Effect.fn("SchedulePage")(function* ({ c, actor, shell }: PageRequest, stale: ScheduleChanged | null) {
    const { grant, tenant } = yield* tenantOf(actor, c)
    const schedule = yield* schedules.get(actor, tenant.id, idOf(c))
    const now = yield* DateTime.now
    const [slots, made, executions, appendices] = yield* Effect.all([
      schedules.slots(actor, tenant.id, schedule.id, { before: null, limit: shownRows }),
      backups.list(actor, tenant.id, { schedule: schedule.id, before: null, limit: shownRows }),
      schedules.executions(actor, tenant.id, schedule.id, shownRows),
      Effect.forEach(contributions, (part) => part.appendixOf?.("backup-schedule", actor, tenant) ?? Effect.succeed([]))
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
        appendices: appendices.flat(),
        mayRun: grant.capabilities.has(BackupOperations.runNow.capabilities.start),
        mayManage: grant.capabilities.has(manageBackups),
        idempotencyKeys: { runNow: SecureRandom.uuidV4Unsafe(), retry: SecureRandom.uuidV4Unsafe() },
        now,
        meanwhile: stale && { schedule, changed: stale.changed }
      }),
      stale === null ? 200 : stale.status
    )
  })

  const view = page(section, (request) => show(request, null))

  const form = (existing: boolean) =>
    page(
      section,
      Effect.fn("ScheduleFormPage")(function* ({ c, actor, shell }) {
        const { grant, tenant } = yield* tenantOf(actor, c)
        const schedule = existing ? yield* schedules.get(actor, tenant.id, idOf(c)) : null
        yield* door.require(actor, grant, [manageBackups], "backup_schedule")
        return yield* html(c, ScheduleFormPage({ shell, tenant, schedule, fields: fieldsOf(schedule) }))
      })
    )

  /** The form again, with everything as it was typed, and what somebody else has changed meanwhile. */
  const formAgain = Effect.fnUntraced(function* (
    { c, actor, shell }: PageRequest,
    typed: ScheduleFields,
    { changed, status, version }: ScheduleChanged
  ) {
    const { tenant } = yield* tenantOf(actor, c)
    const schedule = yield* schedules.get(actor, tenant.id, idOf(c))
    const fields = { ...typed, version: String(version) }
    return yield* html(
      c,
      ScheduleFormPage({ shell, tenant, schedule, fields, meanwhile: { schedule, changed } }),
      status
    )
  })

  const save = (existing: boolean) =>
    page(
      section,
      Effect.fn("ScheduleSave")(function* (request) {
        const { c, actor, shell } = request
        const { tenant } = yield* tenantOf(actor, c)
        const schedule = existing ? yield* schedules.get(actor, tenant.id, idOf(c)) : null
        const fields = yield* readFields(c)
        const settings = settingsOf(fields)
        const saved: Effect.Effect<BackupSchedule, PageProblem | ScheduleChanged> =
          schedule === null
            ? schedules.create(actor, tenant.id, settings, fields.key === "" ? undefined : fields.key)
            : schedules.update(actor, tenant.id, schedule.id, versionOf(fields.version), settings)
        return yield* saved.pipe(
          Effect.map(({ id }) => redirect(hrefOf(tenant, id), 303)),
          Effect.catchTags({
            InvalidInput: ({ errors }) =>
              html(c, ScheduleFormPage({ shell, tenant, schedule, fields, problems: errors }), 422),
            IdempotencyKeyReused: ({ status }) => {
              const again = { ...fields, key: newKey() }
              return html(c, ScheduleFormPage({ shell, tenant, schedule, fields: again, wasUsed: true }), status)
            },
            ScheduleChanged: (stale) => formAgain(request, fields, stale)
          })
        )
      })
    )

  const pause = (paused: boolean) =>
    page(
      section,
      Effect.fn("SchedulePause")(function* (request) {
        const { c, actor } = request
        const seen = yield* readVersion(c)
        const { tenant } = yield* tenantOf(actor, c)
        return yield* schedules.pause(actor, tenant.id, idOf(c), seen, paused).pipe(
          Effect.map(({ id }) => redirect(hrefOf(tenant, id), 303)),
          Effect.catchTag("ScheduleChanged", (stale) => show(request, stale))
        )
      })
    )

  const confirmation = Effect.fn("ScheduleDeletePage")(function* (
    { c, actor, shell }: PageRequest,
    stale: ScheduleChanged | null
  ) {
    const { grant, tenant } = yield* tenantOf(actor, c)
    const schedule = yield* schedules.get(actor, tenant.id, idOf(c))
    yield* door.require(actor, grant, [manageBackups], "backup_schedule")
    const meanwhile = stale === null ? {} : { meanwhile: { schedule, changed: stale.changed } }
    return yield* html(c, ScheduleDeletePage({ shell, tenant, schedule, ...meanwhile }), stale?.status ?? 200)
  })

  const confirm = page(section, (request) => confirmation(request, null))

  const remove = page(
    section,
    Effect.fn("ScheduleDelete")(function* (request) {
      const { c, actor } = request
      const seen = yield* readVersion(c)
      const { tenant } = yield* tenantOf(actor, c)
      return yield* schedules.remove(actor, tenant.id, idOf(c), seen).pipe(
        Effect.as(redirect(hrefOf(tenant), 303)),
        Effect.catchTag("ScheduleChanged", (stale) => confirmation(request, stale))
      )
    })
  )

  return (routes: Routes) => {
    const all = `${section}/:tenant/backup-schedules`
    routes.get(all, list)
    routes.post(all, save(false))
    routes.get(`${all}/new`, form(false))
    routes.get(`${all}/:schedule`, view)
    routes.post(`${all}/:schedule`, save(true))
    routes.get(`${all}/:schedule/edit`, form(true))
    routes.post(`${all}/:schedule/pause`, pause(true))
    routes.post(`${all}/:schedule/resume`, pause(false))
    routes.get(`${all}/:schedule/delete`, confirm)
    routes.post(`${all}/:schedule/delete`, remove)
  }
})
