import type { Run } from "@atlas/operations"
import { DateTime } from "effect"
import { elapsed, formatDuration } from "./format.ts"

/** How long something took, or takes so far. The script keeps counting from `since`. */
export const DurationText = ({
  millis,
  since
}: {
  readonly millis: number
  readonly since?: DateTime.Utc | undefined
}) =>
  since === undefined ? (
    <span class="number">{formatDuration(millis)}</span>
  ) : (
    <span class="number" data-since={DateTime.formatIso(since)}>
      {formatDuration(millis)}
    </span>
  )

/** How long a run took, pauses between attempts included; a dash before it started. */
export const RunDuration = ({ run, now }: { readonly run: Run; readonly now: DateTime.Utc }) => {
  if (run.startedAt === null) return <span class="muted">–</span>
  return run.completedAt === null ? (
    <DurationText millis={elapsed(run.startedAt, now)} since={run.startedAt} />
  ) : (
    <DurationText millis={elapsed(run.startedAt, run.completedAt)} />
  )
}
