import { DriftCompare } from "@atlas/intune"
import type { DateTime } from "effect"
import { RunBadge } from "../../shell/components/Badge.tsx"
import { hasProgress, RunProgress } from "../../shell/components/Counts.tsx"
import { formatCount } from "../../shell/components/format.ts"
import { RunReason } from "../../shell/components/Reason.tsx"
import type { ListedRun } from "../../shell/components/RunsTable.tsx"
import { TableHead } from "../../shell/components/TableHead.tsx"
import { Time } from "../../shell/components/Time.tsx"

/** A comparison with the names of the two states that it compares. */
export interface Comparison extends ListedRun {
  readonly from: string
  readonly to: string
}

interface Props {
  readonly comparisons: ReadonlyArray<Comparison>
  readonly caption: string
  readonly now: DateTime.Utc
}

/** Comparisons as a table: what was compared, and how many policies differ. */
export const ComparisonsTable = ({ comparisons, caption, now }: Props) => (
  <table class="runs" role="table">
    <caption class="visually-hidden">{caption}</caption>
    <TableHead titles={["Compared", "Differences", "Status", "Started by"]} />
    <tbody role="rowgroup">
      {comparisons.map((comparison) => (
        <Row comparison={comparison} now={now} />
      ))}
    </tbody>
  </table>
)

const Row = ({ comparison, now }: { readonly comparison: Comparison; readonly now: DateTime.Utc }) => {
  const { run, label, href, from, to } = comparison
  return (
    <tr role="row" id={`run-${run.id}`}>
      <td role="cell" class="cell-main">
        <a href={href}>
          From {from} to {to}
        </a>
      </td>
      <td role="cell" class={hasProgress(run) ? undefined : "cell-empty"} data-label="Differences">
        {run.status === "completed" ? (
          <Differences found={DriftCompare.differenceCount(run)} />
        ) : (
          <RunProgress run={run} label={label} />
        )}
      </td>
      <td role="cell" class="cell-status" data-label="Status">
        <RunBadge run={run} />
        <RunReason run={run} />
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

const Differences = ({ found }: { readonly found: number | null }) =>
  found === null ? (
    <span class="muted">Unknown</span>
  ) : (
    <span class="number">{found === 0 ? "None" : formatCount(found)}</span>
  )
