import type { Capability } from "@atlas/operations"
import type { DateTime } from "effect"
import { EmptyState } from "../shell/components/EmptyState.tsx"
import { hrefWith } from "../shell/components/format.ts"
import { Icon } from "../shell/components/Icon.tsx"
import { type ListedRun, RunsTable } from "../shell/components/RunsTable.tsx"
import { type Surface, SurfaceCard } from "./SurfaceCard.tsx"
import type { TenantPageLink } from "../shell/Part.ts"
import { Layout, type Shell } from "../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string; readonly workspace: string }
  /** The other pages of the tenant, below this one. */
  readonly pages: ReadonlyArray<TenantPageLink>
  /** What the person may do in the tenant. */
  readonly capabilities: ReadonlySet<Capability>
  readonly surfaces: ReadonlyArray<Surface>
  readonly recent: ReadonlyArray<ListedRun>
  readonly now: DateTime.Utc
}

/** Whether a page is one that the person may not see. */
const isMissing = (page: TenantPageLink | null, capabilities: Props["capabilities"]) =>
  page?.capability !== undefined && !capabilities.has(page.capability)

/** Whether something is under way, also by a run of the system, which has no card. */
const isBusy = (surfaces: Props["surfaces"], recent: Props["recent"]) =>
  surfaces.some(({ active }) => active !== null) || recent.some(({ run }) => run.status !== "completed")

const isUsable = ({ missingCapability, needsInput, startPage }: Surface, capabilities: Props["capabilities"]) =>
  missingCapability === null && (!needsInput || (startPage !== null && !isMissing(startPage, capabilities)))

/**
 * The surfaces that the person can use, then the others. Runs do not change the order: a page that renews itself would move what
 * somebody is about to click.
 */
const inOrder = (surfaces: Props["surfaces"], capabilities: Props["capabilities"]) => [
  ...surfaces.filter((surface) => isUsable(surface, capabilities)),
  ...surfaces.filter((surface) => !isUsable(surface, capabilities))
]

/** A tenant: the operations that can be started in it, and its recent runs. */
export const TenantPage = ({ shell, tenant, pages, capabilities, surfaces, recent, now }: Props) => (
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
      <Pages path={shell.links.tenant(tenant.id)} pages={pages} capabilities={capabilities} />
    </div>
    <div id="tenant" data-region="" data-refresh={isBusy(surfaces, recent) ? "3" : "15"}>
      <h2>Operations</h2>
      <ul class="cards cards-wide">
        {inOrder(surfaces, capabilities).map((surface) => (
          <li class="card" id={`surface-${surface.type}`}>
            <SurfaceCard
              tenantId={tenant.id}
              surface={surface}
              seesStartPage={!isMissing(surface.startPage, capabilities)}
              now={now}
            />
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

interface PagesProps extends Pick<Props, "capabilities" | "pages"> {
  readonly path: string
}

/** The links to the other pages. One that this person may not see is disabled, with the reason. */
const Pages = ({ path, pages, capabilities }: PagesProps) => {
  const missing = [
    ...new Set(pages.filter((page) => isMissing(page, capabilities)).map(({ capability }) => capability))
  ]
  return (
    <div>
      <div class="card-actions">
        {pages.map((page) =>
          isMissing(page, capabilities) ? (
            <button class="button" type="button" disabled aria-describedby="why-pages">
              {page.label}
            </button>
          ) : (
            <a class="button" href={`${path}/${page.path}`}>
              {page.label}
            </a>
          )
        )}
      </div>
      {missing.length > 0 && (
        <p class="muted why" id="why-pages">
          Your role does not allow {missing.length === 1 ? "this: it needs" : "all of this: it needs"}{" "}
          {missing.map((capability, index) => (
            <>
              {index > 0 && ", "}
              <code>{capability}</code>
            </>
          ))}
          .
        </p>
      )}
    </div>
  )
}
