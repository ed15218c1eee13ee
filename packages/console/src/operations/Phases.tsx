import type { Run, RunEvent } from "@atlas/operations"
import type { DateTime } from "effect"
import { runState } from "../shell/components/Badge.tsx"
import { DurationText } from "../shell/components/Duration.tsx"
import { elapsed, formatDuration } from "../shell/components/format.ts"
import { Icon } from "../shell/components/Icon.tsx"
import { AbsoluteTime } from "../shell/components/Time.tsx"

interface Segment {
  readonly phase: "queued" | "running"
  readonly from: DateTime.Utc
  readonly to: DateTime.Utc
}

const entered: Partial<Record<RunEvent["kind"], "queued" | "running" | "end">> = {
  created: "queued",
  attempt_failed: "queued",
  given_back: "queued",
  started: "running",
  rescued: "running",
  completed: "end",
  superseded: "end"
}

/** The stretches of a run between its events. Without the whole timeline, the two that the run itself knows. */
const segmentsOf = (run: Run, events: ReadonlyArray<RunEvent>, whole: boolean, now: DateTime.Utc) => {
  const end = run.completedAt ?? now
  const started = run.startedAt ?? end
  const coarse: ReadonlyArray<Segment> = [
    { phase: "queued", from: run.queuedAt, to: started },
    ...(run.startedAt === null ? [] : [{ phase: "running", from: started, to: end } as const])
  ]
  if (!whole || events[0]?.kind !== "created") return coarse
  const steps = events.flatMap(({ at, kind }) => {
    const phase = entered[kind]
    return phase === undefined || phase === "end" ? [] : [{ phase, from: at }]
  })
  return steps.map((step, index): Segment => ({ ...step, to: steps[index + 1]?.from ?? end }))
}

const total = (segments: ReadonlyArray<Segment>) => segments.reduce((sum, { from, to }) => sum + elapsed(from, to), 0)

interface Props {
  readonly run: Run
  readonly events: ReadonlyArray<RunEvent>
  /** The events are the whole timeline so far. */
  readonly whole: boolean
  readonly now: DateTime.Utc
}

/** The phases of a run, with their durations as a bar and as a list. */
export const Phases = ({ run, events, whole, now }: Props) => {
  const segments = segmentsOf(run, events, whole, now)
  const waiting = total(segments.filter(({ phase }) => phase === "queued"))
  const working = total(segments.filter(({ phase }) => phase === "running"))
  const ended = run.status === "completed"
  const summary = `Queued ${formatDuration(waiting)}, running ${formatDuration(working)}`
  return (
    <div class="phases">
      <Bar segments={segments} label={summary} />
      <ol>
        <li class={run.status === "queued" ? "phase phase-queued current" : "phase phase-queued"}>
          <Phase name={run.attempt > 0 ? "Queued and waiting" : "Queued"} current={run.status === "queued"} />
          <DurationText millis={waiting} />
        </li>
        <li class={run.status === "running" ? "phase phase-running current" : "phase phase-running"}>
          <Phase name="Running" current={run.status === "running"} />
          {run.startedAt === null ? (
            <span class="muted">{ended ? "Never" : "Not yet"}</span>
          ) : (
            <DurationText millis={working} />
          )}
        </li>
        <li class={ended ? `phase tone-${runState(run).tone}` : "phase phase-open"}>
          {ended && <Icon name={runState(run).icon} />}
          <Phase name={ended ? runState(run).text : "Completed"} current={ended} />
          {run.completedAt === null ? <span class="muted">Not yet</span> : <AbsoluteTime at={run.completedAt} />}
        </li>
      </ol>
    </div>
  )
}

const Phase = ({ name, current }: { readonly name: string; readonly current: boolean }) => (
  <span class="phase-name" aria-current={current ? "step" : undefined}>
    {name}
  </span>
)

const span = 1_000
const least = 8

/** A bar of the phases. Widths are SVG attributes: a style attribute would violate the Content-Security-Policy. */
const Bar = ({ segments, label }: { readonly segments: ReadonlyArray<Segment>; readonly label: string }) => {
  const shown = segments.filter(({ from, to }) => elapsed(from, to) > 0)
  const weights = shown.map(({ from, to }) => Math.max(elapsed(from, to) / Math.max(1, total(shown)), least / span))
  const sum = weights.reduce((left, right) => left + right, 0)
  const edges = weights.reduce((sofar, weight) => [...sofar, (sofar.at(-1) ?? 0) + (weight / sum) * span], [0])
  return (
    <svg class="phase-bar" viewBox={`0 0 ${span} 10`} preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="bar-ground" width={span} height="10" />
      {shown.map(({ phase }, index) => {
        const x = edges[index] ?? 0
        const width = Math.max(1, (edges[index + 1] ?? x) - x - 2)
        return <rect class={`bar-${phase}`} x={x.toFixed(1)} width={width.toFixed(1)} height="10" />
      })}
    </svg>
  )
}
