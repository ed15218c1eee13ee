import type { Operation, Run, RunEvent, Waiting } from "@atlas/operations"
import type { DateTime } from "effect"
import { RunBadge, runState } from "../shell/components/Badge.tsx"
import type { Child } from "hono/jsx"
import { Failures } from "./Failures.tsx"
import type { CountLabels } from "../shell/components/Counts.tsx"
import { RunDuration } from "../shell/components/Duration.tsx"
import { Icon } from "../shell/components/Icon.tsx"
import { Phases } from "./Phases.tsx"
import { type Relation, Relatives } from "./Relatives.tsx"
import { RefusedActions, RunActions } from "./ActionButtons.tsx"
import { ReasonCallout } from "../shell/components/Reason.tsx"
import { RunProgress } from "./RunProgress.tsx"
import { TechnicalDetails } from "./TechnicalDetails.tsx"
import { AbsoluteTime, DueTime, Time } from "../shell/components/Time.tsx"
import { Timeline } from "./Timeline.tsx"
import type { RunRecord } from "../shell/Part.ts"
import type { RunAction } from "./RunActions.ts"
import { WaitingNotice } from "./Waiting.tsx"
import { Layout, type Shell } from "../shell/Layout.tsx"
import { useLinks } from "../shell/Links.ts"

interface Props {
  readonly shell: Shell
  readonly run: Run
  /** Its operation; null if it is no longer registered. */
  readonly type: Operation.Any | null
  readonly actions: ReadonlyArray<RunAction>
  /** For the form that retries it, if the operation takes one; otherwise null. */
  readonly idempotencyKey: string | null
  readonly relatives: ReadonlyArray<Relation>
  /** The records that the run belongs to or has made. */
  readonly records: ReadonlyArray<RunRecord>
  readonly countLabels: CountLabels
  /** The panels of its report. */
  readonly report: Child
  readonly waiting: Waiting | null
  readonly tenant: { readonly id: string; readonly name: string } | null
  /** A stretch of the timeline, oldest first. */
  readonly events: ReadonlyArray<RunEvent>
  /** The addresses of the stretch before it and of the one after; null if there is none. */
  readonly earlierHref: string | null
  readonly laterHref: string | null
  readonly now: DateTime.Utc
  readonly absoluteUrl: string
}

const unregistered = "This operation is not registered any more. Its runs can be viewed, and nothing else."

/** The page of a run. */
export const RunPage = (props: Props) => {
  const { shell, run, tenant, absoluteUrl } = props
  const { label, description } = props.type ?? { label: run.type, description: unregistered }
  const state = runState(run)
  const live = run.status !== "completed"
  return (
    <Layout title={`${state.text}: ${label}${tenant === null ? "" : ` in ${tenant.name}`}`} shell={shell}>
      <a class="crumb" href={shell.links.to("/operations")}>
        <Icon name="back" />
        <span>Operations</span>
      </a>
      <div
        id="run"
        data-region=""
        data-live={live ? shell.links.api(`/v1/operations/${run.id}/events`) : undefined}
        data-refresh={live ? (run.status === "queued" ? "5" : "15") : undefined}
        data-announce={`${label}: ${state.text}`}
      >
        <div class="title-row">
          <div>
            <div class="title-badge">
              <h1>{label}</h1>
              <RunBadge run={run} />
            </div>
            <p class="lead">{description}</p>
          </div>
          <div class="run-actions">
            <div class="card-actions">
              {props.type !== null && <RunActions {...props} capability={props.type.capabilities.start} />}
              <button class="button needs-script" type="button" data-copy={absoluteUrl}>
                <Icon name="link" />
                <span>Copy link</span>
              </button>
            </div>
            {props.type !== null && <RefusedActions {...props} capability={props.type.capabilities.start} />}
          </div>
        </div>
        <Facts {...props} />
        <Callout run={run} now={props.now} />
        <Body {...props} />
      </div>
    </Layout>
  )
}

