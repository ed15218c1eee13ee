import type { Run } from "@atlas/operations"
import type { DateTime } from "effect"
import { RunBadge } from "./components/Badge.tsx"
import { Progress } from "./components/Counts.tsx"
import { EmptyState } from "./components/EmptyState.tsx"
import { hrefWith, runHref, startHref, tenantHref } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import { RunReason } from "./components/Reason.tsx"
import { type RunRow, RunsTable } from "./components/RunsTable.tsx"
import { Time } from "./components/Time.tsx"
import { Layout, type Shell } from "./Layout.tsx"

/** A place where one operation type is started in this tenant. */
export interface Surface {
  readonly type: string
  readonly label: string
  readonly description: string
  readonly allowed: boolean
  /** Named when the actor may not start it. */
  readonly missingCapability: string | null
  readonly active: Run | null
  readonly last: Run | null
}

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string; readonly workspace: string }
  readonly surfaces: ReadonlyArray<Surface>
  readonly recent: ReadonlyArray<RunRow>
  readonly now: DateTime.Utc
}

/** A tenant: what can be started in it, and what ran lately. */
export const TenantPage = ({ shell, tenant, surfaces, recent, now }: Props) => (
  <Layout title={tenant.name} shell={shell}>
    <a class="crumb" href="/admin/tenants">
      <Icon name="back" />
      <span>Tenants</span>
    </a>
    <div class="title-row">
      <div>
        <h1>{tenant.name}</h1>
        <p class="lead">{tenant.workspace}</p>
      </div>
      <a class="button" href={`${tenantHref(tenant.id)}/configuration`}>
        Configuration
      </a>
    </div>
    <div id="tenant" data-region="" data-refresh={surfaces.some(({ active }) => active !== null) ? "3" : "15"}>
      <h2>Operations</h2>
      <ul class="cards cards-wide">
        {surfaces.map((surface) => (
          <li class="card" id={`surface-${surface.type}`}>
            <SurfaceCard tenantId={tenant.id} surface={surface} now={now} />
          </li>
        ))}
      </ul>
      <div class="title-row">
        <h2>Recent runs</h2>
        <a href={hrefWith("/admin/operations", [["tenant", tenant.id]])}>All runs of this tenant</a>
      </div>
      {recent.length === 0 ? (
        <EmptyState title="Nothing has run here yet">
          Start an operation above; its run appears here at once.
        </EmptyState>
      ) : (
        <RunsTable rows={recent} now={now} caption={`Recent runs of ${tenant.name}`} tenant={false} />
      )}
    </div>
  </Layout>
)

interface CardProps {
  readonly tenantId: string
  readonly surface: Surface
  readonly now: DateTime.Utc
}

const SurfaceCard = ({ tenantId, surface, now }: CardProps) => (
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
        <Progress run={surface.active} label={surface.label} />
      </div>
    )}
    <div class="card-actions">
      {surface.active === null ? (
        <StartForm tenantId={tenantId} surface={surface} />
      ) : (
        <a class="button primary" href={runHref(surface.active.id)}>
          View {surface.active.status} run
        </a>
      )}
    </div>
  </>
)

const LastRun = ({ run, now }: { readonly run: Run | null; readonly now: DateTime.Utc }) =>
  run === null ? (
    <p class="card-state muted">Never run.</p>
  ) : (
    <div class="card-state">
      <p>
        <RunBadge run={run} />{" "}
        <a href={runHref(run.id)}>
          <span class="visually-hidden">last run, </span>
          <Time at={run.completedAt ?? run.queuedAt} now={now} />
        </a>
      </p>
      <RunReason run={run} />
    </div>
  )

const StartForm = ({ tenantId, surface }: { readonly tenantId: string; readonly surface: Surface }) => {
  const reasonId = `why-${surface.type}`
  return (
    <form method="post" action={startHref(tenantId, surface.type)}>
      <button
        class="button primary"
        disabled={!surface.allowed}
        aria-describedby={surface.allowed ? undefined : reasonId}
      >
        {surface.label}
      </button>
      {!surface.allowed && (
        <p class="muted why" id={reasonId}>
          Your role does not allow this
          {surface.missingCapability !== null && (
            <>
              : it needs <code>{surface.missingCapability}</code>
            </>
          )}
          .
        </p>
      )}
    </form>
  )
}
