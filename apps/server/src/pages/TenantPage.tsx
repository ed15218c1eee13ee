import type { DateTime } from "effect"
import { EmptyState } from "./components/EmptyState.tsx"
import { hrefWith, tenantHref } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import { type RunRow, RunsTable } from "./components/RunsTable.tsx"
import { type Surface, SurfaceCard } from "./components/SurfaceCard.tsx"
import { Layout, type Shell } from "./Layout.tsx"

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
      <div class="card-actions">
        <a class="button" href={`${tenantHref(tenant.id)}/history`}>
          Earlier history
        </a>
        <a class="button" href={`${tenantHref(tenant.id)}/backup-schedules`}>
          Backup schedules
        </a>
        <a class="button" href={`${tenantHref(tenant.id)}/backups`}>
          Backups
        </a>
        <a class="button" href={`${tenantHref(tenant.id)}/drift`}>
          Drift
        </a>
        <a class="button" href={`${tenantHref(tenant.id)}/inventory`}>
          Inventory
        </a>
        <a class="button" href={`${tenantHref(tenant.id)}/configuration`}>
          Configuration
        </a>
      </div>
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
