import { Badge } from "./components/Badge.tsx"
import { EmptyState } from "./components/EmptyState.tsx"
import { tenantHref } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import { Layout, type Shell } from "./Layout.tsx"

/** A managed tenant in the list. */
export interface TenantItem {
  readonly id: string
  readonly name: string
  readonly workspace: string
  /** It has a usable provider connection. */
  readonly connected: boolean
}

/** The tenants that the actor may see. */
export const TenantsPage = ({
  shell,
  tenants
}: {
  readonly shell: Shell
  readonly tenants: ReadonlyArray<TenantItem>
}) => (
  <Layout title="Tenants" shell={shell}>
    <h1>Tenants</h1>
    <p class="lead">The Microsoft tenants that you administer.</p>
    {tenants.length === 0 ? (
      <EmptyState title="No tenants">
        You have no access to a tenant yet. Ask an owner of your workspace to add you.
      </EmptyState>
    ) : (
      <ul class="cards">
        {tenants.map((tenant) => (
          <li class="card card-link">
            <div>
              <h2>
                <a href={tenantHref(tenant.id)}>{tenant.name}</a>
              </h2>
              <p class="muted">{tenant.workspace}</p>
            </div>
            <p class="card-foot">
              {tenant.connected ? (
                <Badge tone="success" icon="check">
                  Connected
                </Badge>
              ) : (
                <Badge tone="warning" icon="partial">
                  No provider connection
                </Badge>
              )}
              <Icon name="arrow" />
            </p>
          </li>
        ))}
      </ul>
    )}
  </Layout>
)
