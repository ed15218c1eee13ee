import { type BackupItem, Backups, restorePolicies, Restores, viewRestores } from "@atlas/intune"
import { type Problems, Runs } from "@atlas/operations"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context } from "hono"
import { Host } from "../../shell/Host.ts"
import { html, type PageRequest } from "../../shell/Requests.ts"
import { makeTenantAccess } from "../../shell/TenantAccess.ts"
import { pageLimit, pageOf, policyAfter, policyParams } from "../pages.ts"
import { BackupPage } from "./BackupsPage.tsx"

const titledAfter = (c: Context): Pick<BackupItem, "id" | "source" | "title"> | null => {
  const [title, policy] = [c.req.query("after.title"), policyAfter(c)]
  return title === undefined || policy === null ? null : { title, ...policy }
}

/** Answers with the page of a backup, from which restores are planned. */
export const makeRenderBackup = Effect.gen(function* () {
  const backups = yield* Backups
  const restores = yield* Restores
  const runs = yield* Runs
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host

  /** `problem`: what was wrong with the last attempt to plan a restore; null if there was none. */
  return Effect.fnUntraced(function* (
    { c, actor, shell }: PageRequest,
    id: string,
    problem: string | null
  ): Effect.fn.Return<Response, Problems.Refusal> {
    const { grant, tenant } = yield* tenantOf(actor, c)
    const backup = yield* backups.get(actor, tenant.id, id)
    const [run = null] = yield* runs.getMany(actor, backup.runId === null ? [] : [backup.runId])
    const query = (c.req.query("query") ?? "").slice(0, 200)
    const found = yield* backups.items(actor, tenant.id, backup.id, { query, after: titledAfter(c), limit: pageLimit })
    const { items, nextHref } = pageOf(found, `${links.tenant(tenant.id)}/backups/${backup.id}`, (last) => [
      ["query", query],
      ["after.title", last.title],
      ...policyParams(last)
    ])
    const from = grant.capabilities.has(viewRestores)
      ? yield* restores.list(actor, tenant.id, { backup: backup.id, before: null, limit: 5 })
      : []
    const shown = {
      shell,
      tenant,
      backup,
      run,
      query,
      items,
      nextHref,
      restores: from,
      missingCapability: grant.capabilities.has(restorePolicies) ? null : restorePolicies,
      idempotencyKey: SecureRandom.uuidV4Unsafe(),
      problem
    }
    return yield* html(c, BackupPage(shown), problem === null ? 200 : 422)
  })
})
