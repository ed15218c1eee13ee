import { Backups, RestoreAction, restorePolicies, Restores, viewBackups } from "@atlas/intune"
import { type Actor, type Problems, type RunId, Runs, type TenantGrant } from "@atlas/operations"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { hrefWith } from "../../shell/components/format.ts"
import { Host } from "../../shell/Host.ts"
import { html, type PageRequest } from "../../shell/Requests.ts"
import { pageLimit, pageOf, policyAfter, policyParams } from "../pages.ts"
import { RestorePage } from "./RestorePage.tsx"

/** What was wrong with the form that the page answers. */
interface Refusal {
  /** The attempt to confirm: what was typed, and what was wrong with it. */
  readonly refused?: { readonly typed: string; readonly problem: string }
  /** What was wrong with the attempt to give missing values. */
  readonly valuesProblem?: string
}

/** The actions that a plan is read for: policies that stay as they are would hide them. */
const changes = RestoreAction.literals.filter((action) => action !== "unchanged")

/** Makes the function that reads a backup; null if it is gone, or if the person may not see it. */
export const makeBackupOf = Effect.map(
  Backups,
  (backups) =>
    (actor: Actor, { capabilities }: TenantGrant, tenantId: string, id: string) =>
      capabilities.has(viewBackups)
        ? backups.get(actor, tenantId, id).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))
        : Effect.succeed(null)
)

/** Answers with the page of a restore. */
export const makeRenderRestore = Effect.gen(function* () {
  const restores = yield* Restores
  const runs = yield* Runs
  const backupOf = yield* makeBackupOf
  const { links } = yield* Host

  /** Whether a run has ended, or does not exist any more. */
  const hasEnded = (actor: Actor, id: RunId | null) =>
    id === null
      ? Effect.succeed(true)
      : runs.get(actor, id).pipe(
          Effect.map(({ status }) => status === "completed"),
          Effect.catchTag("NotFound", () => Effect.succeed(true))
        )

  return Effect.fnUntraced(function* (
    { c, actor, shell }: PageRequest,
    grant: TenantGrant,
    tenant: { readonly id: string; readonly name: string },
    refusal: Refusal
  ): Effect.fn.Return<Response, Problems.Refusal> {
    const { refused = null, valuesProblem = null } = refusal
    const restore = yield* restores.get(actor, tenant.id, c.req.param("restore") ?? "")
    const path = `${links.tenant(tenant.id)}/restores/${restore.id}`
    const all = c.req.query("unchanged") === "true"
    const after = policyAfter(c)
    const [found, tally, backup, stopped] = yield* Effect.all([
      restores.items(actor, tenant.id, restore.id, { ...(!all && { actions: changes }), after, limit: pageLimit }),
      restores.tally(actor, tenant.id, restore.id),
      backupOf(actor, grant, tenant.id, restore.backupId),
      hasEnded(actor, restore.state === "planning" ? restore.previewRun : restore.executeRun)
    ])
    const shownAs = ["unchanged", all ? "true" : undefined] as const
    const { items, nextHref } = pageOf(found, path, (last) => [...policyParams(last), shownAs])
    // The form that is refused comes back on the same page of the list.
    const here = [...(after === null ? [] : policyParams(after)), shownAs]
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
      refused,
      valuesAction: `${hrefWith(`${path}/values`, here)}#values`,
      valuesProblem
    }
    return yield* html(c, RestorePage(shown), refused === null && valuesProblem === null ? 200 : 422)
  })
})
