import { type RestoreConflict, restorePolicies, Restores } from "@atlas/intune"
import type { Actor, Problems, StartProblem } from "@atlas/operations"
import { DateTime, Effect, Schema } from "effect"
import { readNothing } from "../../shell/FormInput.ts"
import { FormText, FormTexts, readForm } from "../../shell/Form.ts"
import { pageLimit, pageOf } from "../pages.ts"
import { makeRenderBackup } from "../backups/renderBackup.ts"
import { makeBackupOf, makeRenderRestore } from "./renderRestore.ts"
import { readGivenValues } from "./readGivenValues.ts"
import { RestoresPage } from "./RestoresPage.tsx"
import { html, makeRequests, redirect } from "../../shell/Requests.ts"
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

// How much is read side by side for a list: the pool has connections for others, too.
const atOnce = { concurrency: 4 }

const nothingChosen = "Choose at least one policy, or plan to restore everything."

const sentencesOf = (errors: Problems.InvalidInput["errors"]) =>
  `${[...new Set(errors.map(({ detail }) => detail))].join(". ")}.`

// A chosen policy is named by its collection and its id, which may contain anything.
const itemOf = (value: string) => {
  const [source = "", ...id] = value.split("/")
  return { source, id: id.join("/") }
}

/** The routes of a tenant's restores: planning, confirming and viewing them. Pages read the database only. */
export const makeRestoreRoutes = Effect.gen(function* () {
  const restores = yield* Restores
  const backupOf = yield* makeBackupOf
  const render = yield* makeRenderRestore
  const renderBackup = yield* makeRenderBackup
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests
  const hrefOf = (tenant: { readonly id: string }, id: string) => `${links.tenant(tenant.id)}/restores/${id}`

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

  const view = page(
    section,
    Effect.fn("RestorePage")(function* (request) {
      const { grant, tenant } = yield* tenantOf(request.actor, request.c)
      return yield* render(request, grant, tenant, {})
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
          render(request, grant, tenant, { refused: { typed: tenantName, problem: sentencesOf(errors) } })
        ),
        // Somebody else was first: the page of the restore says how it is.
        Effect.catchTag("RestoreConflict", () => Effect.succeed(redirect(hrefOf(tenant, id), 303)))
      )
    })
  )

  // The policies are those that values were entered for. Everything else is as in the plan that lacks them.
  const planWithValues = page(
    section,
    Effect.fn("RestoreValues")(function* (request) {
      const { c, actor } = request
      const { grant, tenant } = yield* tenantOf(actor, c)
      const { idempotencyKey, problem, values } = yield* readGivenValues(c)
      const again = (valuesProblem: string) => render(request, grant, tenant, { valuesProblem })
      // Whoever may not restore is told so, whatever was entered.
      if (problem !== null && grant.capabilities.has(restorePolicies)) return yield* again(problem)
      const { backupId, withAssignments } = yield* restores.get(actor, tenant.id, c.req.param("restore") ?? "")
      const items = values.map(({ id, source }) => ({ source, id }))
      return yield* restores
        .plan(actor, tenant.id, { backup: backupId, items, withAssignments, values }, idempotencyKey)
        .pipe(
          Effect.map(({ restore }) => redirect(hrefOf(tenant, restore.id), 303)),
          Effect.catchTag("InvalidInput", ({ errors }) => again(sentencesOf(errors)))
        )
    })
  )

  return (routes: Routes) => {
    const all = `${section}/:tenant/restores`
    routes.get(all, list)
    routes.start(all, plan)
    routes.get(`${all}/:restore`, view)
    routes.start(`${all}/:restore/confirm`, confirm)
    routes.start(`${all}/:restore/values`, planWithValues)
    routes.start(`${all}/:restore/plan`, change("RestorePlanAgain", restores.planAgain))
    routes.post(`${all}/:restore/archive`, change("RestoreArchive", restores.archive))
  }
})
