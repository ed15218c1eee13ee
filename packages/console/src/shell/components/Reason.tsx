import { NextStep, reasonInfo, type Run } from "@atlas/operations"
import { Icon } from "./Icon.tsx"

const messageOf = ({ failureSummary, reasonCode }: Run) =>
  failureSummary.find((failure) => failure.reasonCode === reasonCode)?.message

/** A code of a host has no words of its own: its message says why, and what to do. */
const isOfHost = (code: string) => code.startsWith("ext.")

/** Why a run ended as it did, or waits, and what to do, in a line. Nothing if the badge says it all. */
export const RunReason = ({ run }: { readonly run: Run }) => {
  if (run.reasonCode === null || run.outcome === "succeeded" || run.outcome === "cancelled") return null
  const message = isOfHost(run.reasonCode) ? messageOf(run) : undefined
  if (message !== undefined) return <span class="reason">{message}</span>
  const { title } = reasonInfo(run.reasonCode)
  return (
    <span class="reason">
      <span class="reason-title">{title}.</span> <span class="muted">{NextStep.ofRun(run)}</span>
    </span>
  )
}

/** The same in full: reason, message and next step. Nothing for a run without a reason. */
export const ReasonCallout = ({ run }: { readonly run: Run }) => {
  if (run.reasonCode === null || run.outcome === "succeeded" || run.status === "running") return null
  const { title, severity } = reasonInfo(run.reasonCode)
  const message = messageOf(run)
  const ended = run.outcome === "failed" || run.outcome === "blocked"
  const tone = severity === "info" ? "neutral" : ended ? "danger" : "warning"
  return (
    <section class={`callout tone-${tone}`} aria-labelledby="reason-title">
      <Icon name={tone === "danger" ? "failed" : tone === "warning" ? "partial" : "info"} />
      <div>
        {message !== undefined && isOfHost(run.reasonCode) ? (
          <>
            <h2 id="reason-title">{message}</h2>
            <p class="muted small">
              <code>{run.reasonCode}</code>
            </p>
          </>
        ) : (
          <>
            <h2 id="reason-title">{title}</h2>
            {message !== undefined && <p>{message}</p>}
            <p>
              <b>Next step:</b> {NextStep.ofRun(run)}
            </p>
          </>
        )}
      </div>
    </section>
  )
}
