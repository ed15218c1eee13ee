import { Problems, ReasonCode, type RunFilter, RunOutcome, RunStatus } from "@atlas/operations"
import { DateTime, Effect, Option, Schema } from "effect"

/** The filters of the list of runs, as its address names them. Days are in UTC, and `to` is the last day that is shown. */
export const listingFilters = ["status", "outcome", "type", "tenant", "actor", "reason", "from", "to"] as const
export type ListingFilter = (typeof listingFilters)[number]

/** The values of the filters that are set, as they stand in the address. */
export type Listing = Partial<Record<ListingFilter, string>>

/** How many days the list goes back without a first day. */
export const defaultDays = 30

const Status = Schema.Literals([...RunStatus.literals, "active"])
const Day = Schema.String.check(Schema.isPattern(/^\d{4}-\d{2}-\d{2}$/))

const optional = <A>(schema: Schema.Decoder<A>, value: string | undefined): A | undefined =>
  Option.getOrUndefined(Schema.decodeUnknownOption(schema)(value))

const startOfDay = (day: string): DateTime.Utc | undefined => Option.getOrUndefined(DateTime.make(`${day}T00:00:00Z`))

const dayOf = (at: DateTime.Utc) => DateTime.formatIso(at).slice(0, 10)

const checkedDay = (value: string | undefined) => {
  const day = optional(Day, value)
  return day !== undefined && startOfDay(day) !== undefined ? day : undefined
}

/**
 * The filters of a request. What is unknown is dropped rather than refused: the page then shows more than was asked for.
 *
 * @param query the value of a name in the address or in a form
 */
export const listingOf = (query: (name: ListingFilter) => string | undefined): Listing => {
  const known: Record<ListingFilter, string | undefined> = {
    status: optional(Status, query("status")),
    outcome: optional(RunOutcome, query("outcome")),
    type: query("type"),
    tenant: query("tenant"),
    actor: query("actor")?.trim(),
    reason: optional(ReasonCode, query("reason")),
    from: checkedDay(query("from")),
    to: checkedDay(query("to"))
  }
  return Object.fromEntries(listingFilters.flatMap((name) => (known[name] ? [[name, known[name]]] : [])))
}

/**
 * The filters of an address that must mean exactly what it says: an action on all that matches would act on more if a filter
 * were dropped.
 *
 * @param query every name in the address, with its values
 */
export const exactListingOf = (query: Readonly<Record<string, ReadonlyArray<string>>>) => {
  const listing = listingOf((name) => query[name]?.[0])
  const isRead = ([name, values]: readonly [string, ReadonlyArray<string>]) =>
    values.every((value) => value === "") || (values.length === 1 && Object.hasOwn(listing, name))
  const errors = Object.entries(query)
    .filter((each) => !isRead(each))
    .map(([name]) => ({
      pointer: `/${name}`,
      detail: "Expected one value of a filter of the list of runs: correct it, or leave it out"
    }))
  return errors.length === 0 ? Effect.succeed(listing) : Effect.fail(new Problems.InvalidInput({ errors }))
}

/** The same list with its first day named, so that its pages continue one another over midnight. */
export const withFirstDay = (listing: Listing, now: DateTime.Utc): Listing => ({
  ...listing,
  from: listing.from ?? dayOf(DateTime.subtract(now, { days: defaultDays }))
})

/** The filter of the ledger for a list. */
export const filterOf = ({ status, outcome, type, tenant, actor, reason, from, to }: Listing): RunFilter => {
  const [first, last] = [from, to].map((day) => (day === undefined ? undefined : startOfDay(day)))
  return {
    ...(status === undefined ? {} : { status: Schema.decodeUnknownSync(Status)(status) }),
    ...(outcome === undefined ? {} : { outcome: Schema.decodeUnknownSync(RunOutcome)(outcome) }),
    ...(type === undefined ? {} : { type }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(actor === undefined ? {} : { actor }),
    ...(reason === undefined ? {} : { reasonCode: reason }),
    ...(first === undefined ? {} : { from: first }),
    ...(last === undefined ? {} : { to: DateTime.add(last, { days: 1 }) })
  }
}
