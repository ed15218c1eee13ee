import { type Actor, type Lineage, OperationCatalog, OperationsHttp, type Run, Runs } from "@atlas/operations"
import { DateTime, Effect, Option } from "effect"
import type { Hono } from "hono"
import { Accounts } from "./Accounts.ts"
import { formNonce } from "./FormNonce.ts"
import type { Relation } from "./pages/components/Relatives.tsx"
import { RunPage } from "./pages/RunPage.tsx"
import { html, makeRequests } from "./Requests.ts"
import { makeRunRecords } from "./RunRecords.ts"
import { makeRunActions } from "./RunActions.ts"

const eventsPerPage = 100

const section = "/admin/operations"

const sequenceOf = (value: string | undefined): number | undefined =>
  value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined

const relations: ReadonlyArray<readonly [keyof Lineage, string]> = [
  ["retryOf", "Started again from"],
  ["retriedBy", "Started again as"],
  ["supersedes", "Replaces"],
  ["supersededBy", "Replaced by"]
]
const shownRelatives = 3

const makeRelatives = Effect.gen(function* () {
  const runs = yield* Runs
  return Effect.fnUntraced(function* (actor: Actor, run: Run) {
    const lineage = yield* runs.lineage(actor, run.id)
    const named = relations.filter(([name]) => lineage[name].length > 0)
    const idsOf = (name: keyof Lineage) => lineage[name].slice(0, shownRelatives)
    const found = yield* runs.getMany(
      actor,
      named.flatMap(([name]) => idsOf(name))
    )
    return named.map(([name, title]): Relation => {
      const ids = idsOf(name)
      const shown = ids.flatMap((id) => found.filter((relative) => relative.id === id))
      return { title, runs: shown, more: lineage[name].length - ids.length }
    })
  })
})

/** The canonical viewer: from the database only. */
export const makeRunRoutes = Effect.gen(function* () {
  const runs = yield* Runs
  const accounts = yield* Accounts
  const catalog = yield* OperationCatalog
  const { origin } = yield* OperationsHttp.PublicUrl
  const actionsOf = yield* makeRunActions
  const relativesOf = yield* makeRelatives
  const recordsOf = yield* makeRunRecords
  const { page } = yield* makeRequests

  const view = page(
    section,
    Effect.fn("RunPage")(function* ({ c, actor, shell }) {
      const run = yield* runs.get(actor, c.req.param("run") ?? "")
      // Without a place to begin, the newest stretch: what happens now is what people come for.
      const after = sequenceOf(c.req.query("after")) ?? Math.max(run.lastEvent - eventsPerPage, 0)
      const [events, tenants, actions, relatives, records, waiting, now] = yield* Effect.all([
        runs.events(actor, run.id, { after, limit: eventsPerPage }),
        accounts.tenantsOf(actor),
        actionsOf(actor, run),
        relativesOf(actor, run),
        recordsOf(actor, run),
        runs.whyWaiting(actor, run.id),
        DateTime.now
      ])
      const type = Option.getOrNull(catalog.find(run.type))
      const shownTo = events.at(-1)?.seq ?? after
      const stretch = (from: number) => `${section}/${run.id}?after=${from}`
      return yield* html(
        c,
        RunPage({
          shell,
          run,
          type,
          actions,
          nonce: type === null ? null : formNonce(type),
          relatives,
          records,
          waiting: Option.getOrNull(waiting),
          tenant: tenants.find(({ id }) => id === run.tenantId) ?? null,
          events,
          earlierHref: after > 0 ? stretch(Math.max(after - eventsPerPage, 0)) : null,
          laterHref: shownTo < run.lastEvent ? stretch(shownTo) : null,
          now,
          absoluteUrl: OperationsHttp.linksOf(origin, run).view
        })
      )
    })
  )

  return (app: Hono) => {
    app.get(`${section}/:run`, view)
  }
})
