import { Icon } from "./components/Icon.tsx"
import { Layout, type Shell } from "./Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  /** Where the person comes from. */
  readonly back: { readonly href: string; readonly label: string }
  /** What would be removed, with its count: `5 groups`. */
  readonly what: string
  /** What the last sync found. */
  readonly finding: string
  /** What stays of them. */
  readonly remains: string
  readonly syncType: string
  readonly removals: number
}

/** Asks before a sync removes more than it may by itself. It is a page of its own, so that it needs no script. */
export const RemovalsPage = ({ shell, tenant, back, what, finding, remains, syncType, removals }: Props) => (
  <Layout title="Confirm the removal" shell={shell}>
    <div class="narrow problem">
      <a class="crumb" href={back.href}>
        <Icon name="back" />
        <span>{back.label}</span>
      </a>
      <h1>
        Remove {what} of {tenant.name}?
      </h1>
      <p>{finding} So many at once may be a mistake: check in the Microsoft admin centre first.</p>
      <p class="muted">Confirmed, the next sync removes at most this many. {remains}</p>
      <form class="card-actions" method="post" action={shell.links.start(tenant.id, syncType)}>
        <input type="hidden" name="input" value={JSON.stringify({ confirmRemovals: removals })} />
        <button class="button danger">Remove them with a sync</button>
        <a class="button" href={back.href}>
          Keep them
        </a>
      </form>
    </div>
  </Layout>
)
