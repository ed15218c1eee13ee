import { type InventoryItem, type InventorySummary, InventorySync } from "@atlas/intune"
import type { Run } from "@atlas/operations"
import type { DateTime } from "effect"
import { Badge } from "../../shell/components/Badge.tsx"
import { RunProgress } from "../../shell/components/Counts.tsx"
import { EmptyState } from "../../shell/components/EmptyState.tsx"
import { formatCount, hrefWith, plural } from "../../shell/components/format.ts"
import { Icon } from "../../shell/components/Icon.tsx"
import { platformLabel } from "../policies/platformLabel.ts"
import { Time } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { TableHead } from "../../shell/components/TableHead.tsx"
import { useLinks } from "../../shell/Links.ts"
import { NextPage } from "../../shell/components/NextPage.tsx"

interface Filter {
  readonly query: string | undefined
  readonly type: string | undefined
  /** What the address names as a kind and is none. */
  readonly unknownType: string | undefined
  readonly platform: string | undefined
  readonly findings: boolean
}

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly filter: Filter
  readonly items: ReadonlyArray<InventoryItem>
  readonly nextCursor: string | null
  readonly summary: InventorySummary
  readonly activeRun: Run | null
  /** The capability that the person lacks to sync; null if none. */
  readonly missingCapability: string | null
  readonly kinds: ReadonlyArray<{ readonly name: string; readonly label: string }>
  readonly now: DateTime.Utc
}

const paramsOf = ({
  findings,
  platform,
  query,
  type
}: Filter): ReadonlyArray<readonly [string, string | undefined]> => [
  ["query", query],
  ["type", type],
  ["platform", platform],
  ["findings", findings ? "true" : undefined]
]

/** What is configured in a tenant's Intune, as it was last seen. */
export const InventoryPage = (props: Props) => {
  const { shell, tenant, filter, nextCursor, summary } = props
  const path = `${shell.links.tenant(tenant.id)}/inventory`
  return (
    <Layout title={`Inventory of ${tenant.name}`} shell={shell}>
      <a class="crumb" href={shell.links.tenant(tenant.id)}>
        <Icon name="back" />
        <span>{tenant.name}</span>
      </a>
      <h1>Inventory</h1>
      <p class="lead">
        What is configured in Intune for {tenant.name}: a copy, so that looking at it never waits for Microsoft.
      </p>
      <div id="inventory" data-region="" data-refresh={summary.activeRunId === null ? "30" : "3"}>
        <Freshness {...props} />
        <Filters {...props} path={path} />
        {filter.unknownType !== undefined && (
          <p class="notice tone-warning" role="alert">
            <span>There is no kind of policies “{filter.unknownType}”: all kinds are listed. Choose one above.</span>
          </p>
        )}
        <Items {...props} />
        <NextPage href={nextCursor === null ? null : hrefWith(path, [...paramsOf(filter), ["cursor", nextCursor]])}>
          Next page
        </NextPage>
      </div>
    </Layout>
  )
}

const Freshness = ({ tenant, summary, activeRun, missingCapability, now }: Props) => {
  const links = useLinks()
  return (
    <>
      <div class="freshness">
        <p class="freshness-line">
          {summary.activeRunId !== null ? (
            <Badge tone="info" icon="running">
              Synchronising
            </Badge>
          ) : summary.completedAt === null ? (
            <Badge tone="warning" icon="clock">
              {summary.count === 0 ? "Empty" : "Incomplete"}
            </Badge>
          ) : (
            <Badge tone="success" icon="check">
              Complete
            </Badge>
          )}
          <span>
            <b class="number">{plural(summary.count, "policy", "policies")}</b>
            {summary.completedAt !== null && (
              <>
                , as of <Time at={summary.completedAt} now={now} />
              </>
            )}
            {summary.completedAt === null && summary.lastRunId !== null && (
              <>
                : not every kind could be read. <a href={links.run(summary.lastRunId)}>See the last sync</a>
              </>
            )}
          </span>
        </p>
        {summary.activeRunId === null ? (
          <form method="post" action={links.start(tenant.id, InventorySync.operation.name)}>
            <button
              class="button"
              disabled={missingCapability !== null}
              aria-describedby={missingCapability === null ? undefined : "why-sync"}
            >
              Sync now
            </button>
            {missingCapability !== null && (
              <p class="muted why" id="why-sync">
                Your role does not allow this: it needs <code>{missingCapability}</code>.
              </p>
            )}
          </form>
        ) : (
          <a class="button" href={links.run(summary.activeRunId)}>
            View running sync
          </a>
        )}
      </div>
      {activeRun !== null && <RunProgress run={activeRun} label="Sync of the inventory" />}
      {summary.withheldRemovals > 0 && missingCapability === null && summary.activeRunId === null && (
        <p class="notice tone-warning">
          <span>
            The tenant no longer has <b class="number">{plural(summary.withheldRemovals, "policy", "policies")}</b>.
            They are still shown here.
          </span>
          <a class="button" href={`${links.tenant(tenant.id)}/inventory/removals`}>
            Review the removal
          </a>
        </p>
      )}
    </>
  )
}

