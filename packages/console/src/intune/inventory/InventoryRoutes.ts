import { Inventory, InventorySync, policyTypeNamed, policyTypes } from "@atlas/intune"
import { Authorization, Runs } from "@atlas/operations"
import { DateTime, Effect, Option } from "effect"
import type { Context } from "hono"
import { InventoryPage } from "./InventoryPage.tsx"
import { plural } from "../../shell/components/format.ts"
import { RemovalsPage } from "../../shell/RemovalsPage.tsx"
import { PolicyPage } from "./PolicyPage.tsx"
import { html, makeRequests, redirect } from "../../shell/Requests.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import type { Routes } from "../../shell/Routes.ts"
import { Host } from "../../shell/Host.ts"

const section = "/tenants"
const itemsPerPage = 50

const filled = (c: Context, name: string) => c.req.query(name)?.trim() || undefined

/** The filter of the inventory in the address. What it cannot mean is left out, and a kind that is none is named. */
const filterOf = (c: Context) => {
  const type = filled(c, "type")
  const known = policyTypeNamed(type ?? "")?.name
  return {
    query: filled(c, "query")?.slice(0, 200),
    type: known,
    unknownType: known === undefined ? type : undefined,
    platform: filled(c, "platform"),
    findings: filled(c, "findings") === "true"
  }
}

/** The routes of a tenant's inventory. From the database only. */
export const makeInventoryRoutes = Effect.gen(function* () {
  const door = yield* Authorization
  const inventory = yield* Inventory
  const runs = yield* Runs
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests

  const list = page(
    section,
    Effect.fn("InventoryPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const filter = filterOf(c)
      const { findings, platform, query, type } = filter
      const [found, summary, now] = yield* Effect.all([
        inventory.search(actor, tenant.id, {
          ...(query === undefined ? {} : { query }),
          ...(platform === undefined ? {} : { platform }),
          types: type === undefined ? [] : [type],
          findings,
          cursor: filled(c, "cursor") ?? null,
          limit: itemsPerPage
        }),
        inventory.summary(actor, tenant.id),
        DateTime.now
      ])
      const capability = InventorySync.operation.capabilities.start
      const canSync = grant.capabilities.has(capability)
      const activeRun =
        summary.activeRunId === null || !canSync
          ? Option.none()
          : yield* Effect.option(runs.get(actor, summary.activeRunId))
      return yield* html(
        c,
        InventoryPage({
          shell,
          tenant,
          filter,
          ...found,
          summary,
          activeRun: Option.getOrNull(activeRun),
          missingCapability: canSync ? null : capability,
          kinds: policyTypes.map(({ label, name }) => ({ label, name })),
          now
        })
      )
    })
  )

  const view = page(
    section,
    Effect.fn("PolicyPage")(function* ({ c, actor, shell }) {
      const { tenant } = yield* tenantOf(actor, c)
      const [source, id] = [c.req.param("source") ?? "", c.req.param("id") ?? ""]
      const item = yield* inventory.get(actor, tenant.id, source, id)
      const content = yield* inventory.content(actor, tenant.id, source, id)
      return yield* html(
        c,
        PolicyPage({
          shell,
          tenant,
          item,
          ...content,
          kind: (item.type === null ? undefined : policyTypeNamed(item.type)) ?? null,
          now: yield* DateTime.now
        })
      )
    })
  )

  const confirm = page(
    section,
    Effect.fn("InventoryRemovalsPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const { withheldRemovals } = yield* inventory.summary(actor, tenant.id)
      const required = InventorySync.operation.capabilities.start
      yield* door.require(actor, grant, [required], InventorySync.operation.name)
      // The removals are done, or were confirmed already.
      if (withheldRemovals === 0) return redirect(`${links.tenant(tenant.id)}/inventory`)
      const what = plural(withheldRemovals, "policy", "policies")
      return yield* html(
        c,
        RemovalsPage({
          shell,
          tenant,
          back: { href: `${links.tenant(tenant.id)}/inventory`, label: `Inventory of ${tenant.name}` },
          what,
          finding: `The last sync found that the tenant no longer has ${what} of the inventory.`,
          remains: "What is in backups stays there, and their pages stay readable.",
          syncType: InventorySync.operation.name,
          removals: withheldRemovals
        })
      )
    })
  )

  return (routes: Routes) => {
    routes.get(`${section}/:tenant/inventory`, list)
    routes.get(`${section}/:tenant/inventory/removals`, confirm)
    routes.get(`${section}/:tenant/inventory/:source/:id`, view)
  }
})
