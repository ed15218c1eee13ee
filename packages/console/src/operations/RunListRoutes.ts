import { type Actor, Authorization, OperationCatalog, Runs } from "@atlas/operations"
import { DateTime, Effect, Schema, Struct } from "effect"
import { Host } from "../shell/Host.ts"
import { makeBulkCancellation, unconfirmed } from "./BulkCancellation.ts"
import { readForm } from "../shell/Form.ts"
import { BulkCancelPage } from "./BulkCancelPage.tsx"
import { chosenFilters } from "./filters.ts"
import { hrefWith } from "../shell/components/format.ts"
import { OperationsPage } from "./OperationsPage.tsx"
import { html, makeRequests } from "../shell/Requests.ts"
import { exactListingOf, filterOf, listingOf, withFirstDay } from "./RunListing.ts"
import { makeRunRows } from "../shell/RunRows.ts"
import type { Routes } from "../shell/Routes.ts"

const section = "/operations"
const runsPerPage = 50
const chartHours = 24

// It names up to a thousand runs, so no maximum length: the seal decides what it is worth.
const Confirmation = Schema.Struct({ confirmation: Schema.String })

/** The routes of the list of runs, and of cancelling all that it shows. From the database only. */
export const makeRunListRoutes = Effect.gen(function* () {
  const runs = yield* Runs
  const door = yield* Authorization
  const host = yield* Host
  const { links } = host
  const catalog = yield* OperationCatalog
  const rows = yield* makeRunRows
  const cancellation = yield* makeBulkCancellation
  const { page } = yield* makeRequests

  const mayStartAny = Effect.fnUntraced(function* (actor: Actor) {
    const capabilities = new Set((yield* door.visible(actor)).flatMap((part) => part.capabilities))
    return catalog.operations.some((type) => capabilities.has(type.capabilities.start))
  })

  const filterOptionsOf = (actor: Actor) =>
    Effect.all({ types: runs.operations(actor), tenants: host.tenantsOf(actor) })

  const list = page(
    section,
    Effect.fn("OperationsPage")(function* ({ c, actor, shell }) {
      const now = yield* DateTime.now
      const listing = listingOf((name) => c.req.query(name))
      const bounded = withFirstDay(listing, now)
      const cursor = c.req.query("cursor") ?? null
      const [found, tally, ended, filterOptions, mayCancel] = yield* Effect.all([
        runs.list(actor, filterOf(bounded), { cursor, limit: runsPerPage }),
        // Counts the runs of the same tenant, operation and person, for links to their statuses.
        runs.tally(actor, Struct.pick(filterOf(listing), ["type", "tenant", "actor"])),
        runs.ended(actor, filterOf(listing), chartHours),
        filterOptionsOf(actor),
        mayStartAny(actor)
      ])
      const next = [...Object.entries(bounded), ["cursor", found.nextCursor ?? undefined] as const]
      return yield* html(
        c,
        OperationsPage({
          shell,
          runs: rows(found.runs, filterOptions.tenants),
          tally,
          ended: { hours: chartHours, rows: ended },
          listing,
          filterOptions,
          mayCancel,
          nextHref: found.nextCursor === null ? null : hrefWith(links.to(section), next),
          now
        })
      )
    })
  )

  const confirm = page(
    section,
    Effect.fn("BulkCancelPage")(function* ({ c, actor, shell }) {
      const listing = yield* exactListingOf(c.req.queries())
      const [asked, filterOptions] = yield* Effect.all([cancellation.ask(actor, listing), filterOptionsOf(actor)])
      return yield* html(
        c,
        BulkCancelPage({
          shell,
          listing,
          chosen: chosenFilters(listing, filterOptions),
          state: { step: "confirm", ...asked }
        })
      )
    })
  )

  const cancel = page(
    section,
    Effect.fn("BulkCancel")(function* ({ c, actor, shell }) {
      const { confirmation } = yield* Effect.mapError(readForm(c, Confirmation), () => unconfirmed)
      const progress = yield* cancellation.go(actor, confirmation)
      const { listing } = progress
      const chosen = chosenFilters(listing, yield* filterOptionsOf(actor))
      return yield* html(c, BulkCancelPage({ shell, listing, chosen, state: { step: "going", ...progress } }))
    })
  )

  return (routes: Routes) => {
    routes.get(section, list)
    routes.get(`${section}/cancel`, confirm)
    routes.post(`${section}/cancel`, cancel)
  }
})
