import { Backups, RestoreAction, type RestoreConflict, restorePolicies, Restores, viewBackups } from "@atlas/intune"
import { type Actor, type RunId, Runs, type StartProblem, type TenantGrant } from "@atlas/operations"
import { DateTime, Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { readNothing } from "../../shell/FormInput.ts"
import { FormText, FormTexts, readForm } from "../../shell/Form.ts"
import { pageLimit, pageOf, policyAfter, policyParams } from "../pages.ts"
import { makeRenderBackup } from "../backups/renderBackup.ts"
import { RestorePage } from "./RestorePage.tsx"
import { RestoresPage } from "./RestoresPage.tsx"
import { html, makeRequests, type PageRequest, redirect } from "../../shell/Requests.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import type { Routes } from "../../shell/Routes.ts"
import { Host } from "../../shell/Host.ts"

type Problem = StartProblem | RestoreConflict

const section = "/tenants"

const Chosen = Schema.Struct({
  backup: FormText,
  item: Schema.optionalKey(FormTexts),
  all: Schema.optionalKey(Schema.Literal("true")),
  withAssignments: Schema.optionalKey(Schema.Literal("true")),
  idempotencyKey: Schema.optionalKey(FormText)
})

const Typed = Schema.Struct({ tenantName: Schema.optionalKey(FormText), idempotencyKey: Schema.optionalKey(FormText) })

/** The actions that a plan is read for: policies that stay as they are would hide them. */
const changes = RestoreAction.literals.filter((action) => action !== "unchanged")

// How much is read side by side for a list: the pool has connections for others, too.
const atOnce = { concurrency: 4 }

const nothingChosen = "Choose at least one policy, or plan to restore everything."

// A chosen policy is named by its collection and its id, which may contain anything.
const itemOf = (value: string) => {
  const [source = "", ...id] = value.split("/")
  return { source, id: id.join("/") }
}

/** The routes of a tenant's restores: planning, confirming and viewing them. Pages read the database only. */
export const makeRestoreRoutes = Effect.gen(function* () {
  const restores = yield* Restores
  const backups = yield* Backups
  const runs = yield* Runs
  const renderBackup = yield* makeRenderBackup
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests
  const hrefOf = (tenant: { readonly id: string }, id: string) => `${links.tenant(tenant.id)}/restores/${id}`

  const backupOf = (actor: Actor, { capabilities }: TenantGrant, tenantId: string, id: string) =>
    capabilities.has(viewBackups)
      ? backups.get(actor, tenantId, id).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))
      : Effect.succeed(null)

  const list = page(
    section,
    Effect.fn("RestoresPage")(function* ({ c, actor, shell }) {
      const { grant, tenant } = yield* tenantOf(actor, c)
      const before = c.req.query("before") ?? null
      const found = yield* restores.list(actor, tenant.id, { before, limit: pageLimit })
      const { items, nextHref } = pageOf(found, `${links.tenant(tenant.id)}/restores`, ({ id }) => [["before", id]])
      const ids = [...new Set(items.map(({ backupId }) => backupId))]
      const sources = yield* Effect.forEach(ids, (id) => backupOf(actor, grant, tenant.id, id), atOnce)
      const listed = yield* Effect.forEach(
        items,
        (restore) =>
          Effect.map(restores.tally(actor, tenant.id, restore.id), (tally) => ({
            restore,
            backup: sources[ids.indexOf(restore.backupId)] ?? null,
            policies: tally.reduce((sum, { count }) => sum + count, 0)
          })),
        atOnce
      )
      return yield* html(c, RestoresPage({ shell, tenant, restores: listed, nextHref, now: yield* DateTime.now }))
    })
  )

  /** Whether a run has ended, or does not exist any more. */
  const hasEnded = (actor: Actor, id: RunId | null) =>
    id === null
      ? Effect.succeed(true)
      : runs.get(actor, id).pipe(
          Effect.map(({ status }) => status === "completed"),
          Effect.catchTag("NotFound", () => Effect.succeed(true))
        )

  const render = Effect.fnUntraced(function* (
    { c, actor, shell }: PageRequest,
    grant: TenantGrant,
    tenant: { readonly id: string; readonly name: string },
    refused: { readonly typed: string; readonly problem: string } | null
  ) {
    const restore = yield* restores.get(actor, tenant.id, c.req.param("restore") ?? "")
    const all = c.req.query("unchanged") === "true"
    const [found, tally, backup, stopped] = yield* Effect.all([
      restores.items(actor, tenant.id, restore.id, {
        ...(!all && { actions: changes }),
        after: policyAfter(c),
        limit: pageLimit
      }),
      restores.tally(actor, tenant.id, restore.id),
      backupOf(actor, grant, tenant.id, restore.backupId),
      hasEnded(actor, restore.state === "planning" ? restore.previewRun : restore.executeRun)
    ])
    const { items, nextHref } = pageOf(found, hrefOf(tenant, restore.id), (last) => [
      ...policyParams(last),
      ["unchanged", all ? "true" : undefined]
    ])
    const shown = {
      shell,
      tenant,
      restore,
      backup,
      items,
      tally,
      all,
      nextHref,
      stopped,
      missingCapability: grant.capabilities.has(restorePolicies) ? null : restorePolicies,
      idempotencyKey: SecureRandom.uuidV4Unsafe(),
      refused
    }
    return yield* html(c, RestorePage(shown), refused === null ? 200 : 422)
  })

  const view = page(
    section,
    Effect.fn("RestorePage")(function* (request) {
      const { grant, tenant } = yield* tenantOf(request.actor, request.c)
      return yield* render(request, grant, tenant, null)
    })
  )

  const plan = page(
    section,
    Effect.fn("RestorePlan")(function* (asked) {
      const { c, actor } = asked
      const { tenant } = yield* tenantOf(actor, c)
      const form = yield* readForm(c, Chosen)
      const items = form.all === undefined ? [form.item ?? []].flat().map(itemOf) : null
      if (items?.length === 0) return yield* renderBackup(asked, form.backup, nothingChosen)
      const request = {
        backup: form.backup,
        items,
        withAssignments: form.withAssignments === "true"
      }
      const { restore } = yield* restores.plan(actor, tenant.id, request, form.idempotencyKey)
      return redirect(hrefOf(tenant, restore.id), 303)
    })
  )

  // Somebody else was first: the page of the restore says how it is.
  const change = (
    name: string,
    work: (actor: Actor, tenantId: string, id: string) => Effect.Effect<unknown, Problem>
  ) =>
    page(
      section,
      Effect.fn(name)(function* ({ c, actor }) {
        yield* readNothing(c)
        const { tenant } = yield* tenantOf(actor, c)
        const id = c.req.param("restore") ?? ""
        yield* work(actor, tenant.id, id).pipe(Effect.catchTag("RestoreConflict", () => Effect.void))
        return redirect(hrefOf(tenant, id), 303)
      })
    )

  const confirm = page(
    section,
    Effect.fn("RestoreConfirm")(function* (request) {
      const { c, actor } = request
      const { grant, tenant } = yield* tenantOf(actor, c)
      const { tenantName = "", idempotencyKey = "" } = yield* readForm(c, Typed)
      const id = c.req.param("restore") ?? ""
      const typed = { tenantName, idempotencyKey }
      return yield* restores.confirm(actor, tenant.id, id, typed).pipe(
        Effect.as(redirect(hrefOf(tenant, id), 303)),
        Effect.catchTag("InvalidInput", ({ errors }) =>
          render(request, grant, tenant, {
            typed: tenantName,
            problem: `${errors.map(({ detail }) => detail).join(". ")}.`
          })
        ),
        // Somebody else was first: the page of the restore says how it is.
        Effect.catchTag("RestoreConflict", () => Effect.succeed(redirect(hrefOf(tenant, id), 303)))
      )
    })
  )

  return (routes: Routes) => {
    const all = `${section}/:tenant/restores`
    routes.get(all, list)
    routes.start(all, plan)
    routes.get(`${all}/:restore`, view)
    routes.start(`${all}/:restore/confirm`, confirm)
    routes.start(`${all}/:restore/plan`, change("RestorePlanAgain", restores.planAgain))
    routes.post(`${all}/:restore/archive`, change("RestoreArchive", restores.archive))
  }
})
