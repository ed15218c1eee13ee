import type { DirectoryGroup, Freshness } from "@atlas/directory"
import type { DateTime } from "effect"
import { EmptyState } from "./components/EmptyState.tsx"
import { hrefWith, tenantHref } from "./components/format.ts"
import { FreshnessPanel } from "./components/FreshnessPanel.tsx"
import { GroupsTable } from "./components/GroupsTable.tsx"
import { Icon } from "./components/Icon.tsx"
import { Layout, type Shell } from "./Layout.tsx"

/** A chosen group. */
export interface SelectedGroup {
  readonly id: string
  readonly displayName: string
}

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly freshness: Freshness
  readonly canSync: boolean
  readonly query: string
  /** What matches the query: the first page of all groups when it is empty. */
  readonly groups: ReadonlyArray<DirectoryGroup>
  readonly selected: ReadonlyArray<SelectedGroup>
  readonly nextHref: string | null
  readonly now: DateTime.Utc
}

/** Choosing groups of a tenant, from the cache. */
export const ConfigurationPage = (props: Props) => {
  const { shell, tenant, freshness, canSync, query, groups, selected, nextHref, now } = props
  const path = `${tenantHref(tenant.id)}/configuration`
  return (
    <Layout title={`Configuration of ${tenant.name}`} shell={shell}>
      <a class="crumb" href={tenantHref(tenant.id)}>
        <Icon name="back" />
        <span>{tenant.name}</span>
      </a>
      <h1>Configuration</h1>
      <p class="lead">Choose groups of {tenant.name}. The list is a copy: it never waits for Microsoft.</p>
      <div id="freshness" data-region="" data-refresh={freshness.activeRunId === null ? "30" : "3"}>
        <FreshnessPanel tenantId={tenant.id} freshness={freshness} canSync={canSync} now={now} />
      </div>
      <section class="panel" aria-labelledby="groups-title">
        <h2 id="groups-title">Groups</h2>
        <form
          id="picker"
          class="picker"
          method="get"
          action={path}
          data-picker={`/api/v1/tenants/${encodeURIComponent(tenant.id)}/directory/groups`}
        >
          <label class="field" for="query">
            <span>Find a group by name</span>
          </label>
          <div class="picker-row">
            <div class="combobox">
              <input
                id="query"
                name="query"
                type="text"
                value={query}
                autocomplete="off"
                spellcheck={false}
                maxlength={100}
              />
            </div>
            <button class="button">Search</button>
          </div>
          <Selected path={path} query={query} selected={selected} />
        </form>
        {groups.length === 0 ? (
          <NoGroups query={query} never={freshness.completedAt === null} />
        ) : (
          <GroupsTable groups={groups} selected={selected} form="picker" />
        )}
        {nextHref !== null && (
          <p class="pager">
            <a class="button" href={nextHref} rel="next" data-keep-groups="">
              More groups
            </a>
          </p>
        )}
      </section>
    </Layout>
  )
}

interface SelectedProps {
  readonly path: string
  readonly query: string
  readonly selected: ReadonlyArray<SelectedGroup>
}

/** The chosen groups travel in the form, and so in the address: nothing is stored yet. */
const Selected = ({ path, query, selected }: SelectedProps) => (
  <div class="selected">
    <h3 id="selected-title">Selected groups</h3>
    <ul class="chips" aria-labelledby="selected-title" data-chips="">
      {selected.map(({ id, displayName }) => {
        const rest = selected.filter((other) => other.id !== id).map((other) => ["group", other.id] as const)
        return (
          <li class="chip" data-chip={id}>
            <input type="hidden" name="group" value={id} />
            <span>{displayName}</span>
            <a href={hrefWith(path, [["query", query], ...rest])} aria-label={`Remove ${displayName}`} data-remove="">
              <Icon name="close" />
            </a>
          </li>
        )
      })}
    </ul>
    <p class="muted small">The selection is kept in this page’s address: bookmark it or pass it on.</p>
  </div>
)

const NoGroups = ({ query, never }: { readonly query: string; readonly never: boolean }) =>
  never ? (
    <EmptyState title="No groups yet">Synchronise this tenant’s groups first.</EmptyState>
  ) : query === "" ? (
    <EmptyState title="No groups">The last complete listing of this tenant contained none.</EmptyState>
  ) : (
    <EmptyState title={`No group matches “${query}”`}>
      Check the spelling, or synchronise if the group is new.
    </EmptyState>
  )
