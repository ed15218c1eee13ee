import type { Run, RunEvent } from "@atlas/operations"
import type { DateTime } from "effect"
import { RunBadge, runState } from "./components/Badge.tsx"
import { Failures } from "./components/Failures.tsx"
import { RunDuration } from "./components/Duration.tsx"
import { tenantHref } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import { Phases } from "./components/Phases.tsx"
import { ReasonCallout } from "./components/Reason.tsx"
import { RunProgress } from "./components/RunProgress.tsx"
import { TechnicalDetails } from "./components/TechnicalDetails.tsx"
import { AbsoluteTime, DueTime, Time } from "./components/Time.tsx"
import { Timeline } from "./components/Timeline.tsx"
import { Layout, type Shell } from "./Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly run: Run
  readonly label: string
  readonly description: string
  readonly tenant: { readonly id: string; readonly name: string } | null
  /** A stretch of the timeline, oldest first. */
  readonly events: ReadonlyArray<RunEvent>
  /** Where the stretch before it is, and the one after; null where there is none. */
  readonly earlierHref: string | null
  readonly laterHref: string | null
  readonly now: DateTime.Utc
  readonly absoluteUrl: string
}

/** The canonical viewer of a run. */
export const RunPage = (props: Props) => {
  const { shell, run, label, description, tenant, absoluteUrl } = props
  const state = runState(run)
  const live = run.status !== "completed"
  return (
    <Layout title={`${state.text}: ${label}${tenant === null ? "" : ` in ${tenant.name}`}`} shell={shell}>
      <a class="crumb" href="/admin/operations">
        <Icon name="back" />
        <span>Operations</span>
      </a>
      <div
        id="run"
        data-region=""
        data-live={live ? `/api/v1/operations/${run.id}/events` : undefined}
        data-refresh={live ? "15" : undefined}
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
          <button class="button needs-script" type="button" data-copy={absoluteUrl}>
            <Icon name="link" />
            <span>Copy link</span>
          </button>
        </div>
        <Facts {...props} />
        <ReasonCallout run={run} />
        <Body {...props} />
      </div>
    </Layout>
  )
}

const Facts = ({ run, tenant, now }: Props) => (
  <dl class="facts">
    <div>
      <dt>Tenant</dt>
      <dd>{tenant === null ? "Whole workspace" : <a href={tenantHref(tenant.id)}>{tenant.name}</a>}</dd>
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
      </dd>
    </div>
    <div>
      <dt>Attempt</dt>
      <dd>
        <Attempt run={run} now={now} />
      </dd>
    </div>
  </dl>
)

/** `attempt` counts failures: the attempt that runs, comes next or succeeded has the number above it. */
const Attempt = ({ run, now }: { readonly run: Run; readonly now: DateTime.Utc }) => {
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

const Body = ({ run, label, events, earlierHref, laterHref, now }: Props) => (
  <div class="panels">
    <section class="panel" aria-labelledby="progress-title">
      <h2 id="progress-title">Progress</h2>
      <RunProgress run={run} label={label} events={events} now={now} />
    </section>
    <section class="panel" aria-labelledby="phases-title">
      <h2 id="phases-title">Phases</h2>
      <Phases run={run} events={events} whole={earlierHref === null && laterHref === null} now={now} />
    </section>
    {run.failureSummary.length > 0 && (
      <section class="panel panel-full" aria-labelledby="failures-title">
        <h2 id="failures-title">Failures</h2>
        <Failures failures={run.failureSummary} />
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
