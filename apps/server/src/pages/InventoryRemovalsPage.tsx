import { InventorySync } from "@atlas/intune"
import { plural, startHref, tenantHref } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import { Layout, type Shell } from "./Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly removals: number
}

/** Asks before a sync removes more policies than it may by itself. A page of its own, so that it needs no script. */
export const InventoryRemovalsPage = ({ shell, tenant, removals }: Props) => {
  const back = `${tenantHref(tenant.id)}/inventory`
  const many = plural(removals, "policy", "policies")
  return (
    <Layout title="Confirm the removal" shell={shell}>
      <div class="narrow problem">
        <a class="crumb" href={back}>
          <Icon name="back" />
          <span>Inventory of {tenant.name}</span>
        </a>
        <h1>
          Remove {many} of {tenant.name}?
        </h1>
        <p>
          The last sync found that the tenant no longer has {many} of the inventory. So many at once may be a mistake:
          check in the Microsoft admin centre first.
        </p>
        <p class="muted">
          Confirmed, the next sync removes at most this many. What is in backups stays there, and their pages stay
          readable.
        </p>
        <form class="card-actions" method="post" action={startHref(tenant.id, InventorySync.type.name)}>
          <input type="hidden" name="input" value={JSON.stringify({ confirmRemovals: removals })} />
          <button class="button danger">Remove them with a sync</button>
          <a class="button" href={back}>
            Keep them
          </a>
        </form>
      </div>
    </Layout>
  )
}
