import { DirectoryGroups, GroupsSync } from "@atlas/directory"
import { ProviderConnections } from "@atlas/graph"
import {
  Access,
  type Actor,
  isStorable,
  type AnyOperationType,
  OperationCatalog,
  Problems,
  type Run,
  RunQueries,
  Runs,
  type TenantGrant
} from "@atlas/operations"
import { DateTime, Effect, Option } from "effect"
import type { Context, Hono } from "hono"
import { Accounts } from "./Accounts.ts"
import { hrefWith } from "./pages/components/format.ts"
import { ConfigurationPage } from "./pages/ConfigurationPage.tsx"
import { type Surface, TenantPage } from "./pages/TenantPage.tsx"
import { TenantsPage } from "./pages/TenantsPage.tsx"
import { html, makeRequests } from "./Requests.ts"
import { makeRunRows } from "./RunRoutes.ts"

const section = "/admin/tenants"
const recentRuns = 8
const groupsPerPage = 20

/** Where an operation type is started, for one actor. */
const surfaceOf = (type: AnyOperationType, grant: TenantGrant, latest: ReadonlyArray<Run>): Surface => {
  const allowed = grant.capabilities.has(type.capabilities.start)
  const visible = grant.capabilities.has(type.capabilities.view)
  const ofType = visible ? latest.filter((run) => run.type === type.name) : []
  return {
    type: type.name,
    label: type.label,
    description: type.description,
    allowed,
    missingCapability: allowed ? null : type.capabilities.start,
    active: ofType.find(({ status }) => status !== "completed") ?? null,
    last: ofType.find(({ status }) => status === "completed") ?? null
  }
}

/** Tenants, what can be started in them, and their configuration. */
export const makeTenantRoutes = Effect.gen(function* () {
  const access = yield* Access
  const accounts = yield* Accounts
  const catalog = yield* OperationCatalog
  const connections = yield* ProviderConnections
  const groups = yield* DirectoryGroups
  const queries = yield* RunQueries
  const runs = yield* Runs
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
      const [latest, recent, now] = yield* Effect.all([
        queries.latest(
          grant.scope,
          catalog.types.map(({ name }) => name)
        ),
        runs.list(actor, { tenant: tenant.id }, { cursor: null, limit: recentRuns }).pipe(Effect.orDie),
        DateTime.now
      ])
      const surfaces = catalog.types.map((type) => surfaceOf(type, grant, latest))
      return yield* html(c, TenantPage({ shell, tenant, surfaces, recent: rows(recent.runs, [tenant]), now }))
    })
  )

  const start = page(
    section,
    Effect.fn("TenantStart")(function* ({ c, actor }) {
      const type = c.req.param("type") ?? ""
      const { run } = yield* runs.start(actor, { tenantId: c.req.param("tenant") ?? "", type, input: {} })
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
        groups.search(actor, tenant.id, query, { cursor, limit: groupsPerPage }),
        groups.byIds(actor, tenant.id, chosen),
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
          groups: found.groups,
          selected: chosen.map((id) => selected.find((group) => group.id === id) ?? { id, displayName: id }),
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
