import type { LegacyKind, LegacyRun } from "@atlas/legacy"
import { EmptyState } from "../shell/components/EmptyState.tsx"
import { hrefWith } from "../shell/components/format.ts"
import { Icon } from "../shell/components/Icon.tsx"
import { Layout, type Shell } from "../shell/Layout.tsx"
import { TableHead } from "../shell/components/TableHead.tsx"
import { useLinks } from "../shell/Links.ts"
import { NextPage } from "../shell/components/NextPage.tsx"

/** Records of one of the old tables. */
export interface HistoryList {
  readonly kind: LegacyKind
  readonly records: ReadonlyArray<LegacyRun>
  /** The runs of these records that the actor may see. */
  readonly visible: ReadonlySet<string>
  readonly more: boolean
}

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly lists: ReadonlyArray<HistoryList>
}

/** What ran in a tenant before the ledger. */
export const LegacyHistoryPage = ({ shell, tenant, lists }: Props) => {
  const filled = lists.filter(({ records }) => records.length > 0)
  return (
    <Layout title={`Earlier history of ${tenant.name}`} shell={shell}>
      <a class="crumb" href={shell.links.tenant(tenant.id)}>
        <Icon name="back" />
        <span>{tenant.name}</span>
      </a>
      <h1>Earlier history</h1>
      <p class="lead">
        What ran in {tenant.name} before all runs were kept in one place. Nothing is added here any more.
      </p>
      {filled.length === 0 && (
        <EmptyState title="There is no earlier history">
          Everything that ran in this tenant is among its{" "}
          <a href={hrefWith(shell.links.to("/operations"), [["tenant", tenant.id]])}>runs</a>.
        </EmptyState>
      )}
      {filled.map((list) => (
        <History {...list} tenantId={tenant.id} />
      ))}
    </Layout>
  )
}

const fieldOf = ({ fields }: LegacyRun, ...names: ReadonlyArray<string>) =>
  fields.find(([name]) => names.includes(name))?.[1] ?? "–"

/** What was backed up in a tenant before the ledger, for the foot of a schedule's page. */
export const EarlierBackups = ({
  tenant,
  list
}: {
  readonly tenant: { readonly id: string; readonly name: string }
  readonly list: HistoryList
}) => (
  <>
    <p class="muted">Below is what was backed up in {tenant.name} before all runs were kept in one place.</p>
    <History {...list} tenantId={tenant.id} />
  </>
)

/** A tenant's records in an old table, newest first. */
const History = ({ kind, records, more, tenantId, visible }: HistoryList & { readonly tenantId: string }) => {
  const links = useLinks()
  return (
    <section aria-labelledby={kind.table}>
      <h2 id={kind.table}>{kind.label}</h2>
      <table class="runs" role="table" aria-labelledby={kind.table}>
        <TableHead titles={["Record", "Began", "Status", "Run"]} />
        <tbody role="rowgroup">
          {records.map((record) => (
            <tr role="row">
              <td role="cell" class="cell-main">
                <a href={`${links.to("/legacy")}/${kind.table}/${encodeURIComponent(record.id)}`}>{record.id}</a>
              </td>
              <td role="cell" data-label="Began">
                {fieldOf(record, "started_at", "created_at").slice(0, 19).replace("T", " ")}
              </td>
              <td role="cell" data-label="Status">
                {fieldOf(record, "status", "state")}
              </td>
              <td role="cell" data-label="Run">
                {record.operationRunId === null || !visible.has(record.operationRunId) ? (
                  <span class="muted">none</span>
                ) : (
                  <a href={links.run(record.operationRunId)}>View the run</a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <NextPage
        href={
          more
            ? hrefWith(`${links.tenant(tenantId)}/history`, [
                ["table", kind.table],
                ["before", records.at(-1)?.id]
              ])
            : null
        }
      >
        Older records
      </NextPage>
    </section>
  )
}
