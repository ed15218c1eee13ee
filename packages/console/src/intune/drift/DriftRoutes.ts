import { Backups, type BackupSet, DriftCompare, PolicyDrift, viewBackups } from "@atlas/intune"
import { type Actor, type Operation, Problems, Runs } from "@atlas/operations"
import { DateTime, Effect, Option, Schema } from "effect"
import { FormText, readForm } from "../../shell/Form.ts"
import { formatAbsolute } from "../../shell/components/format.ts"
import { pageLimit, pageOf, policyAfter, policyParams } from "../pages.ts"
import { DriftPage, DriftResultPage } from "./DriftPage.tsx"
import { html, makeRequests, redirect } from "../../shell/Requests.ts"
import { makeRunRows } from "../../shell/RunRows.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import type { Routes } from "../../shell/Routes.ts"
import { Host } from "../../shell/Host.ts"

const section = "/tenants"
const shownBackups = 20

const Sides = Schema.Struct({ from: Schema.optionalKey(FormText), to: Schema.optionalKey(FormText) })

const stateOf = (value: string) => {
  const [kind, id] = value.split("/")
  return kind === "backup" ? { kind, id } : { kind }
}

const decodeInput = Schema.decodeUnknownOption(DriftCompare.operation.input)

/** The routes of comparing two states of a tenant's policies. Pages read the database only. */
export const makeDriftRoutes = Effect.gen(function* () {
  const runs = yield* Runs
  const backups = yield* Backups
  const drift = yield* PolicyDrift
  const rows = yield* makeRunRows
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests
  const type = DriftCompare.operation.name

  /** Names states. Those of the backups that are known already cost no reading. */
  const namesFor = (actor: Actor, tenantId: string, known: ReadonlyArray<BackupSet>) =>
    Effect.fnUntraced(function* (state: DriftCompare.PolicyState) {
      if (state.kind !== "backup") return state.kind === "live" ? "the tenant, as it was then" : "the inventory"
      const listed = known.find(({ id }) => id === state.id)
      const backup =
        listed === undefined ? yield* Effect.option(backups.get(actor, tenantId, state.id)) : Option.some(listed)
      return Option.match(backup, {
        onNone: () => "a backup",
        onSome: ({ createdAt, name }) => `the backup “${name}” of ${formatAbsolute(createdAt)}`
      })
    })

  const choose = page(
    section,
    Effect.fn("DriftPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const [made, compared, now] = yield* Effect.all([
        grant.capabilities.has(viewBackups)
          ? backups.list(actor, tenant.id, { before: null, limit: shownBackups })
          : Effect.succeed([]),
        runs.list(actor, { tenant: tenant.id, type }, { cursor: null, limit: 20 }).pipe(Effect.orDie),
        DateTime.now
      ])
      const listed = rows(compared.runs, [tenant])
      const nameOf = namesFor(actor, tenant.id, made)
      const comparisons = yield* Effect.forEach(listed, (row) =>
        Effect.gen(function* () {
          const input = Option.getOrUndefined(decodeInput(row.run.input))
          const [from, to] =
            input === undefined ? ["?", "?"] : yield* Effect.all([nameOf(input.from), nameOf(input.to)])
          return { ...row, from, to, href: `${links.tenant(tenant.id)}/drift/${row.run.id}` }
        })
      )
      const capability = DriftCompare.operation.capabilities.start
      return yield* html(
        c,
        DriftPage({
          shell,
          tenant,
          backups: made.filter(({ state }) => state !== "expired"),
          comparisons,
          from: c.req.query("from") ?? null,
          missingCapability: grant.capabilities.has(capability) ? null : capability,
          now
        })
      )
    })
  )

  const start = page(
    section,
    Effect.fn("DriftStart")(function* ({ c, actor }) {
      const { tenant } = yield* tenantOf(actor, c)
      const { from = "", to = "" } = yield* readForm(c, Sides)
      // As the form says it: the start checks it.
      const input = { from: stateOf(from), to: stateOf(to) } as Operation.Given<typeof DriftCompare.operation>
      const { run } = yield* runs.start(actor, DriftCompare.operation, { tenantId: tenant.id, input })
      return redirect(`${links.tenant(tenant.id)}/drift/${run.id}`, 303)
    })
  )

  const view = page(
    section,
    Effect.fn("DriftResultPage")(function* ({ c, actor, shell }) {
      const { tenant } = yield* tenantOf(actor, c)
      const run = yield* runs.get(actor, c.req.param("run") ?? "")
      const input = Option.getOrUndefined(decodeInput(run.input))
      if (run.tenantId !== tenant.id || run.type !== type || input === undefined)
        return yield* new Problems.NotFound({})
      const found = DriftCompare.hasResult(run)
        ? yield* drift.items(actor, run.id, { after: policyAfter(c), limit: pageLimit })
        : null
      const { items, nextHref } =
        found === null
          ? { items: null, nextHref: null }
          : pageOf(found, `${links.tenant(tenant.id)}/drift/${run.id}`, policyParams)
      const nameOf = namesFor(actor, tenant.id, [])
      const [from, to] = yield* Effect.all([nameOf(input.from), nameOf(input.to)])
      return yield* html(c, DriftResultPage({ shell, tenant, run, from, to, items, nextHref }))
    })
  )

  return (routes: Routes) => {
    routes.get(`${section}/:tenant/drift`, choose)
    routes.start(`${section}/:tenant/drift`, start)
    routes.get(`${section}/:tenant/drift/:run`, view)
  }
})
