import type { EndedRuns, RunTally } from "@atlas/operations"
import { type DateTime, Struct } from "effect"
import { defaultDays, type Listing, type ListingFilter, listingFilters } from "./RunListing.ts"
import { outcomeLabels } from "../shell/components/Badge.tsx"
import { EmptyState } from "../shell/components/EmptyState.tsx"
import { EndedChart } from "./EndedChart.tsx"
import {
  type FilterChoices,
  filterChoices,
  filterLabel,
  type FilterOption,
  type FilterOptions,
  filterTitles
} from "./filters.ts"
import { formatCount, hrefWith } from "../shell/components/format.ts"
import { Icon, type IconName } from "../shell/components/Icon.tsx"
import { type ListedRun, RunsTable } from "../shell/components/RunsTable.tsx"
import { Layout, type Shell } from "../shell/Layout.tsx"
import { useLinks } from "../shell/Links.ts"
import { NextPage } from "../shell/components/NextPage.tsx"

interface Props {
  readonly shell: Shell
  readonly runs: ReadonlyArray<ListedRun>
  readonly tally: RunTally
  /** How runs ended in the last hours. */
  readonly ended: { readonly hours: number; readonly rows: ReadonlyArray<EndedRuns> }
  readonly listing: Listing
  readonly filterOptions: FilterOptions
  /** The actor may start some operation, and so cancel its runs. */
  readonly mayCancel: boolean
  readonly nextHref: string | null
  readonly now: DateTime.Utc
}

/** The list of all runs that the actor may see. */
export const OperationsPage = (props: Props) => {
  const { shell, runs, tally, ended, listing, filterOptions, nextHref, now } = props
  const options = filterChoices(filterOptions)
  const active = listingFilters.filter((name) => listing[name] !== undefined)
  return (
    <Layout title="Operations" shell={shell}>
      <h1>Operations</h1>
      <p class="lead">
        Runs in every tenant that you may see, newest first
        {listing.from === undefined ? `, of the last ${defaultDays} days` : ""}.
      </p>
      <div id="tally" data-region="">
        <Tallies {...props} />
        <EndedChart {...ended} now={now} />
      </div>
      <form class="filters" method="get" action={shell.links.to("/operations")} aria-label="Filter runs">
        {listingFilters.map((name) => (
          <Field name={name} options={options[name]} value={listing[name]} />
        ))}
        <button class="button">Apply</button>
      </form>
      {active.length > 0 && <Chips listing={listing} active={active} options={options} />}
      <div id="runs" data-region="" data-refresh={tally.queued + tally.running > 0 ? "3" : "10"}>
        {runs.length > 0 ? (
          <RunsTable rows={runs} now={now} caption="Operation runs, newest first" />
        ) : (
          <NoRuns filtered={active.length > 0} />
        )}
      </div>
      <NextPage href={nextHref}>Older runs</NextPage>
    </Layout>
  )
}

const NoRuns = ({ filtered }: { readonly filtered: boolean }) => {
  const links = useLinks()
  return filtered ? (
    <EmptyState title="No run matches these filters">
      Remove a filter, or <a href={links.to("/operations")}>show all runs</a>.
    </EmptyState>
  ) : (
    <EmptyState title={`No runs in the last ${defaultDays} days`}>
      Open one of <a href={links.to("/tenants")}>your tenants</a> and start an operation; its run appears here at once.
      For older runs, set a date in “From”.
    </EmptyState>
  )
}

const Tallies = ({ tally, ended, listing, mayCancel }: Props) => {
  const rest = Struct.omit(listing, ["status", "outcome", "reason"])
  const path = useLinks().to("/operations")
  const hrefTo = (name: "status" | "outcome", value: string) => hrefWith(path, [...Object.entries(rest), [name, value]])
  // The link cancels what is counted here; a list of one of these statuses narrows it.
  const narrower = listing.status === "completed" ? [] : [["status", listing.status] as const]
  const cancelHref = hrefWith(`${path}/cancel`, [...narrower, ...Object.entries(rest)])
  const isActive = tally.queued + tally.running > 0
  return (
    <>
      <ul class="tally" aria-label="Runs now">
        <Tally
          href={hrefTo("status", "running")}
          count={tally.running}
          icon={tally.running > 0 ? "running" : "dot"}
          label="Running"
          current={listing.status === "running"}
        />
        <Tally
          href={hrefTo("status", "queued")}
          count={tally.queued}
          icon="clock"
          label="Queued"
          current={listing.status === "queued"}
        />
        {mayCancel && isActive && (
          <li>
            <a class="button quiet" href={cancelHref}>
              Cancel them…
            </a>
          </li>
        )}
      </ul>
      <h2 class="ended-title">
        Ended in the last {ended.hours} hours
        {listing.actor !== undefined || listing.reason !== undefined
          ? ", whoever started them and for whatever reason"
          : ""}
      </h2>
      <ul class="tally tally-ended" aria-label={`Runs that ended in the last ${ended.hours} hours`}>
        {outcomeLabels.map(({ icon, label, name }) => (
          <Tally
            href={hrefTo("outcome", name)}
            count={ended.rows.filter(({ outcome }) => outcome === name).reduce((sum, { runs }) => sum + runs, 0)}
            icon={icon}
            label={label}
            current={listing.outcome === name}
            className={`key ended-${name}`}
          />
        ))}
      </ul>
    </>
  )
}

interface TallyProps {
  readonly href: string
  readonly count: number
  readonly icon: IconName
  readonly label: string
  readonly current: boolean
  readonly className?: string
}

const Tally = ({ href, count, icon, label, current, className }: TallyProps) => (
  <li>
    <a href={href} class={className} aria-current={current ? "true" : undefined}>
      <Icon name={icon} />
      <b class="number">{formatCount(count)}</b>
      <span>{label}</span>
    </a>
  </li>
)

interface FieldProps {
  readonly name: ListingFilter
  /** Without options, the filter is a text or a day. */
  readonly options: ReadonlyArray<FilterOption> | undefined
  readonly value: string | undefined
}

const Field = ({ name, options, value }: FieldProps) => (
  <label class="field">
    <span>{filterTitles[name]}</span>
    {options === undefined ? (
      <input name={name} type={name === "actor" ? "text" : "date"} value={value ?? ""} autocomplete="off" />
    ) : (
      <select name={name}>
        <option value="">All</option>
        {value !== undefined && !options.some((option) => option.value === value) && (
          <option value={value} selected>
            {value}
          </option>
        )}
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    )}
  </label>
)

interface ChipsProps {
  readonly listing: Listing
  readonly active: ReadonlyArray<ListingFilter>
  readonly options: FilterChoices
}

const Chips = ({ listing, active, options }: ChipsProps) => {
  const path = useLinks().to("/operations")
  return (
    <ul class="chips" aria-label="Active filters">
      {active.map((name) => {
        const label = filterLabel(options, name, listing[name] ?? "")
        const rest = active.filter((other) => other !== name).map((other) => [other, listing[other]] as const)
        return (
          <li class="chip">
            <span>
              {filterTitles[name]}: <b>{label}</b>
            </span>
            <a href={hrefWith(path, rest)} aria-label={`Remove filter ${filterTitles[name]}: ${label}`}>
              <Icon name="close" />
            </a>
          </li>
        )
      })}
      <li>
        <a href={path}>Clear all</a>
      </li>
    </ul>
  )
}
