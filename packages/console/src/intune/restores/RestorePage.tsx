import type { BackupSet, Restore, RestoreAction, RestoreTally } from "@atlas/intune"
import { Icon } from "../../shell/components/Icon.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { useLinks } from "../../shell/Links.ts"
import { GivenValuesForm } from "./GivenValuesForm.tsx"
import { RestoreConfirm } from "./RestoreConfirm.tsx"
import { RestoreFacts } from "./RestoreFacts.tsx"
import { type RestoreSection, RestoreSectionView } from "./RestoreSections.tsx"
import { RestoreSummary } from "./RestoreSummary.tsx"
import { RestoreBadge } from "./RestoresPage.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly restore: Restore
  readonly backup: BackupSet | null
  /** The backup of what was overwritten; null if there is none, or if the person may not see it. */
  readonly safetyBackup: BackupSet | null
  /** The policies on the page, by what is done with them. */
  readonly sections: ReadonlyArray<RestoreSection>
  /** The action whose policies alone are shown; null if the page has a section for each. */
  readonly chosen: RestoreAction | null
  readonly tally: ReadonlyArray<RestoreTally>
  /** Its run has ended, or there is none. */
  readonly stopped: boolean
  /** The capability that the person lacks to restore; null if none. */
  readonly missingCapability: string | null
  /** The key of this page's forms. */
  readonly idempotencyKey: string
  /** The last attempt to confirm: what was typed, and what was wrong with it. */
  readonly refused: { readonly typed: string; readonly problem: string } | null
  /** Where the form of missing values is sent. */
  readonly valuesAction: string
  /** What was wrong with the last attempt to give missing values; null if there was none. */
  readonly valuesProblem: string | null
}

/** A restore: its plan, its confirmation, and what became of it. */
export const RestorePage = (props: Props) => {
  const { shell, tenant, restore } = props
  const path = `${shell.links.tenant(tenant.id)}/restores/${restore.id}`
  const isOpen = restore.state === "planning" || restore.state === "confirmed" || restore.state === "running"
  const waits = isOpen && !props.stopped
  return (
    <Layout title={`Restore in ${tenant.name}`} shell={shell}>
      <a class="crumb" href={`${shell.links.tenant(tenant.id)}/restores`}>
        <Icon name="back" />
        <span>Restores of {tenant.name}</span>
      </a>
      <div id="restore" data-region="" data-refresh={waits ? "2" : undefined}>
        <div class="title-badge">
          <h1>Restore</h1>
          <RestoreBadge restore={restore} />
        </div>
        <RestoreFacts {...props} />
        {restore.state === "planning" ? (
          <Planning {...props} path={path} />
        ) : (
          <Planned {...props} path={path} waits={waits} />
        )}
      </div>
    </Layout>
  )
}

const Planning = ({ restore, stopped, path, missingCapability }: Props & { readonly path: string }) => {
  const links = useLinks()
  if (!stopped) return <p class="muted">The backup is being compared with the tenant. Nothing is changed by that.</p>
  return (
    <div class="restore-summary">
      <p class="notice tone-warning">
        <span>
          The plan could not be made, and nothing was changed.{" "}
          {restore.previewRun !== null && <a href={links.run(restore.previewRun)}>Its run says why.</a>}
        </span>
      </p>
      {missingCapability === null ? (
        <div class="card-actions">
          <form method="post" action={`${path}/plan`}>
            <button class="button">Plan again</button>
          </form>
          <form method="post" action={`${path}/archive`}>
            <button class="button">Discard this plan</button>
          </form>
        </div>
      ) : (
        <NotAllowed capability={missingCapability} />
      )}
    </div>
  )
}

const Planned = (props: Props & { readonly path: string; readonly waits: boolean }) => {
  const { chosen, missingCapability, restore, sections, valuesProblem, waits } = props
  const isAllowed = missingCapability === null
  const isOver = restore.state === "done" || restore.state === "archived"
  // A page that renews itself would lose what somebody types.
  const items = isAllowed && !waits ? sections.flatMap((section) => section.items) : []
  const asksForValues = items.some(({ lacking }) => lacking.length > 0)
  return (
    <>
      <RestoreSummary {...props} asksForValues={asksForValues} canConfirm={isAllowed && !waits && !isOver} />
      {sections.map((section) => (
        <RestoreSectionView {...props} section={section} />
      ))}
      {(asksForValues || (isAllowed && valuesProblem !== null)) && (
        <GivenValuesForm
          items={items}
          action={props.valuesAction}
          idempotencyKey={props.idempotencyKey}
          problem={valuesProblem}
        />
      )}
      {!waits && !isOver && isAllowed && chosen === null && <RestoreConfirm {...props} />}
      {!waits && !isOver && !isAllowed && <NotAllowed capability={missingCapability} />}
    </>
  )
}

const NotAllowed = ({ capability }: { readonly capability: string }) => (
  <p class="muted">
    Your role does not allow restores: they need <code>{capability}</code>.
  </p>
)
