import { Access, type Actor, OperationCatalog, Runs } from "@atlas/operations"
import { DateTime, Effect, Predicate, Struct } from "effect"
import type { Hono } from "hono"
import { Accounts } from "./Accounts.ts"
import { BulkCancelPage } from "./pages/BulkCancelPage.tsx"
import { hrefWith } from "./pages/components/format.ts"
import { OperationsPage } from "./pages/OperationsPage.tsx"
import { html, makeRequests, type PageRequest } from "./Requests.ts"
import { filterOf, type Listing, listingOf, withFirstDay } from "./RunListing.ts"
import { makeRunRows } from "./RunRows.ts"

const section = "/admin/operations"
const runsPerPage = 50
const chartHours = 24

// A request stays short: what is left is cancelled by the next one.
const cancelledAtOnce = 100

const countOf = (value: unknown) => (Predicate.isString(value) && /^\d{1,9}$/.test(value) ? Number(value) : 0)

/** Cancels the active runs of a list, a page at a time: newer runs are never among them, so that it ends. */
const makeCancelPage = Effect.gen(function* () {
  const runs = yield* Runs
  return Effect.fnUntraced(function* (actor: Actor, listing: Listing, cursor: string | null) {
    const found = yield* runs.list(
      actor,
      { ...filterOf(listing), status: "active" },
      { cursor, limit: cancelledAtOnce }
    )
    const asked = yield* Effect.forEach(
      found.runs,
      ({ id }) =>
        runs.cancel(actor, id).pipe(
          Effect.as("cancelled" as const),
          Effect.catchTags({
            Forbidden: () => Effect.succeed("refused" as const),
            // Whoever came first: it has ended.
            RunConflict: () => Effect.succeed("ended" as const),
            NotFound: () => Effect.succeed("ended" as const)
          })
        ),
      { concurrency: 4 }
    )
    const count = (way: (typeof asked)[number]) => asked.filter((each) => each === way).length
    return { cancelled: count("cancelled"), refused: count("refused"), nextCursor: found.nextCursor }
  })
})

/** The monitoring list, and what can be done with all that it shows: from the database only. */
export const makeRunListRoutes = Effect.gen(function* () {
  const runs = yield* Runs
  const access = yield* Access
  const accounts = yield* Accounts
  const catalog = yield* OperationCatalog
  const rows = yield* makeRunRows
  const cancelPage = yield* makeCancelPage
  const { page } = yield* makeRequests

  const mayStartAny = Effect.fnUntraced(function* (actor: Actor) {
    const grants = yield* access.grants(actor)
    return catalog.types.some(({ capabilities }) => grants.some((grant) => grant.capabilities.has(capabilities.start)))
  })

  const list = page(
    section,
    Effect.fn("OperationsPage")(function* ({ c, actor, shell }) {
      const now = yield* DateTime.now
      const listing = listingOf((name) => c.req.query(name))
      const bounded = withFirstDay(listing, now)
      const cursor = c.req.query("cursor") ?? null
      const [found, tally, ended, tenants, mayCancel] = yield* Effect.all([
        runs.list(actor, filterOf(bounded), { cursor, limit: runsPerPage }),
        // Links to the statuses of the same tenant, operation and person.
        runs.tally(actor, Struct.pick(filterOf(listing), ["type", "tenant", "actor"])),
        runs.ended(actor, filterOf(listing), chartHours),
        accounts.tenantsOf(actor),
        mayStartAny(actor)
      ])
      const next = [...Object.entries(bounded), ["cursor", found.nextCursor ?? undefined] as const]
      return yield* html(
        c,
        OperationsPage({
          shell,
          runs: rows(found.runs, tenants),
          tally,
          ended: { hours: chartHours, rows: ended },
          listing,
          filterOptions: { types: catalog.types.map(({ name, label }) => ({ name, label })), tenants },
          mayCancel,
          nextHref: found.nextCursor === null ? null : hrefWith(section, next),
          now
        })
      )
    })
  )

  const confirm = page(
    section,
    Effect.fn("BulkCancelPage")(function* ({ c, actor, shell }) {
      const listing = listingOf((name) => c.req.query(name))
      const { queued, running } = yield* runs.tally(actor, { ...filterOf(listing), status: "active" })
      return yield* html(c, BulkCancelPage({ shell, listing, state: { step: "confirm", active: queued + running } }))
    })
  )

  const cancel = page(
    section,
    Effect.fn("BulkCancel")(function* ({ c, actor, shell }: PageRequest) {
      const form = yield* Effect.tryPromise(() => c.req.parseBody()).pipe(Effect.orElseSucceed(() => ({})))
      const field = (name: string): string | undefined => {
        const value = Predicate.hasProperty(form, name) ? form[name] : undefined
        return Predicate.isString(value) && value !== "" ? value : undefined
      }
      const listing = listingOf(field)
      const { cancelled, nextCursor, refused } = yield* cancelPage(actor, listing, field("cursor") ?? null)
      const [done, denied] = [countOf(field("cancelled")) + cancelled, countOf(field("refused")) + refused]
      const { queued, running } = yield* runs.tally(actor, { ...filterOf(listing), status: "active" })
      const state = {
        step: nextCursor === null ? "done" : "going",
        done,
        denied,
        nextCursor,
        left: queued + running
      } as const
      return yield* html(c, BulkCancelPage({ shell, listing, state }))
    })
  )

  return (app: Hono) => {
    app.get(section, list)
    app.get(`${section}/cancel`, confirm)
    app.post(`${section}/cancel`, cancel)
  }
})