const Facts = ({ run, tenant, records, now }: Props) => {
  const links = useLinks()
  return (
    <dl class="facts">
      <div>
        <dt>Tenant</dt>
        <dd>{tenant === null ? "Whole workspace" : <a href={links.tenant(tenant.id)}>{tenant.name}</a>}</dd>
      </div>
      <div>
        <dt>Started by</dt>
        <dd>{run.actor.name}</dd>
      </div>
      <div>
        <dt>Requested</dt>
        <dd>
          <Time at={run.queuedAt} now={now} />
          <span class="block muted small">
            <AbsoluteTime at={run.queuedAt} />
          </span>
        </dd>
      </div>
      <div>
        <dt>Duration</dt>
        <dd>
          <RunDuration run={run} now={now} />
          {run.status !== "completed" && run.deadline !== null && (
            <span class="block muted small">
              ends at the latest <Time at={run.deadline} now={now} />
            </span>
          )}
        </dd>
      </div>
      {records.map(({ href, name, title }) => (
        <div>
          <dt>{title}</dt>
          <dd>
            <a href={href}>{name}</a>
          </dd>
        </div>
      ))}
      <div>
        <dt>Attempt</dt>
        <dd>
          <Attempt run={run} now={now} />
        </dd>
      </div>
    </dl>
  )
}

/**
 * The number of the current attempt. `attempt` counts failures, so the attempt that runs, comes next or succeeded has the next
 * number.
 */
const Attempt = ({ run, now }: { readonly run: Run; readonly now: DateTime.Utc }) => {
  if (run.status === "completed" && run.startedAt === null) return <span class="muted">Not executed</span>
  const number = Math.min(run.outcome === "failed" ? run.attempt : run.attempt + 1, run.maxAttempts)
  return (
    <>
      <span class="number">
        {number} of {run.maxAttempts}
      </span>
      {run.status === "queued" && run.attempt > 0 && (
        <span class="block muted small">
          due <DueTime at={run.availableAt} now={now} />
        </span>
      )}
    </>
  )
}

/** What to know first: who stopped the run, or why it ended as it did. */
const Callout = ({ run, now }: { readonly run: Run; readonly now: DateTime.Utc }) => {
  const { cancelRequestedAt, cancelRequestedBy } = run
  const stops = run.status === "running" || run.reasonCode === "operation_cancelled"
  if (cancelRequestedAt === null || cancelRequestedBy === null || !stops) return <ReasonCallout run={run} />
  return (
    <section class="callout tone-neutral" aria-labelledby="cancel-title">
      <Icon name="cancelled" />
      <div>
        <h2 id="cancel-title">{run.status === "running" ? "Stopping" : "Cancelled"}</h2>
        <p>
          {cancelRequestedBy.name} cancelled this run <Time at={cancelRequestedAt} now={now} />.
          {run.status === "running" && " Its worker is being interrupted; what it has stored so far stays."}
        </p>
      </div>
    </section>
  )
}

const Body = ({ run, type, countLabels, events, earlierHref, laterHref, waiting, relatives, report, now }: Props) => (
  <div class="panels">
    <section class="panel" aria-labelledby="progress-title">
      <h2 id="progress-title">Progress</h2>
      <WaitingNotice run={run} waiting={waiting} now={now} />
      <RunProgress run={run} label={type?.label ?? run.type} countLabels={countLabels} events={events} now={now} />
    </section>
    <section class="panel" aria-labelledby="phases-title">
      <h2 id="phases-title">Phases</h2>
      <Phases run={run} events={events} whole={earlierHref === null && laterHref === null} now={now} />
    </section>
    {report}
    {run.failureSummary.length > 0 && (
      <section class="panel panel-full" aria-labelledby="failures-title">
        <h2 id="failures-title">{run.outcome === "succeeded" ? "Failures on the way" : "Failures"}</h2>
        <Failures run={run} now={now} />
      </section>
    )}
    {relatives.length > 0 && (
      <section class="panel panel-full" aria-labelledby="relatives-title">
        <h2 id="relatives-title">Related runs</h2>
        <Relatives relations={relatives} now={now} />
      </section>
    )}
    <section class="panel panel-full" aria-labelledby="timeline-title">
      <h2 id="timeline-title">Timeline</h2>
      {earlierHref !== null && (
        <p>
          <a href={earlierHref}>Earlier events</a>
        </p>
      )}
      <Timeline events={events} now={now} />
      {laterHref !== null && (
        <p>
          <a href={laterHref}>Later events</a>
        </p>
      )}
    </section>
    <TechnicalDetails run={run} />
  </div>
)
