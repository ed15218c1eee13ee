import { Backups } from "@atlas/intune"
import { DateTime, Effect } from "effect"
import { BackupItemPage } from "./BackupItemPage.tsx"
import { BackupsPage } from "./BackupsPage.tsx"
import { makeRenderBackup } from "./renderBackup.ts"
import { pageLimit, pageOf } from "../pages.ts"
import { html, makeRequests } from "../../shell/Requests.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import type { Routes } from "../../shell/Routes.ts"
import { Host } from "../../shell/Host.ts"

const section = "/tenants"

/** The routes of a tenant's backups. From the database only. */
export const makeBackupRoutes = Effect.gen(function* () {
  const backups = yield* Backups
  const renderBackup = yield* makeRenderBackup
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests

  const list = page(
    section,
    Effect.fn("BackupsPage")(function* ({ c, actor, shell }) {
      const { tenant } = yield* tenantOf(actor, c)
      const before = c.req.query("before") ?? null
      const found = yield* backups.list(actor, tenant.id, { before, limit: pageLimit })
      const { items, nextHref } = pageOf(found, `${links.tenant(tenant.id)}/backups`, ({ id }) => [["before", id]])
      return yield* html(c, BackupsPage({ shell, tenant, backups: items, nextHref, now: yield* DateTime.now }))
    })
  )

  const view = page(
    section,
    Effect.fn("BackupPage")(function* (request) {
      return yield* renderBackup(request, request.c.req.param("backup") ?? "", null)
    })
  )

  const item = page(
    section,
    Effect.fn("BackupItemPage")(function* ({ c, actor, shell }) {
      const { tenant } = yield* tenantOf(actor, c)
      const [source, id] = [c.req.param("source") ?? "", c.req.param("id") ?? ""]
      const backup = yield* backups.get(actor, tenant.id, c.req.param("backup") ?? "")
      const found = yield* backups.content(actor, tenant.id, backup.id, { source, id })
      return yield* html(c, BackupItemPage({ shell, tenant, backup, ...found }))
    })
  )

  return (routes: Routes) => {
    routes.get(`${section}/:tenant/backups`, list)
    routes.get(`${section}/:tenant/backups/:backup`, view)
    routes.get(`${section}/:tenant/backups/:backup/:source/:id`, item)
  }
})
