import type { EndedRuns } from "@atlas/operations"
import { DateTime } from "effect"
import { outcomeLabels } from "../shell/components/Badge.tsx"
import { formatCount, plural } from "../shell/components/format.ts"

interface Props {
  readonly hours: number
  readonly rows: ReadonlyArray<EndedRuns>
  readonly now: DateTime.Utc
}

const height = 60
const step = 10

/** How runs ended, hour by hour, the current hour last; and the same as a table, for people who do not see bars. */
export const EndedChart = ({ hours, rows, now }: Props) => {
  const last = DateTime.startOf(now, "hour")
  const bars = Array.from({ length: hours }, (_, index) => {
    const hour = DateTime.subtract(last, { hours: hours - 1 - index })
    const parts = outcomeLabels.map(({ name, label }) => ({
      name,
      label,
      runs: rows
        .filter((row) => row.outcome === name && DateTime.Equivalence(row.hour, hour))
        .reduce((sum, row) => sum + row.runs, 0)
    }))
    return { hour, parts, total: parts.reduce((sum, { runs }) => sum + runs, 0) }
  })
  const most = Math.max(1, ...bars.map(({ total }) => total))
  return (
    <div class="ended">
      <svg class="ended-chart" viewBox={`0 0 ${hours * step} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map(({ parts }, index) => (
          <Bar x={index * step} parts={parts} most={most} />
        ))}
      </svg>
      <p class="ended-scale muted small">
        <span>{hours} hours ago</span>
        <span>at most {plural(most, "run")} an hour</span>
        <span>now</span>
      </p>
      <details>
        <summary class="small">As a table</summary>
        <table class="ended-table">
          <caption class="visually-hidden">Runs that ended in each of the last {hours} hours</caption>
          <thead>
            <tr>
              <th scope="col">Hour (UTC)</th>
              {outcomeLabels.map(({ label }) => (
                <th scope="col">{label}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bars
              .filter(({ total }) => total > 0)
              .map(({ hour, parts }) => (
                <tr>
                  <th scope="row">{DateTime.formatIso(hour).slice(0, 16).replace("T", " ")}</th>
                  {parts.map(({ runs }) => (
                    <td class="number">{formatCount(runs)}</td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </div>
  )
}

interface BarProps {
  readonly x: number
  readonly parts: ReadonlyArray<{ readonly name: string; readonly runs: number }>
  readonly most: number
}

const Bar = ({ x, parts, most }: BarProps) => {
  let top = height
  return (
    <>
      {parts.map(({ name, runs }) => {
        const size = (runs / most) * height
        top -= size
        return runs === 0 ? null : (
          <rect class={`ended-${name}`} x={x + 1} y={top.toFixed(2)} width={step - 2} height={size.toFixed(2)} />
        )
      })}
    </>
  )
}
