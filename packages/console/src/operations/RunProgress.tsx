import type { Run, RunEvent } from "@atlas/operations"
import type { DateTime } from "effect"
import { type CountLabels, CountList, countsText, percentDone } from "../shell/components/Counts.tsx"
import { elapsed, formatCount, formatDuration } from "../shell/components/format.ts"

interface Props {
  readonly run: Run
  readonly label: string
  /** What its counts mean, where the usual words would mislead. */
  readonly countLabels?: CountLabels
  readonly events: ReadonlyArray<RunEvent>
  readonly now: DateTime.Utc
}

/** Items a second since the current attempt began; undefined if that says nothing. */
const rateOf = ({ run, events, now }: Props): number | undefined => {
  const began = events.findLast(({ kind }) => kind === "started" || kind === "rescued")?.at ?? run.startedAt
  if (began === null || run.status === "queued" || !run.summaryCounts.processed) return undefined
  const seconds = elapsed(began, run.completedAt ?? now) / 1_000
  return seconds < 0.1 ? undefined : run.summaryCounts.processed / seconds
}

const remaining = ({ summaryCounts: counts, status }: Run, rate: number): string | undefined => {
  const left = (counts.total ?? 0) - (counts.processed ?? 0)
  return status === "running" && left > 0 ? `about ${formatDuration((left / rate) * 1_000)} left` : undefined
}

/** The progress of a run: bar, counts and rate; or why there is nothing to show yet. */
export const RunProgress = (props: Props) => {
  const { run, label } = props
  const percent = percentDone(run)
  const rate = rateOf(props)
  const left = rate === undefined ? undefined : remaining(run, rate)
  return (
    <div class="run-progress">
      {run.status === "completed" && Object.keys(run.summaryCounts).length === 0 && (
        <p class="muted">{run.startedAt === null ? "It did not start." : "It reported no progress."}</p>
      )}
      {(run.status === "running" || run.summaryCounts.processed !== undefined) && (
        <>
          <p class="big number">
            {percent === undefined || run.status === "completed" ? countsText(run) : `${percent}%`}
          </p>
          {run.status === "running" && percent === undefined ? (
            <progress aria-label={`${label}: progress`} />
          ) : (
            <progress
              class={run.status === "running" ? undefined : run.outcome === "succeeded" ? "done" : "resting"}
              aria-label={`${label}: progress`}
              max={100}
              value={percent ?? 100}
            />
          )}
          <p class="muted number">
            {[
              percent === undefined || run.status === "completed" ? undefined : countsText(run),
              rate === undefined
                ? undefined
                : `${formatCount(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate))} items/s`,
              left
            ]
              .filter((part) => part !== undefined)
              .join(" · ")}
          </p>
        </>
      )}
      <CountList run={run} labels={props.countLabels ?? {}} />
    </div>
  )
}
