import type { BackupSet, Restore } from "@atlas/intune"
import type { DateTime } from "effect"
import { Badge, type Tone } from "../../shell/components/Badge.tsx"
import { EmptyState } from "../../shell/components/EmptyState.tsx"
import { formatCount } from "../../shell/components/format.ts"
import { Icon, type IconName } from "../../shell/components/Icon.tsx"
import { Time } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { TableHead } from "../../shell/components/TableHead.tsx"
import { NextPage } from "../../shell/components/NextPage.tsx"

/** A restore with what the list says of it. */
interface ListedRestore {
  readonly restore: Restore
  /** The backup that it is from; null if the person may not see it. */
  readonly backup: BackupSet | null
  /** How many policies of the backup it is of. */
  readonly policies: number
}

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly restores: ReadonlyArray<ListedRestore>
  readonly nextHref: string | null
  readonly now: DateTime.Utc
}

const looks: Record<Restore["state"], readonly [text: string, tone: Tone, icon: IconName]> = {
  planning: ["Being planned", "info", "running"],
  planned: ["Planned", "warning", "clock"],
  confirmed: ["Confirmed", "info", "clock"],
  running: ["At work", "info", "running"],
  done: ["Done", "success", "check"],
  archived: ["Archived", "neutral", "cancelled"]
}

/** The state of a restore, in words with a shape. */
export const RestoreBadge = ({ restore }: { readonly restore: Restore }) => {
  const [text, tone, icon] = looks[restore.state]
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  )
}

/** The restores of a tenant. */
export const RestoresPage = ({ shell, tenant, restores, nextHref, now }: Props) => (
  <Layout title={`Restores of ${tenant.name}`} shell={shell}>
    <a class="crumb" href={`${shell.links.tenant(tenant.id)}/backups`}>
      <Icon name="back" />
      <span>Backups of {tenant.name}</span>
    </a>
    <h1>Restores</h1>
    <p class="lead">What was brought back from backups into {tenant.name}, or is planned to be.</p>
    {restores.length === 0 ? (
      <EmptyState title="Nothing was restored yet">
        A restore begins with <a href={`${shell.links.tenant(tenant.id)}/backups`}>a backup</a>: choose what of it is to
        come back.
      </EmptyState>
    ) : (
      <table class="runs" role="table">
        <caption class="visually-hidden">Restores of {tenant.name}, the newest first</caption>
        <TableHead titles={["Restore", "From", "Policies", "State", "By"]} />
        <tbody role="rowgroup">
          {restores.map(({ backup, policies, restore }) => (
            <tr role="row">
              <td role="cell" class="cell-main">
                <a href={`${shell.links.tenant(tenant.id)}/restores/${restore.id}`}>
                  Planned <Time at={restore.createdAt} now={now} />
                </a>
              </td>
              <td role="cell" data-label="From">
                <a href={`${shell.links.tenant(tenant.id)}/backups/${restore.backupId}`}>
                  {backup?.name ?? "a backup"}
                </a>
                {backup !== null && (
                  <span class="block small muted">
                    <Time at={backup.createdAt} now={now} />
                  </span>
                )}
              </td>
              <td role="cell" data-label="Policies">
                <span class="number">{formatCount(policies)}</span>
              </td>
              <td role="cell" data-label="State">
                <RestoreBadge restore={restore} />
              </td>
              <td role="cell" data-label="By">
                {restore.createdBy.name}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
    <NextPage href={nextHref}>Older restores</NextPage>
  </Layout>
)
