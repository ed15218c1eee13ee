import type { Freshness } from "@atlas/directory"
import { reasonInfo } from "@atlas/operations"
import type { DateTime } from "effect"
import { Badge } from "../shell/components/Badge.tsx"
import { RunProgress } from "../shell/components/Counts.tsx"
import type { Selector } from "./DirectorySelector.tsx"
import { plural } from "../shell/components/format.ts"
import { Time } from "../shell/components/Time.tsx"
import { useLinks } from "../shell/Links.ts"

interface Props {
  readonly tenantId: string
  readonly selector: Pick<Selector, "activeRun" | "freshness" | "key" | "many" | "one" | "syncType">
  readonly canSync: boolean
  readonly now: DateTime.Utc
}

/** How fresh a cached collection is, and the button that refreshes it. */
export const FreshnessPanel = ({ tenantId, selector, canSync, now }: Props) => {
  const { activeRun, freshness, many, one } = selector
  return (
    <>
      <div class="freshness">
        <div>
          <p class="freshness-line">
            <FreshnessBadge freshness={freshness} />
            {freshness.completedAt === null ? (
              <span>Never synchronised</span>
            ) : (
              <span>
                <b class="number">{plural(freshness.count, one, many)}</b>, as of{" "}
                <Time at={freshness.completedAt} now={now} />
              </span>
            )}
          </p>
          <LastAttempt freshness={freshness} now={now} />
        </div>
        <SyncNow tenantId={tenantId} selector={selector} canSync={canSync} />
      </div>
      {activeRun !== null && <RunProgress run={activeRun} label={`Sync of ${many}`} />}
      <Withheld tenantId={tenantId} selector={selector} canSync={canSync} />
    </>
  )
}

const SyncNow = ({ tenantId, selector, canSync }: Omit<Props, "now">) => {
  const links = useLinks()
  const { freshness, key, many, syncType } = selector
  if (freshness.activeRunId !== null) {
    return (
      <a class="button" href={links.run(freshness.activeRunId)}>
        View running sync
      </a>
    )
  }
  const why = `why-sync-${key}`
  return (
    <form method="post" action={links.start(tenantId, syncType)} data-sync={`The sync of ${many}`}>
      <button class="button" disabled={!canSync} aria-describedby={canSync ? undefined : why}>
        Sync now<span class="visually-hidden"> for {many}</span>
      </button>
      {!canSync && (
        <p class="muted why" id={why}>
          Your role does not allow this: it needs <code>tenant.directory.sync</code>.
        </p>
      )}
    </form>
  )
}

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

const LastAttempt = ({ freshness, now }: { readonly freshness: Freshness; readonly now: DateTime.Utc }) => {
  const links = useLinks()
  const { lastAttemptAt, lastOutcome, lastReasonCode, lastRunId } = freshness
  if (lastReasonCode === null || lastRunId === null || lastOutcome === null || lastOutcome === "succeeded") return null
  const { title, nextStep } = reasonInfo(lastReasonCode)
  return (
    <p class="small">
      Last attempt
      {lastAttemptAt !== null && (
        <>
          {" "}
          <Time at={lastAttemptAt} now={now} />
        </>
      )}{" "}
      {lastOutcome === "partially_succeeded" ? "was incomplete" : lastOutcome}:{" "}
      <a href={links.run(lastRunId)}>{title}</a>. {nextStep}
    </p>
  )
}

/** Removals that a sync does not make by itself. */
const Withheld = ({ tenantId, selector, canSync }: Omit<Props, "now">) => {
  const links = useLinks()
  const { freshness, many, one, syncType } = selector
  const { withheldRemovals } = freshness
  if (withheldRemovals === null || !canSync || freshness.activeRunId !== null) return null
  return (
    <p class="notice tone-warning">
      <span>
        The directory no longer has <b class="number">{plural(withheldRemovals, one, many)}</b>. They are still shown
        here.
      </span>
      <a class="button" href={`${links.tenant(tenantId)}/configuration/removals/${syncType}`}>
        Review the removal
      </a>
    </p>
  )
}
