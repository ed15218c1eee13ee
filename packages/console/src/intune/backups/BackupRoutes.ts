import { type BackupItem, Backups, restorePolicies, Restores, viewRestores } from "@atlas/intune"
import { DateTime, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context } from "hono"
import { BackupItemPage } from "./BackupItemPage.tsx"
import { BackupPage, BackupsPage } from "./BackupsPage.tsx"
import { hrefWith } from "../../shell/components/format.ts"
import { html, makeRequests } from "../../shell/Requests.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import type { Routes } from "../../shell/Routes.ts"
import { Host } from "../../shell/Host.ts"

const section = "/tenants"
const perPage = 50

const lastOf = (c: Context): Pick<BackupItem, "id" | "source" | "title"> | null => {
  const [title, source, id] = ["title", "source", "id"].map((name) => c.req.query(`after.${name}`))
  return title === undefined || source === undefined || id === undefined ? null : { title, source, id }
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
      const found = yield* backups.list(actor, tenant.id, { before, limit: perPage + 1 })
      const shown = found.slice(0, perPage)
      const nextHref =
        found.length > perPage ? hrefWith(`${links.tenant(tenant.id)}/backups`, [["before", shown.at(-1)?.id]]) : null
      return yield* html(c, BackupsPage({ shell, tenant, backups: shown, nextHref, now: yield* DateTime.now }))
    })
  )

  const view = page(
    section,
    Effect.fn("BackupPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const backup = yield* backups.get(actor, tenant.id, c.req.param("backup") ?? "")
      const query = (c.req.query("query") ?? "").slice(0, 200)
      const found = yield* backups.items(actor, tenant.id, backup.id, { query, after: lastOf(c), limit: perPage + 1 })
      const items = found.slice(0, perPage)
      const last = items.at(-1)
      const nextHref =
        found.length > perPage && last !== undefined
          ? hrefWith(`${links.tenant(tenant.id)}/backups/${backup.id}`, [
              ["query", query],
              ["after.title", last.title],
              ["after.source", last.source],
              ["after.id", last.id]
            ])
          : null
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
