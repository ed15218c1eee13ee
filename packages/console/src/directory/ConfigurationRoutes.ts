import { GroupsSync } from "@atlas/directory"
import { type Actor, Authorization, Problems } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import type { Context } from "hono"
import { SelectorOptions } from "./SelectorOptions.tsx"
import { plural } from "../shell/components/format.ts"
import { ConfigurationPage } from "./ConfigurationPage.tsx"
import { RemovalsPage } from "../shell/RemovalsPage.tsx"
import { html, makeRequests, redirect } from "../shell/Requests.ts"
import { makeSelectors } from "./Selectors.ts"
import { makeTenantAccess } from "../shell/TenantAccess.ts"
import type { Routes } from "../shell/Routes.ts"
import { Host } from "../shell/Host.ts"

const section = "/tenants"

/** The routes of a tenant's configuration: choosing from the cache, and confirming removals from it. */
export const makeConfigurationRoutes = Effect.gen(function* () {
  const door = yield* Authorization
  const selectors = yield* makeSelectors
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests

  const configuration = page(
    section,
    Effect.fn("ConfigurationPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const views = yield* Effect.forEach(selectors, ({ view }) => view(actor, tenant.id, c))
      const canSync = grant.capabilities.has(GroupsSync.operation.capabilities.start)
      const now = yield* DateTime.now
      return yield* html(c, ConfigurationPage({ shell, tenant, selectors: views, canSync, now }))
    })
  )

  const selectorOf = (c: Context) =>
    Effect.fromNullishOr(selectors.find(({ key }) => key === c.req.param("selector"))).pipe(
      Effect.mapError(() => new Problems.NotFound({}))
    )

  // A fragment of the page for the script: the list below the field.
  const options = page(
    section,
    Effect.fn("SelectorOptions")(function* ({ c, actor }) {
      const { tenant } = yield* tenantOf(actor, c)
      const selector = yield* selectorOf(c)
      const list = SelectorOptions(yield* selector.options(actor, tenant.id, c))
      return yield* Effect.promise(async () =>
        c.html((await list).toString(), 200, { "cache-control": "private, no-store" })
      )
    })
  )

  const withheld = Effect.fnUntraced(function* (actor: Actor, c: Context, tenantId: string) {
    const views = yield* Effect.forEach(selectors, ({ view }) => view(actor, tenantId, c))
    const selector = views.find(({ syncType }) => syncType === c.req.param("type"))
    return selector ?? (yield* new Problems.NotFound({}))
  })

  const confirm = page(
    section,
    Effect.fn("RemovalsPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const selector = yield* withheld(actor, c, tenant.id)
      const required = GroupsSync.operation.capabilities.start
      yield* door.require(actor, grant, [required], selector.syncType)
      const { withheldRemovals } = selector.freshness
      // The removals are done, or were confirmed already.
      if (withheldRemovals === null) return redirect(`${links.tenant(tenant.id)}/configuration`)
      const { freshness, many, one, syncType } = selector
      const what = plural(withheldRemovals, one, many)
      return yield* html(
        c,
        RemovalsPage({
          shell,
          tenant,
          back: { href: `${links.tenant(tenant.id)}/configuration`, label: `Configuration of ${tenant.name}` },
          what,
          finding: `The last sync found that the directory no longer has ${what} of the ${plural(freshness.count, one, many)} that are cached.`,
          remains: "Their names stay known, so that references to them can still be read.",
          syncType,
          removals: withheldRemovals
        })
      )
    })
  )

  return (routes: Routes) => {
    routes.get(`${section}/:tenant/configuration`, configuration)
    routes.get(`${section}/:tenant/configuration/:selector/options`, options)
    routes.get(`${section}/:tenant/configuration/removals/:type`, confirm)
  }
})
