import type { DateTime } from "effect"
import { EmptyState } from "../shell/components/EmptyState.tsx"
import { hrefWith } from "../shell/components/format.ts"
import { Icon } from "../shell/components/Icon.tsx"
import { type ListedRun, RunsTable } from "../shell/components/RunsTable.tsx"
import { type Surface, SurfaceCard } from "./SurfaceCard.tsx"
import type { Contribution } from "../shell/Part.ts"
import { Layout, type Shell } from "../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string; readonly workspace: string }
  /** The other pages of the tenant, below this one. */
  readonly pages: NonNullable<Contribution["tenantPages"]>
  readonly surfaces: ReadonlyArray<Surface>
  readonly recent: ReadonlyArray<ListedRun>
  readonly now: DateTime.Utc
}

/** A tenant: the operations that can be started in it, and its recent runs. */
export const TenantPage = ({ shell, tenant, pages, surfaces, recent, now }: Props) => (
  <Layout title={tenant.name} shell={shell}>
    <a class="crumb" href={shell.links.to("/tenants")}>
      <Icon name="back" />
      <span>Tenants</span>
    </a>
    <div class="title-row">
      <div>
        <h1>{tenant.name}</h1>
        <p class="lead">{tenant.workspace}</p>
      </div>
      <div class="card-actions">
        {pages.map(({ label, path }) => (
          <a class="button" href={`${shell.links.tenant(tenant.id)}/${path}`}>
            {label}
          </a>
        ))}
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
        <a href={hrefWith(shell.links.to("/operations"), [["tenant", tenant.id]])}>All runs of this tenant</a>
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
