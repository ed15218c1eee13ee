import type { Freshness } from "@atlas/directory"
import { reasonInfo } from "@atlas/operations"
import type { DateTime } from "effect"
import { Badge } from "./Badge.tsx"
import { plural, runHref, startHref } from "./format.ts"
import { Time } from "./Time.tsx"

interface Props {
  readonly tenantId: string
  readonly freshness: Freshness
  readonly canSync: boolean
  readonly now: DateTime.Utc
}

/** How fresh the cached groups are, and the way to refresh them. */
export const FreshnessPanel = ({ tenantId, freshness, canSync, now }: Props) => (
  <section class="panel freshness" aria-label="Freshness of the groups">
    <div>
      <p class="freshness-line">
        <FreshnessBadge freshness={freshness} />
        {freshness.completedAt === null ? (
          <span>Never synchronised</span>
        ) : (
          <span>
            <b class="number">{plural(freshness.count, "group")}</b>, complete{" "}
            <Time at={freshness.completedAt} now={now} />
          </span>
        )}
      </p>
      <LastAttempt freshness={freshness} />
    </div>
    {freshness.activeRunId === null ? (
      <form method="post" action={startHref(tenantId, "directory_groups.sync")}>
        <button class="button primary" disabled={!canSync} aria-describedby={canSync ? undefined : "why-sync"}>
          Sync now
        </button>
        {!canSync && (
          <p class="muted why" id="why-sync">
            Your role does not allow this: it needs <code>tenant.directory.sync</code>.
          </p>
        )}
      </form>
    ) : (
      <a class="button primary" href={runHref(freshness.activeRunId)}>
        View running sync
      </a>
    )}
  </section>
)

const FreshnessBadge = ({ freshness }: { readonly freshness: Freshness }) =>
  freshness.activeRunId !== null ? (
    <Badge tone="info" icon="running">
      Synchronising
    </Badge>
  ) : freshness.stale ? (
    <Badge tone="warning" icon="clock">
      {freshness.completedAt === null ? "Empty" : "May be out of date"}
    </Badge>
  ) : (
    <Badge tone="success" icon="check">
      Up to date
    </Badge>
  )

const LastAttempt = ({ freshness: { lastOutcome, lastReasonCode, lastRunId } }: { readonly freshness: Freshness }) => {
  if (lastReasonCode === null || lastRunId === null || lastOutcome === null || lastOutcome === "succeeded") return null
  const { title, nextStep } = reasonInfo(lastReasonCode)
  return (
    <p class="small">
      Last attempt {lastOutcome === "partially_succeeded" ? "was incomplete" : lastOutcome}:{" "}
      <a href={runHref(lastRunId)}>{title}</a>. {nextStep}
    </p>
  )
}
