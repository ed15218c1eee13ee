import {
  Backups,
  type Restore,
  RestoreAction,
  restorePolicies,
  Restores,
  type RestoreTally,
  viewBackups
} from "@atlas/intune"
import { type Actor, type Problems, type RunId, Runs, type TenantGrant } from "@atlas/operations"
import { Effect, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { hrefWith } from "../../shell/components/format.ts"
import { Host } from "../../shell/Host.ts"
import { html, type PageRequest } from "../../shell/Requests.ts"
import { pageLimit, pageOf, policyAfter, policyParams } from "../pages.ts"
import { RestorePage } from "./RestorePage.tsx"
import type { RestoreSection } from "./RestoreSections.tsx"
import { actionsInOrder, countOf } from "./restoreWords.ts"

/** What was wrong with the form that the page answers. */
interface Refusal {
  /** The attempt to confirm: what was typed, and what was wrong with it. */
  readonly refused?: { readonly typed: string; readonly problem: string }
  /** What was wrong with the attempt to give missing values. */
  readonly valuesProblem?: string
}

// Of each action: more of them have a page of their own.
const shownAtOnce = 20

const decodeAction = Schema.decodeUnknownOption(RestoreAction)

/** What the page reads of a restore, before it reads policies. */
interface Shown {
  readonly tenant: { readonly id: string }
  readonly restore: Restore
  readonly tally: ReadonlyArray<RestoreTally>
  readonly path: string
}

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

  /** The first policies of each action. Those that stay as they are would hide the others. */
  const overview = (actor: Actor, { path, restore, tally, tenant }: Shown) =>
    Effect.forEach(
      actionsInOrder
        .map((action) => ({ action, count: countOf(tally, (each) => each.action === action) }))
        .filter(({ action, count }) => action !== "unchanged" && count > 0),
      ({ action, count }) =>
        Effect.map(
          restores.items(actor, tenant.id, restore.id, { actions: [action], after: null, limit: shownAtOnce }),
          (items): RestoreSection => ({
            action,
            count,
            items,
            allHref: count > items.length ? `${path}?action=${action}` : null,
            nextHref: null
          })
        )
    )

  /** The policies of one action, page by page. */
  const listOf = Effect.fnUntraced(function* (
    actor: Actor,
    { path, restore, tally, tenant }: Shown,
    action: RestoreAction,
    after: ReturnType<typeof policyAfter>
  ) {
    const page = { actions: [action], after, limit: pageLimit }
    const found = yield* restores.items(actor, tenant.id, restore.id, page)
    const listed = pageOf(found, path, (last) => [["action", action], ...policyParams(last)])
    const count = countOf(tally, (each) => each.action === action)
    const section: RestoreSection = { action, count, allHref: null, ...listed }
    return [section]
  })

  return Effect.fnUntraced(function* (
    { c, actor, shell }: PageRequest,
    grant: TenantGrant,
    tenant: { readonly id: string; readonly name: string },
    refusal: Refusal
  ): Effect.fn.Return<Response, Problems.Refusal> {
    const { refused = null, valuesProblem = null } = refusal
    const restore = yield* restores.get(actor, tenant.id, c.req.param("restore") ?? "")
    const path = `${links.tenant(tenant.id)}/restores/${restore.id}`
    const chosen = Option.getOrNull(decodeAction(c.req.query("action")))
    const after = policyAfter(c)
    const [tally, backup, safetyBackup, stopped] = yield* Effect.all([
      restores.tally(actor, tenant.id, restore.id),
      backupOf(actor, grant, tenant.id, restore.backupId),
      restore.safetyBackupId === null
        ? Effect.succeed(null)
        : backupOf(actor, grant, tenant.id, restore.safetyBackupId),
      hasEnded(actor, restore.state === "planning" ? restore.previewRun : restore.executeRun)
    ])
    const read = { tenant, restore, tally, path }
    const sections = yield* chosen === null ? overview(actor, read) : listOf(actor, read, chosen, after)
    // The form that is refused comes back on the same page of the list.
    const here = chosen === null ? [] : [["action", chosen] as const, ...(after === null ? [] : policyParams(after))]
    const shown = {
      shell,
      tenant,
      restore,
      backup,
      safetyBackup,
      sections,
      chosen,
      tally,
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
