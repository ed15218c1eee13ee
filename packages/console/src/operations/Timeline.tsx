import { type ReasonCode, reasonInfo, type RunEvent } from "@atlas/operations"
import { DateTime } from "effect"
import { countsText } from "../shell/components/Counts.tsx"
import { type EventData, eventData } from "./eventData.ts"
import { formatRelative, plural } from "../shell/components/format.ts"
import { Icon, type IconName } from "../shell/components/Icon.tsx"
import { AbsoluteTime, Time } from "../shell/components/Time.tsx"

interface Entry {
  readonly event: RunEvent
  readonly data: EventData
  /** How many neighbouring events it stands for. */
  readonly size: number
}

/** Makes one entry of neighbouring progress events: the newest. */
const condense = (events: ReadonlyArray<RunEvent>): ReadonlyArray<Entry> => {
  const entries: Array<Entry> = []
  for (const event of events) {
    const previous = entries.at(-1)
    const merges = event.kind === "progress" && previous?.event.kind === "progress"
    if (merges) entries.pop()
    entries.push({ event, data: eventData(event), size: merges ? previous.size + 1 : 1 })
  }
  return entries
}

const reason = (code: ReasonCode | null | undefined): string => (code ? reasonInfo(code).title : "Unknown reason")

/** What people did. */
const deeds: Partial<Record<RunEvent["kind"], string>> = {
  created: "started the operation.",
  joined: "asked for the same and joined this run.",
  cancel_requested: "asked this run to stop.",
  superseded: "started again: another run takes the place of this one."
}

const sentence = ({ event, data, size }: Entry, now: DateTime.Utc): string => {
  const attempt = data.attempt ?? 1
  const worker = data.worker ?? "A worker"
  const deed = deeds[event.kind]
  if (deed !== undefined) return `${data.actor?.name ?? "Somebody"} ${deed}`
  switch (event.kind) {
    case "started":
      return attempt > 1 ? `Attempt ${attempt} began.` : "Work began."
    case "progress":
      return `${countsText({ summaryCounts: data.counts ?? {}, status: "running" })} processed${
        size > 1 ? `, over ${plural(size, "update")}` : ""
      }.`
    case "attempt_failed": {
      const next = data.nextAttemptAt
      const due = next && DateTime.isGreaterThan(next, now) ? ` The next one is due ${formatRelative(next, now)}.` : ""
      return `Attempt ${attempt} of ${data.maxAttempts ?? attempt} failed: ${reason(data.reasonCode)}.${due}`
    }
    case "given_back":
      return "The worker stopped and returned the run to the queue. That costs no attempt."
    case "rescued":
      return `The previous worker stopped answering; another one took over with attempt ${attempt}.`
    case "completed":
      return completion(data)
    case "stale_write_refused":
      return `A late write by ${worker}, which no longer held this run, was refused.`
    case "work_refused":
      return `${worker} was handed work that does not fit this run, and refused it: ${refusals[data.reason ?? ""] ?? data.reason}.`
    default:
      // A newer version of Atlas wrote it.
      return String(event.kind)
  }
}

const refusals: Readonly<Record<string, string>> = {
  other_type: "another operation was named",
  other_scope: "another tenant was named",
  no_handler: "it cannot execute this operation",
  stale_fence: "the run had changed hands since"
}

const completion = ({ outcome, reasonCode, counts, actor }: EventData): string => {
  const items =
    counts?.processed === undefined
      ? ""
      : ` with ${countsText({ summaryCounts: counts, status: "completed" }).toLowerCase()}`
  switch (outcome) {
    case "succeeded":
      return `Succeeded${items}.`
    case "partially_succeeded":
      return `Partially succeeded${items}: ${reason(reasonCode)}.`
    case "cancelled":
      return actor === undefined ? "Cancelled." : `Cancelled by ${actor.name}.`
    default:
      return `${outcome === "blocked" ? "Blocked" : "Failed"}: ${reason(reasonCode)}.`
  }
}

const look = ({ event, data }: Entry): { readonly icon: IconName; readonly tone: string } => {
  switch (event.kind) {
    case "created":
    case "joined":
      return { icon: "person", tone: "neutral" }
    case "started":
      return { icon: "arrow", tone: "info" }
    case "progress":
      return { icon: "dot", tone: "info" }
    case "attempt_failed":
    case "rescued":
      return { icon: "retry", tone: "warning" }
    case "given_back":
      return { icon: "clock", tone: "neutral" }
    case "stale_write_refused":
    case "work_refused":
      return { icon: "blocked", tone: "warning" }
    case "cancel_requested":
    case "superseded":
      return { icon: "cancelled", tone: "neutral" }
    case "completed":
      return data.outcome === "succeeded"
        ? { icon: "check", tone: "success" }
        : data.outcome === "partially_succeeded"
          ? { icon: "partial", tone: "warning" }
          : data.outcome === "cancelled"
            ? { icon: "cancelled", tone: "neutral" }
            : { icon: "failed", tone: "danger" }
    default:
      return { icon: "dot", tone: "neutral" }
  }
}

/** What happened to a run, oldest first, in sentences. */
export const Timeline = (props: { readonly events: ReadonlyArray<RunEvent>; readonly now: DateTime.Utc }) => (
  <ol class="timeline">
    {condense(props.events).map((entry) => {
      const { icon, tone } = look(entry)
      const { message } = entry.data
      const worker = entry.event.kind === "started" || entry.event.kind === "rescued" ? entry.data.worker : undefined
      return (
        <li class={`tone-${tone}`}>
          <span class="timeline-icon">
            <Icon name={icon} />
          </span>
          <div>
            <p>{sentence(entry, props.now)}</p>
            {message !== undefined && <p class="muted">{message}</p>}
            <p class="timeline-meta muted">
              <Time at={entry.event.at} now={props.now} /> · <AbsoluteTime at={entry.event.at} />
              {worker !== undefined && ` · ${worker}`}
            </p>
          </div>
        </li>
      )
    })}
  </ol>
)
