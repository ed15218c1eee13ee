/**
 * Surfaces: the card of an operation in a tenant, and what the card shows.
 *
 * @module
 */

import { reasonInfo, type Run, type StartGate } from "@atlas/operations"
import type { DateTime } from "effect"
import { RunBadge } from "../shell/components/Badge.tsx"
import { RunProgress } from "../shell/components/Counts.tsx"
import { RunReason } from "../shell/components/Reason.tsx"
import { Time } from "../shell/components/Time.tsx"
import { useLinks } from "../shell/Links.ts"
import type { TenantPageLink } from "../shell/Part.ts"

/** A place where one operation is started in a tenant. */
export interface Surface {
  readonly type: string
  readonly label: string
  readonly description: string
  /** The capability that the actor lacks to start it; null if none. */
  readonly missingCapability: string | null
  /** For an operation of which every start is a run of its own; otherwise null. */
  readonly idempotencyKey: string | null
  /** Whether it cannot be started without an input. */
  readonly needsInput: boolean
  /** The page where it is started if it needs an input; null if there is none. */
  readonly startPage: TenantPageLink | null
  /** What the gates would answer to a start now. */
  readonly gate: StartGate.GateAnswer
  readonly active: Run | null
  readonly last: Run | null
}

interface Props {
  readonly tenantId: string
  readonly surface: Surface
  /** Whether the person may see the page where it is started. */
  readonly seesStartPage: boolean
  readonly now: DateTime.Utc
}

/** An operation in a tenant: its last run, its active one, what blocks a start, and where to start it. */
export const SurfaceCard = ({ tenantId, surface, seesStartPage, now }: Props) => {
  const links = useLinks()
  return (
    <>
      <div>
        <h3>{surface.label}</h3>
        <p class="muted">{surface.description}</p>
      </div>
      {surface.active === null ? (
        <LastRun run={surface.last} now={now} />
      ) : (
        <div class="card-state">
          <p>
            <RunBadge run={surface.active} />{" "}
            <span class="muted">
              requested <Time at={surface.active.queuedAt} now={now} />
            </span>
          </p>
          <RunProgress run={surface.active} label={surface.label} />
        </div>
      )}
      <Hindrance surface={surface} />
      <div class="card-actions">
        {surface.active !== null && (
          <a class="button primary" href={links.run(surface.active.id)}>
            View {surface.active.status} run
          </a>
        )}
        <Start tenantId={tenantId} surface={surface} seesStartPage={seesStartPage} />
      </div>
    </>
  )
}

const LastRun = ({ run, now }: { readonly run: Run | null; readonly now: DateTime.Utc }) => {
  const links = useLinks()
  return run === null ? (
    <p class="card-state muted">Never run.</p>
  ) : (
    <div class="card-state">
      <p>
        <RunBadge run={run} />{" "}
        <a href={links.run(run.id)}>
          <span class="visually-hidden">last run, </span>
          <Time at={run.completedAt ?? run.queuedAt} now={now} />
        </a>
      </p>
      <RunReason run={run} />
    </div>
  )
}

/** What would block a start now. The button stays: a start asks again, and the audit records the answer. */
const Hindrance = ({ surface: { gate, active, last } }: { readonly surface: Surface }) => {
  const links = useLinks()
  if (gate._tag === "Open" || active !== null) return null
  if (gate._tag === "Busy") {
    return (
      <p class="small">
        <a href={links.run(gate.holder)}>Another operation</a> is at work here: wait for it to end.
      </p>
    )
  }
  // The last run says so already.
  if (last?.reasonCode === gate.reasonCode) return null
  const { title, nextStep } = reasonInfo(gate.reasonCode)
  return (
    <p class="small">
      <b>{title}.</b> <span class="muted">{nextStep}</span>
    </p>
  )
}

type StartProps = Omit<Props, "now">

/** The way to the page where an operation is started that needs an input. Who may not start it can still look at what is there. */
const OtherPage = ({ tenantId, surface, seesStartPage }: StartProps) => {
  const links = useLinks()
  const { label, missingCapability, startPage: page } = surface
  const mayStart = missingCapability === null
  const hindrance = !mayStart
    ? `Your role does not include “${label}”.`
    : page === null
      ? "Only a program can start it: it needs an input."
      : seesStartPage
        ? null
        : `It is started on the page “${page.label}”, which your role does not include.`
  return (
    <>
      {hindrance !== null && <p class="muted small">{hindrance}</p>}
      {page !== null && seesStartPage && (
        <a class="button" href={`${links.tenant(tenantId)}/${page.path}`}>
          {mayStart ? `Go to ${page.label}` : `View ${page.label}`}
        </a>
      )}
    </>
  )
}

const Start = ({ tenantId, surface, seesStartPage }: StartProps) => {
  const links = useLinks()
  const { active, missingCapability: missing, idempotencyKey } = surface
  if (surface.needsInput) return <OtherPage tenantId={tenantId} surface={surface} seesStartPage={seesStartPage} />
  // While its run is active, another start would join it.
  if (active !== null && idempotencyKey === null) return null
  const reasonId = `why-${surface.type}`
  return (
    <form method="post" action={links.start(tenantId, surface.type)}>
      {idempotencyKey !== null && <input type="hidden" name="idempotencyKey" value={idempotencyKey} />}
      <button
        class={active === null ? "button primary" : "button"}
        disabled={missing !== null}
        aria-describedby={missing === null ? undefined : reasonId}
      >
        {surface.label}
      </button>
      {missing !== null && (
        <p class="muted why" id={reasonId}>
          Your role does not allow this: it needs <code>{missing}</code>.
        </p>
      )}
    </form>
  )
}
