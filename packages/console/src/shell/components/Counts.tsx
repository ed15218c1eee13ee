/**
 * How far a run is, and what it counted, in words and as a bar.
 *
 * @module
 */

import type { Run } from "@atlas/operations"
import { formatCount, plural } from "./format.ts"

/** How many percent are done, rounded down; undefined while the total is unknown. */
export const percentDone = ({ summaryCounts: counts }: Run): number | undefined =>
  counts.total === undefined || counts.total === 0
    ? undefined
    : Math.min(100, Math.floor(((counts.processed ?? 0) / counts.total) * 100))

/** Whether a run looked for changes and there were none. What it looked through may still be large. */
const foundNoChanges = ({ processed, created, updated, removed }: Run["summaryCounts"]): boolean => {
  const changes = [created, updated, removed].filter((count) => count !== undefined)
  return processed === 0 && changes.length > 0 && changes.every((count) => count === 0)
}

/** How far a run is, in words: `2,150 of 5,000 items`. */
export const countsText = ({ summaryCounts: counts, status }: Pick<Run, "summaryCounts" | "status">): string => {
  if (counts.processed === undefined) return status === "running" ? "Counting…" : "No items"
  if (status === "completed" && foundNoChanges(counts)) return "No changes"
  return counts.total === undefined || (status === "completed" && counts.total === counts.processed)
    ? plural(counts.processed, "item")
    : `${formatCount(counts.processed)} of ${plural(counts.total, "item")}`
}

/** Whether there is progress to show. */
export const hasProgress = ({ summaryCounts: counts, status }: Run): boolean =>
  counts.processed !== undefined || status === "running"

/** A run's progress as a bar and in words. */
export const RunProgress = ({ run, label }: { readonly run: Run; readonly label: string }) => {
  const percent = percentDone(run)
  if (!hasProgress(run)) return <span class="muted">{run.status === "queued" ? "Not started" : "–"}</span>
  // Once everything is done, the number says it.
  const bar = run.status !== "completed" || (percent !== undefined && percent < 100)
  return (
    <div class="progress">
      {bar &&
        (percent === undefined ? (
          <progress aria-label={`${label}: progress`} />
        ) : (
          <progress
            class={run.status === "running" ? undefined : "resting"}
            aria-label={`${label}: progress`}
            max={100}
            value={percent}
          />
        ))}
      <span class="progress-text number">
        <span>{countsText(run)}</span>
        {bar && percent !== undefined && <b>{percent}%</b>}
      </span>
    </div>
  )
}

const details = [
  ["succeeded", "Succeeded"],
  ["created", "Created"],
  ["updated", "Updated"],
  ["unchanged", "Unchanged"],
  ["removed", "Removed"],
  ["skipped", "Skipped"],
  ["failed", "Failed"]
] as const

/** Words for counts, in place of the usual ones. */
export type CountLabels = Partial<Readonly<Record<keyof Run["summaryCounts"], string>>>

interface CountListProps {
  readonly run: Run
  readonly labels: CountLabels
}

/** The counts besides progress that the run has. */
export const CountList = ({ run, labels }: CountListProps) => {
  const known = details.filter(([name]) => run.summaryCounts[name] !== undefined)
  if (known.length === 0) return null
  return (
    <dl class="stats">
      {known.map(([name, text]) => (
        <div>
          <dt>{labels[name] ?? text}</dt>
          <dd class="number">{formatCount(run.summaryCounts[name] ?? 0)}</dd>
        </div>
      ))}
    </dl>
  )
}