const Filters = ({ filter, kinds, path, summary }: Props & { readonly path: string }) => {
  const countOf = (type: string) => summary.types.find((counted) => counted.type === type)?.count ?? 0
  const platforms = new Set([...summary.platforms, ...(filter.platform === undefined ? [] : [filter.platform])])
  const unclaimed = summary.types.find(({ type }) => type === null)?.count ?? 0
  return (
    <form class="filters" method="get" action={path}>
      <label class="field">
        <span>Search</span>
        <input type="text" name="query" value={filter.query ?? ""} maxlength={200} placeholder="Part of a title" />
      </label>
      <label class="field">
        <span>Kind</span>
        <select name="type">
          <option value="">All kinds</option>
          {kinds.map(({ label, name }) => (
            <option value={name} selected={name === filter.type}>
              {`${label} (${formatCount(countOf(name))})`}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Platform</span>
        <select name="platform">
          <option value="">All platforms</option>
          {[...platforms].map((platform) => (
            <option value={platform} selected={platform === filter.platform}>
              {platformLabel(platform)}
            </option>
          ))}
        </select>
      </label>
      {(unclaimed > 0 || filter.findings) && (
        <label class="toggle">
          <input type="checkbox" name="findings" value="true" checked={filter.findings} />
          <span>{`Unknown types only (${formatCount(unclaimed)})`}</span>
        </label>
      )}
      <button class="button">Show</button>
    </form>
  )
}

const Items = ({ tenant, filter, items, kinds, summary, now }: Props) => {
  const links = useLinks()
  if (items.length === 0) {
    return summary.count === 0 ? (
      <EmptyState title="Nothing is known of this tenant yet">Sync the inventory: its policies appear here.</EmptyState>
    ) : (
      <EmptyState title="Nothing matches">
        <a href={`${links.tenant(tenant.id)}/inventory`}>Show the whole inventory</a>
      </EmptyState>
    )
  }
  return (
    <table class="runs" role="table">
      <caption class="visually-hidden">
        Policies{filter.query === undefined ? "" : ` whose titles contain “${filter.query}”`}, by title
      </caption>
      <TableHead titles={["Title", "Kind", "Platform", "Assignments", "Changed"]} />
      <tbody role="rowgroup">
        {items.map((item) => (
          <Item tenantId={tenant.id} item={item} kinds={kinds} now={now} />
        ))}
      </tbody>
    </table>
  )
}

const Item = ({
  tenantId,
  item,
  kinds,
  now
}: Pick<Props, "kinds" | "now"> & { readonly tenantId: string; readonly item: InventoryItem }) => {
  const links = useLinks()
  return (
    <tr role="row">
      <td role="cell" class="cell-main">
        <a href={`${links.tenant(tenantId)}/inventory/${item.source}/${encodeURIComponent(item.id)}`}>{item.title}</a>
      </td>
      <td role="cell" data-label="Kind">
        {kinds.find(({ name }) => name === item.type)?.label ?? (
          <Badge tone="warning" icon="info">
            {item.finding === "ambiguous" ? "Several kinds" : "Unknown type"}
          </Badge>
        )}
      </td>
      <td role="cell" data-label="Platform">
        {item.platform === null ? <span class="muted">–</span> : platformLabel(item.platform)}
      </td>
      <td role="cell" data-label="Assignments">
        {item.assignmentCount === null ? (
          <span class="muted">–</span>
        ) : (
          <span class="number">{formatCount(item.assignmentCount)}</span>
        )}
      </td>
      <td role="cell" data-label="Changed">
        <Time at={item.lastModified ?? item.changedAt} now={now} />
      </td>
    </tr>
  )
}
