import { type LegacyKind, legacyKinds, LegacyRuns } from "@atlas/legacy"
import { Problems, Runs } from "@atlas/operations"
import { Effect } from "effect"
import type { Context } from "hono"
import { makeLegacyHistory } from "./LegacyHistory.ts"
import { LegacyHistoryPage } from "./LegacyHistoryPage.tsx"
import { LegacyRunPage } from "./LegacyRunPage.tsx"
import { ProblemPage } from "../shell/ProblemPage.tsx"
import { html, makeRequests, redirect } from "../shell/Requests.ts"
import { makeTenantAccess } from "../shell/TenantAccess.ts"
import type { Routes } from "../shell/Routes.ts"
import { Host } from "../shell/Host.ts"

const section = "/tenants"
const recordsPerPage = 50

// RFC 9745 and RFC 8594: since when these addresses are deprecated, and until when they answer.
const deprecated = "@1793491200"
const sunset = "Mon, 01 Nov 2027 00:00:00 GMT"

const successor = (location: string) =>
  redirect(location, 308, [
    ["cache-control", "no-store"],
    ["deprecation", deprecated],
    ["sunset", sunset],
    ["link", `<${location}>; rel="successor-version"`]
  ])

const kindOf = (c: Context): Effect.Effect<LegacyKind, Problems.NotFound> => {
  const kind = legacyKinds.find(({ table }) => table === c.req.param("table"))
  return kind === undefined ? Effect.fail(new Problems.NotFound({})) : Effect.succeed(kind)
}

/**
 * The routes of old run pages. A record that is mapped to a run leads to that run, if the actor may see it; any other record is
 * shown read-only.
 */
export const makeLegacyRoutes = Effect.gen(function* () {
  const runs = yield* Runs
  const records = yield* LegacyRuns
  const historyOf = yield* makeLegacyHistory
  const tenantOf = yield* makeTenantAccess
  const { links } = yield* Host
  const { page } = yield* makeRequests

  const view = page(
    section,
    Effect.fn("LegacyRunPage")(function* ({ c, actor, shell }) {
      const record = yield* records.get(actor, (yield* kindOf(c)).table, c.req.param("id") ?? "")
      const [run] = record.operationRunId === null ? [] : yield* runs.getMany(actor, [record.operationRunId])
      // A person who may not see the run still sees the record.
      return run === undefined ? yield* html(c, LegacyRunPage({ shell, record })) : successor(links.run(run.id))
    })
  )

  const refuse = page(
    section,
    Effect.fn("LegacyWrite")(function* ({ c, actor, shell }) {
      yield* records.get(actor, (yield* kindOf(c)).table, c.req.param("id") ?? "")
      c.header("Allow", "GET, HEAD")
      const detail = "This is history: it can be read, and nothing else."
      return yield* html(c, ProblemPage({ shell, status: 405, title: "Nothing here can be changed.", detail }), 405)
    })
  )

  const history = page(
    section,
    Effect.fn("LegacyHistoryPage")(function* ({ c, actor, shell }) {
      const { tenant } = yield* tenantOf(actor, c)
      const wanted = c.req.query("table")
      const before = c.req.query("before") ?? null
      const kinds = legacyKinds.filter(({ table }) => wanted === undefined || table === wanted)
      const lists = yield* Effect.forEach(kinds, (kind) =>
        historyOf(actor, kind, tenant.id, { before: wanted === undefined ? null : before, limit: recordsPerPage })
      )
      // Tables that this person may not see are left out.
      return yield* html(c, LegacyHistoryPage({ shell, tenant, lists: lists.filter((list) => list !== null) }))
    })
  )

  return (routes: Routes) => {
    routes.get("/legacy/:table/:id", view)
    routes.all("/legacy/:table/:id", refuse)
    routes.get(`${section}/:tenant/history`, history)
  }
})
