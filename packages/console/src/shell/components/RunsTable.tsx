import type { Run } from "@atlas/operations"
import type { DateTime } from "effect"
import { RunBadge } from "./Badge.tsx"
import { hasProgress, RunProgress } from "./Counts.tsx"
import { RunDuration } from "./Duration.tsx"
import { RunReason } from "./Reason.tsx"
import { Time } from "./Time.tsx"

/** A run with its names and address for pages. */
export interface ListedRun {
  readonly run: Run
  readonly label: string
  readonly tenantName: string | null
  readonly href: string
}

interface Props {
  readonly rows: ReadonlyArray<ListedRun>
  readonly now: DateTime.Utc
  readonly caption: string
  readonly tenant?: boolean
}

/** Runs as a table. On a phone each row becomes a card; the roles keep it a table for assistive technology. */
export const RunsTable = ({ rows, now, caption, tenant = true }: Props) => (
  <table class="runs" role="table">
    <caption class="visually-hidden">{caption}</caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">
          Operation
        </th>
        {tenant && (
          <th role="columnheader" scope="col">
            Tenant
          </th>
        )}
        <th role="columnheader" scope="col">
          Status
        </th>
        <th role="columnheader" scope="col">
          Progress
        </th>
        <th role="columnheader" scope="col">
          Duration
        </th>
        <th role="columnheader" scope="col">
          Started by
        </th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      {rows.map((row) => (
        <Row row={row} now={now} tenant={tenant} />
      ))}
    </tbody>
  </table>
)

const Row = ({
  row,
  now,
  tenant
}: {
  readonly row: ListedRun
  readonly now: DateTime.Utc
  readonly tenant: boolean
}) => {
  const { run, label, tenantName, href } = row
  return (
    <tr role="row" id={`run-${run.id}`}>
      <td role="cell" class="cell-main">
        <a href={href}>{label}</a>
      </td>
      {tenant && (
        <td role="cell" data-label="Tenant">
          {tenantName ?? <span class="muted">Workspace</span>}
        </td>
      )}
      <td role="cell" class="cell-status" data-label="Status">
        <RunBadge run={run} />
        <RunReason run={run} />
      </td>
      <td role="cell" class={hasProgress(run) ? undefined : "cell-empty"} data-label="Progress">
        <RunProgress run={run} label={label} />
      </td>
      <td role="cell" class={run.startedAt === null ? "cell-empty" : undefined} data-label="Duration">
        <RunDuration run={run} now={now} />
      </td>
      <td role="cell" data-label="Started by">
        {run.actor.name}{" "}
        <span class="muted when">
          <Time at={run.queuedAt} now={now} />
        </span>
      </td>
    </tr>
  )
}
