import { DirectoryGroups, GroupsSync } from "@atlas/directory"
import { ProviderConnections } from "@atlas/graph"
import { Access, type Actor, isStorable, Problems, Runs } from "@atlas/operations"
import { DateTime, Effect, Option } from "effect"
import type { Context, Hono } from "hono"
import { Accounts } from "./Accounts.ts"
import { nonceOf } from "./FormNonce.ts"
import { hrefWith } from "./pages/components/format.ts"
import { ConfigurationPage } from "./pages/ConfigurationPage.tsx"
import { TenantPage } from "./pages/TenantPage.tsx"
import { TenantsPage } from "./pages/TenantsPage.tsx"
import { html, makeRequests } from "./Requests.ts"
import { makeRunRows } from "./RunRoutes.ts"
import { makeSurfaces } from "./Surfaces.ts"

const section = "/admin/tenants"
const recentRuns = 8
const groupsPerPage = 20

/** Tenants, what can be started in them, and their configuration. */
export const makeTenantRoutes = Effect.gen(function* () {
  const access = yield* Access
  const accounts = yield* Accounts
  const connections = yield* ProviderConnections
  const groups = yield* DirectoryGroups
  const runs = yield* Runs
  const surfacesOf = yield* makeSurfaces
  const rows = yield* makeRunRows
  const { page } = yield* makeRequests

  const tenantOf = Effect.fnUntraced(function* (actor: Actor, c: Context) {
    const id = c.req.param("tenant") ?? ""
    const grant = isStorable(id) ? Option.getOrUndefined(yield* access.tenant(actor, id)) : undefined
    const tenant = (yield* accounts.tenantsOf(actor)).find((entitled) => entitled.id === id)
    return grant && tenant ? { grant, tenant } : yield* new Problems.NotFound({})
  })

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
      const nonce = yield* nonceOf(c)
      const { run } = yield* runs.start(actor, { tenantId: c.req.param("tenant") ?? "", type, input: {}, ...nonce })
      return c.redirect(`/admin/operations/${run.id}`, 303)
    })
  )

  const configuration = page(
    section,
    Effect.fn("ConfigurationPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const query = (c.req.query("query") ?? "").slice(0, 200)
      const chosen = (c.req.queries("group") ?? []).slice(0, 200)
      const cursor = c.req.query("cursor") ?? null
      const [found, selected, now] = yield* Effect.all([
        groups.search(actor, tenant.id, { query, cursor, limit: groupsPerPage }),
        groups.labels(actor, tenant.id, chosen),
        DateTime.now
      ])
      const params = [
        ["query", query],
        ...chosen.map((id) => ["group", id] as const),
        ["cursor", found.nextCursor ?? undefined]
      ] as const
      return yield* html(
        c,
        ConfigurationPage({
          shell,
          tenant,
          freshness: found.freshness,
          canSync: grant.capabilities.has(GroupsSync.type.capabilities.start),
          query,
          groups: found.items,
          selected: selected.labels.map(({ displayName, id }) => ({ id, displayName: displayName ?? id })),
          nextHref: found.nextCursor === null ? null : hrefWith(`${section}/${tenant.id}/configuration`, params),
          now
        })
      )
    })
  )

  return (app: Hono) => {
    app.get(section, list)
    app.get(`${section}/:tenant`, view)
    app.post(`${section}/:tenant/operations/:type`, start)
    app.get(`${section}/:tenant/configuration`, configuration)
  }
})
