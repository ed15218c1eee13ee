import { knownReasonCodes, reasonInfo } from "@atlas/operations"
import { type Listing, type ListingFilter, listingFilters } from "./RunListing.ts"
import { outcomeLabels } from "../shell/components/Badge.tsx"

/** A value of a filter of the list of runs. */
export interface FilterOption {
  readonly value: string
  readonly label: string
}

/** What the filters offer: the operations and tenants that the actor may see. */
export interface FilterOptions {
  readonly types: ReadonlyArray<{ readonly name: string; readonly label: string }>
  readonly tenants: ReadonlyArray<{ readonly id: string; readonly name: string }>
}

/** The values of each filter with a closed list of them. */
export type FilterChoices = Partial<Record<ListingFilter, ReadonlyArray<FilterOption>>>

/** The titles of the filters. */
export const filterTitles: Record<ListingFilter, string> = {
  status: "Status",
  outcome: "Outcome",
  type: "Operation",
  tenant: "Tenant",
  actor: "Started by",
  reason: "Reason",
  from: "From",
  to: "Until"
}

/** The values of the filters, labelled for people. */
export const filterChoices = (from: FilterOptions): FilterChoices => ({
  status: [
    { value: "active", label: "Queued or running" },
    { value: "queued", label: "Queued" },
    { value: "running", label: "Running" },
    { value: "completed", label: "Completed" }
  ],
  outcome: outcomeLabels.map(({ name, label }) => ({ value: name, label })),
  type: from.types.map(({ name, label }) => ({ value: name, label })),
  tenant: from.tenants.map(({ id, name }) => ({ value: id, label: name })),
  reason: knownReasonCodes.map((code) => ({ value: code, label: reasonInfo(code).title }))
})

/** The label of a filter's value; the value itself if it has none. */
export const filterLabel = (choices: FilterChoices, name: ListingFilter, value: string): string =>
  choices[name]?.find((option) => option.value === value)?.label ?? value

/** The filters that are set, in words. */
export const chosenFilters = (listing: Listing, from: FilterOptions): ReadonlyArray<readonly [string, string]> => {
  const choices = filterChoices(from)
  return listingFilters.flatMap((name) => {
    const value = listing[name]
    return value === undefined ? [] : [[filterTitles[name], filterLabel(choices, name, value)] as const]
  })
}
