import { ProviderConnections } from "@atlas/graph"
import { Runs } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import type { Hono } from "hono"
import { Accounts } from "./Accounts.ts"
import { readStart } from "./FormInput.ts"
import { TenantPage } from "./pages/TenantPage.tsx"
import { TenantsPage } from "./pages/TenantsPage.tsx"
import { html, makeRequests, redirect } from "./Requests.ts"
import { makeRunRows } from "./RunRows.ts"
import { makeSurfaces } from "./Surfaces.ts"
import { makeTenantAccess } from "./TenantAccess.ts"

const section = "/admin/tenants"
const recentRuns = 8

/** Tenants, and what can be started in them. */
export const makeTenantRoutes = Effect.gen(function* () {
  const accounts = yield* Accounts
  const connections = yield* ProviderConnections
  const runs = yield* Runs
  const tenantOf = yield* makeTenantAccess
  const surfacesOf = yield* makeSurfaces
  const rows = yield* makeRunRows
  const { page } = yield* makeRequests

  const list = page(
    section,
    Effect.fn("TenantsPage")(function* ({ c, actor, shell }) {
      const tenants = yield* accounts.tenantsOf(actor)
      const connected = yield* connections.tenantsWithDefault(tenants.map(({ id }) => id))
      const items = tenants.map((tenant) => ({ ...tenant, connected: connected.has(tenant.id) }))
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
      return yield* html(c, TenantPage({ shell, tenant, surfaces, recent: rows(recent.runs, [tenant]), now }))
    })
  )

  const start = page(
    section,
    Effect.fn("TenantStart")(function* ({ c, actor }) {
      const type = c.req.param("type") ?? ""
      const { run } = yield* runs.start(actor, {
        tenantId: c.req.param("tenant") ?? "",
        type,
        ...(yield* readStart(c))
      })
      return redirect(`/admin/operations/${run.id}`, 303)
    })
  )

  return (app: Hono) => {
    app.get(section, list)
    app.get(`${section}/:tenant`, view)
    app.post(`${section}/:tenant/operations/:type`, start)
  }
})
