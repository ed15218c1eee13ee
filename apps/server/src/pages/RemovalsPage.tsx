import type { Selector } from "./components/DirectorySelector.tsx"
import { plural, startHref, tenantHref } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import { Layout, type Shell } from "./Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly selector: Pick<Selector, "freshness" | "many" | "one" | "syncType">
  readonly removals: number
}

/** Asks before a sync removes more than it may by itself. A page of its own, so that it needs no script. */
export const RemovalsPage = ({ shell, tenant, selector, removals }: Props) => {
  const { freshness, many, one, syncType } = selector
  const back = `${tenantHref(tenant.id)}/configuration`
  return (
    <Layout title="Confirm the removal" shell={shell}>
      <div class="narrow problem">
        <a class="crumb" href={back}>
          <Icon name="back" />
          <span>Configuration of {tenant.name}</span>
        </a>
        <h1>
          Remove {plural(removals, one, many)} of {tenant.name}?
        </h1>
        <p>
          The last sync found that the directory no longer has {plural(removals, one, many)} of the{" "}
          {plural(freshness.count, one, many)} that are cached. So many at once may be a mistake: check in the Microsoft
          admin centre first.
        </p>
        <p class="muted">
          Confirmed, the next sync removes at most this many. Their names stay known, so that references to them can
          still be read.
        </p>
        <form class="card-actions" method="post" action={startHref(tenant.id, syncType)}>
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
