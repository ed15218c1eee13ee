import { type Actor, type Lineage, OperationCatalog, type Run, Runs } from "@atlas/operations"
import { DateTime, Effect, Option } from "effect"
import { Host } from "../shell/Host.ts"
import { formKey } from "../shell/FormKey.ts"
import type { Relation } from "./Relatives.tsx"
import { RunPage } from "./RunPage.tsx"
import { html, makeRequests } from "../shell/Requests.ts"
import { Contributions } from "../shell/Part.ts"
import { makeRunActions } from "./RunActions.ts"
import type { Routes } from "../shell/Routes.ts"

const eventsPerPage = 100

const section = "/operations"

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

/** The route of the page of a run. From the database only. */
export const makeRunRoutes = Effect.gen(function* () {
  const runs = yield* Runs
  const host = yield* Host
  const { links } = host
  const catalog = yield* OperationCatalog
  const actionsOf = yield* makeRunActions
  const relativesOf = yield* makeRelatives
  const contributions = yield* Contributions
  const { page } = yield* makeRequests

  const recordsOf = (actor: Actor, run: Run) =>
    Effect.map(
      Effect.forEach(contributions, (part) => part.recordsOf?.(actor, run) ?? Effect.succeed([])),
      (found) => found.flat()
    )

  const view = page(
    section,
    Effect.fn("RunPage")(function* ({ c, actor, shell }) {
      const run = yield* runs.get(actor, c.req.param("run") ?? "")
      // By default the newest stretch: people come to see what happens now.
      const after = sequenceOf(c.req.query("after")) ?? Math.max(run.lastEvent - eventsPerPage, 0)
      const [events, tenants, actions, relatives, records, waiting, now] = yield* Effect.all([
        runs.events(actor, run.id, { after, limit: eventsPerPage }),
        host.tenantsOf(actor),
        actionsOf(actor, run),
        relativesOf(actor, run),
        recordsOf(actor, run),
        runs.whyWaiting(actor, run.id),
        DateTime.now
      ])
      const type = Option.getOrNull(catalog.find(run.type))
      const shownTo = events.at(-1)?.seq ?? after
      const stretch = (from: number) => `${links.run(run.id)}?after=${from}`
      return yield* html(
        c,
        RunPage({
          shell,
          run,
          type,
          actions,
          idempotencyKey: type === null ? null : formKey(type),
          relatives,
          records,
          countLabels: Object.assign({}, ...contributions.map((part) => part.countLabelsOf?.(run) ?? {})),
          report: contributions.map((part) => part.reportOf?.(run) ?? null),
          waiting: Option.getOrNull(waiting),
          tenant: tenants.find(({ id }) => id === run.tenantId) ?? null,
          events,
          earlierHref: after > 0 ? stretch(Math.max(after - eventsPerPage, 0)) : null,
          laterHref: shownTo < run.lastEvent ? stretch(shownTo) : null,
          now,
          absoluteUrl: `${host.origin}${links.run(run.id)}`
        })
      )
    })
  )

  return (routes: Routes) => {
    routes.get(`${section}/:run`, view)
  }
})
