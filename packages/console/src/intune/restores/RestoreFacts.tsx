import type { BackupSet, Restore } from "@atlas/intune"
import { AbsoluteTime } from "../../shell/components/Time.tsx"
import { useLinks } from "../../shell/Links.ts"

interface Props {
  readonly tenant: { readonly id: string }
  readonly restore: Restore
  /** The backup that the restore is from; null if it is gone, or if the person may not see it. */
  readonly backup: BackupSet | null
  /** The backup of what the restore overwrote; null likewise. */
  readonly safetyBackup: BackupSet | null
}

/** Where a restore is from, who planned and confirmed it, and what it does with assignments. */
export const RestoreFacts = ({ tenant, restore, backup, safetyBackup }: Props) => {
  const links = useLinks()
  const hrefOf = (id: string) => `${links.tenant(tenant.id)}/backups/${id}`
  return (
    <dl class="facts">
      <div>
        <dt>From</dt>
        <dd>
          <a href={hrefOf(restore.backupId)}>{backup?.name ?? "a backup"}</a>
          {backup !== null && (
            <span class="block small muted">
              <AbsoluteTime at={backup.createdAt} />
            </span>
          )}
        </dd>
      </div>
      <By title="Planned by" name={restore.createdBy.name} run={restore.previewRun} />
      {restore.confirmedBy !== null && (
        <By title="Confirmed by" name={restore.confirmedBy.name} run={restore.executeRun} />
      )}
      <div>
        <dt>Assignments</dt>
        <dd>{restore.withAssignments ? "restored too" : "left as they are"}</dd>
      </div>
      {restore.safetyBackupId !== null && (
        <div>
          <dt>Backup of what was overwritten</dt>
          <dd>
            <a href={hrefOf(restore.safetyBackupId)}>{safetyBackup?.name ?? "a backup"}</a>
          </dd>
        </div>
      )}
    </dl>
  )
}

interface ByProps {
  readonly title: string
  readonly name: string
  readonly run: Restore["previewRun"]
}

const By = ({ title, name, run }: ByProps) => {
  const links = useLinks()
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        {name}
        {run !== null && (
          <span class="block small">
            in <a href={links.run(run)}>this run</a>
          </span>
        )}
      </dd>
    </div>
  )
}
