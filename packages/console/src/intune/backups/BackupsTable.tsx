import type { BackupSet } from "@atlas/intune"
import type { DateTime } from "effect"
import { Badge, type Tone } from "../../shell/components/Badge.tsx"
import { formatCount } from "../../shell/components/format.ts"
import type { IconName } from "../../shell/components/Icon.tsx"
import { Time } from "../../shell/components/Time.tsx"
import { TableHead } from "../../shell/components/TableHead.tsx"
import { useLinks } from "../../shell/Links.ts"

interface Props {
  readonly tenantId: string
  readonly backups: ReadonlyArray<BackupSet>
  readonly caption: string
  readonly now: DateTime.Utc
}

const looks: Record<BackupSet["state"], readonly [text: string, tone: Tone, icon: IconName]> = {
  open: ["Under way", "info", "running"],
  complete: ["Complete", "success", "check"],
  partial: ["Partial", "warning", "partial"],
  expired: ["Expired", "neutral", "clock"]
}

/** The state of a backup, in a word with a shape. */
export const BackupBadge = ({ backup }: { readonly backup: BackupSet }) => {
  const [text, tone, icon] = looks[backup.state]
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  )
}

/** Backups as a table, newest first. */
export const BackupsTable = ({ tenantId, backups, caption, now }: Props) => {
  const links = useLinks()
  return (
    <table class="runs" role="table">
      <caption class="visually-hidden">{caption}</caption>
      <TableHead titles={["Backup", "State", "Policies", "Missing"]} />
      <tbody role="rowgroup">
        {backups.map((backup) => (
          <tr role="row">
            <td role="cell" class="cell-main">
              <a href={`${links.tenant(tenantId)}/backups/${backup.id}`}>
                {backup.name}, <Time at={backup.createdAt} now={now} />
              </a>
            </td>
            <td role="cell" data-label="State">
              <BackupBadge backup={backup} />
            </td>
            <td role="cell" data-label="Policies">
              <span class="number">{formatCount(backup.itemCount)}</span>
            </td>
            <td role="cell" class={backup.missing.length === 0 ? "cell-empty" : undefined} data-label="Missing">
              {[...new Set(backup.missing.map(({ label, policy }) => policy?.title ?? label))].join(", ")}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
