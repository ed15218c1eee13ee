import type { RunFilter, RunTally } from "@atlas/operations"
import type { DateTime } from "effect"
import { outcomeLabels } from "./components/Badge.tsx"
import { EmptyState } from "./components/EmptyState.tsx"
import { formatCount, hrefWith } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import { type RunRow, RunsTable } from "./components/RunsTable.tsx"
import { Layout, type Shell } from "./Layout.tsx"

interface Option {
  readonly value: string
  readonly label: string
}

/** What the filters offer: the types and tenants that the actor may see. */
export interface FilterOptions {
  readonly types: ReadonlyArray<{ readonly name: string; readonly label: string }>
  readonly tenants: ReadonlyArray<{ readonly id: string; readonly name: string }>
}

interface Props {
  readonly shell: Shell
  readonly runs: ReadonlyArray<RunRow>
  readonly tally: RunTally
  readonly filter: RunFilter
  readonly filterOptions: FilterOptions
  readonly nextHref: string | null
  readonly now: DateTime.Utc
}

type FilterName = keyof RunFilter

const path = "/admin/operations"
const names: ReadonlyArray<FilterName> = ["status", "outcome", "type", "tenant"]
const titles: Record<FilterName, string> = { status: "Status", outcome: "Outcome", type: "Operation", tenant: "Tenant" }

const optionsOf = (from: FilterOptions): Record<FilterName, ReadonlyArray<Option>> => ({
  status: [
    { value: "queued", label: "Queued" },
    { value: "running", label: "Running" },
    { value: "completed", label: "Completed" }
  ],
  outcome: outcomeLabels.map(({ name, label }) => ({ value: name, label })),
  type: from.types.map(({ name, label }) => ({ value: name, label })),
  tenant: from.tenants.map(({ id, name }) => ({ value: id, label: name }))
})

/** The monitoring list of all runs that the actor may see. */
export const OperationsPage = ({ shell, runs, tally, filter, filterOptions, nextHref, now }: Props) => {
  const options = optionsOf(filterOptions)
  const active = names.filter((name) => filter[name] !== undefined)
  return (
    <Layout title="Operations" shell={shell}>
      <h1>Operations</h1>
      <p class="lead">Every run, in every tenant that you may see, newest first.</p>
      <div id="tally" data-region="">
        <ul class="tally">
          <Tally count={tally.running} status="running" label="Running" current={filter.status} />
          <Tally count={tally.queued} status="queued" label="Queued" current={filter.status} />
        </ul>
      </div>
      <form class="filters" method="get" action={path} aria-label="Filter runs">
        {names.map((name) => (
          <Select name={name} options={options[name]} value={filter[name]} />
        ))}
        <button class="button">Apply</button>
      </form>
      {active.length > 0 && <Chips filter={filter} active={active} options={options} />}
      <div id="runs" data-region="" data-refresh={tally.queued + tally.running > 0 ? "3" : "10"}>
        {runs.length > 0 ? (
          <RunsTable rows={runs} now={now} caption="Operation runs, newest first" />
        ) : active.length > 0 ? (
          <EmptyState title="No run matches these filters">
            Remove a filter, or <a href={path}>show all runs</a>.
          </EmptyState>
        ) : (
          <EmptyState title="No runs yet">
            Open one of <a href="/admin/tenants">your tenants</a> and start an operation; its run appears here at once.
          </EmptyState>
        )}
      </div>
      {nextHref !== null && (
        <p class="pager">
          <a class="button" href={nextHref} rel="next">
            Older runs
          </a>
        </p>
      )}
    </Layout>
  )
}

interface TallyProps {
  readonly count: number
  readonly status: "queued" | "running"
  readonly label: string
  readonly current: string | undefined
}

const Tally = ({ count, status, label, current }: TallyProps) => (
  <li>
    <a href={hrefWith(path, [["status", status]])} aria-current={current === status ? "true" : undefined}>
      <Icon name={status === "queued" ? "clock" : count > 0 ? "running" : "dot"} />
      <b class="number">{formatCount(count)}</b>
      <span>{label}</span>
    </a>
  </li>
)

interface SelectProps {
  readonly name: FilterName
  readonly options: ReadonlyArray<Option>
  readonly value: string | undefined
}

const Select = ({ name, options, value }: SelectProps) => (
  <label class="field">
    <span>{titles[name]}</span>
    <select name={name}>
      <option value="">All</option>
      {options.map((option) => (
        <option value={option.value} selected={option.value === value}>
          {option.label}
        </option>
      ))}
    </select>
  </label>
)

interface ChipsProps {
  readonly filter: RunFilter
  readonly active: ReadonlyArray<FilterName>
  readonly options: Record<FilterName, ReadonlyArray<Option>>
}

const Chips = ({ filter, active, options }: ChipsProps) => (
  <ul class="chips" aria-label="Active filters">
    {active.map((name) => {
      const label = options[name].find(({ value }) => value === filter[name])?.label ?? filter[name]
      const rest = active.filter((other) => other !== name).map((other) => [other, filter[other]] as const)
      return (
        <li class="chip">
          <span>
            {titles[name]}: <b>{label}</b>
          </span>
          <a href={hrefWith(path, rest)} aria-label={`Remove filter ${titles[name]}: ${label}`}>
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
