import {
  type Actor,
  type Lineage,
  OperationCatalog,
  OperationsHttp,
  Problems,
  type Run,
  RunQueries,
  Runs
} from "@atlas/operations"
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
  const queries = yield* RunQueries
  return Effect.fnUntraced(function* (actor: Actor, run: Run) {
    const lineage = yield* runs.lineage(actor, run.id)
    // Relatives have the run's own type and scope, so whoever may see it may see them.
    const found = yield* Effect.forEach(
      relations.filter(([name]) => lineage[name].length > 0),
      Effect.fnUntraced(function* ([name, title]) {
        const ids = lineage[name].slice(0, shownRelatives)
        const shown = (yield* Effect.forEach(ids, queries.find)).flatMap(Option.toArray)
        return { title, runs: shown, more: lineage[name].length - ids.length } satisfies Relation
      })
    )
    return found
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
      const type = Option.getOrUndefined(catalog.find(run.type))
      // `Runs` shows runs of known types only.
      if (type === undefined) return yield* new Problems.NotFound({})
      const shownTo = events.at(-1)?.seq ?? after
      const stretch = (from: number) => `${section}/${run.id}?after=${from}`
      return yield* html(
        c,
        RunPage({
          shell,
          run,
          type,
          actions,
          nonce: formNonce(type),
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
