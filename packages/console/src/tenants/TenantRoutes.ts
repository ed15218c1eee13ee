import { type Authorization, type OperationCatalog, Runs } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import { Host } from "../shell/Host.ts"
import { readStart } from "../shell/FormInput.ts"
import { TenantPage } from "./TenantPage.tsx"
import { TenantsPage } from "./TenantsPage.tsx"
import { html, makeRequests } from "../shell/Requests.ts"
import { afterStart } from "../shell/afterStart.ts"
import { makeRunRows } from "../shell/RunRows.ts"
import { makeSurfaces } from "./Surfaces.ts"
import { Contributions } from "../shell/Part.ts"
import type { Child } from "hono/jsx"
import { makeTenantAccess } from "../shell/TenantAccess.ts"
import type { Routes } from "../shell/Routes.ts"

const section = "/tenants"
const recentRuns = 8
const none: ReadonlyMap<string, Child> = new Map()

/** The routes of tenants, and of starting operations in them. */
export const makeTenantRoutes: Effect.Effect<
  (routes: Routes) => void,
  never,
  Authorization | Contributions | Host | OperationCatalog | Runs
> = Effect.gen(function* () {
  const host = yield* Host
  const contributions = yield* Contributions
  const runs = yield* Runs
  const tenantOf = yield* makeTenantAccess
  const surfacesOf = yield* makeSurfaces
  const rows = yield* makeRunRows
  const { page } = yield* makeRequests
  const pages = contributions.flatMap(({ tenantPages = [] }) => tenantPages)

  const list = page(
    section,
    Effect.fn("TenantsPage")(function* ({ c, actor, shell }) {
      const tenants = yield* host.tenantsOf(actor)
      const badges = yield* Effect.forEach(contributions, (part) => part.badgesOf?.(tenants) ?? Effect.succeed(none))
      const items = tenants.map((tenant) => ({ ...tenant, badges: badges.map((found) => found.get(tenant.id)) }))
      return yield* html(c, TenantsPage({ shell, tenants: items }))
    })
  )

  const view = page(
    section,
    Effect.fn("TenantPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const [surfaces, recent, now] = yield* Effect.all([
        surfacesOf(actor, grant),
        runs.list(actor, { tenant: tenant.id }, { cursor: null, limit: recentRuns }).pipe(Effect.orDie),
        DateTime.now
      ])
      const { capabilities } = grant
      const shown = rows(recent.runs, [tenant])
      return yield* html(c, TenantPage({ shell, tenant, pages, capabilities, surfaces, recent: shown, now }))
    })
  )

  const start = page(
    section,
    Effect.fn("TenantStart")(function* (request) {
      const { c, actor } = request
      const type = c.req.param("type") ?? ""
      const started = yield* runs.start(actor, type, {
        tenantId: c.req.param("tenant") ?? "",
        ...(yield* readStart(c))
      })
      return yield* afterStart(request, started)
    })
  )

  return (routes: Routes) => {
    routes.get(section, list)
    routes.get(`${section}/:tenant`, view)
    routes.start(`${section}/:tenant/operations/:type`, start)
  }
})
