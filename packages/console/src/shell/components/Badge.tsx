/**
 * Badges: states in a word with a shape and a colour, those of runs above all.
 *
 * @module
 */

import type { Run } from "@atlas/operations"
import type { Child } from "hono/jsx"
import { Icon, type IconName } from "./Icon.tsx"

/** The meaning of a colour; an icon and a text always say the same. */
export type Tone = "neutral" | "info" | "success" | "warning" | "danger"

/** A short state in words, with a shape. */
export const Badge = (props: { readonly tone: Tone; readonly icon: IconName; readonly children?: Child }) => (
  <span class={`badge tone-${props.tone}`}>
    <Icon name={props.icon} />
    <span>{props.children}</span>
  </span>
)

interface Look {
  readonly text: string
  readonly tone: Tone
  readonly icon: IconName
}

const outcomes: Record<Run["outcome"], Look> = {
  pending: { text: "Completed", tone: "neutral", icon: "dot" },
  succeeded: { text: "Succeeded", tone: "success", icon: "check" },
  partially_succeeded: { text: "Partially succeeded", tone: "warning", icon: "partial" },
  failed: { text: "Failed", tone: "danger", icon: "failed" },
  blocked: { text: "Blocked", tone: "danger", icon: "blocked" },
  cancelled: { text: "Cancelled", tone: "neutral", icon: "cancelled" }
}

/** Status and outcome in one word, as people would say it. */
export const runState = (run: Run): Look => {
  if (run.status === "completed") return outcomes[run.outcome]
  if (run.status === "running" && run.cancelRequestedAt !== null)
    return { text: "Stopping", tone: "warning", icon: "running" }
  if (run.status === "running") return { text: "Running", tone: "info", icon: "running" }
  return run.attempt > 0
    ? { text: "Waiting to retry", tone: "warning", icon: "retry" }
    : { text: "Queued", tone: "neutral", icon: "clock" }
}

/** The badge of a run: its status, and its outcome once it has one. */
export const RunBadge = ({ run }: { readonly run: Run }) => {
  const { text, tone, icon } = runState(run)
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  )
}

/** How runs end, in words and shapes, the best first. */
export const outcomeLabels = (["succeeded", "partially_succeeded", "failed", "blocked", "cancelled"] as const).map(
  (name) => ({ name, label: outcomes[name].text, icon: outcomes[name].icon })
)
