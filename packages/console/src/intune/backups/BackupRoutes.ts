import { type BackupItem, Backups, restorePolicies, Restores, viewRestores } from "@atlas/intune"
import { DateTime, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context } from "hono"
import { BackupItemPage } from "./BackupItemPage.tsx"
import { BackupPage, BackupsPage } from "./BackupsPage.tsx"
import { pageLimit, pageOf, policyAfter, policyParams } from "../pages.ts"
import { html, makeRequests } from "../../shell/Requests.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import type { Routes } from "../../shell/Routes.ts"
import { Host } from "../../shell/Host.ts"

const section = "/tenants"

const titledAfter = (c: Context): Pick<BackupItem, "id" | "source" | "title"> | null => {
  const [title, policy] = [c.req.query("after.title"), policyAfter(c)]
  return title === undefined || policy === null ? null : { title, ...policy }
}

/** The routes of a tenant's backups. From the database only. */
export const makeBackupRoutes = Effect.gen(function* () {
  const backups = yield* Backups
  const restores = yield* Restores
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
    Effect.fn("BackupPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const backup = yield* backups.get(actor, tenant.id, c.req.param("backup") ?? "")
      const query = (c.req.query("query") ?? "").slice(0, 200)
      const found = yield* backups.items(actor, tenant.id, backup.id, {
        query,
        after: titledAfter(c),
        limit: pageLimit
      })
      const { items, nextHref } = pageOf(found, `${links.tenant(tenant.id)}/backups/${backup.id}`, (last) => [
        ["query", query],
        ["after.title", last.title],
        ...policyParams(last)
      ])
      const from = grant.capabilities.has(viewRestores)
        ? yield* restores.list(actor, tenant.id, { backup: backup.id, before: null, limit: 5 })
        : []
      const missingCapability = grant.capabilities.has(restorePolicies) ? null : restorePolicies
      return yield* html(
        c,
        BackupPage({
          shell,
          tenant,
          backup,
          query,
          items,
          nextHref,
          restores: from,
          missingCapability,
          idempotencyKey: SecureRandom.uuidV4Unsafe()
        })
      )
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
