import type { BackupSchedule } from "@atlas/intune"
import type { DateTime } from "effect"
import { Badge } from "../../shell/components/Badge.tsx"
import { EmptyState } from "../../shell/components/EmptyState.tsx"
import { Icon } from "../../shell/components/Icon.tsx"
import { DueTime, ZonedTime } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { TableHead } from "../../shell/components/TableHead.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly schedules: ReadonlyArray<BackupSchedule>
  /** The capability that the person lacks to create one; null if none. */
  readonly missingCapability: string | null
  readonly now: DateTime.Utc
}

/** The backup schedules of a tenant. */
export const SchedulesPage = ({ shell, tenant, schedules, missingCapability, now }: Props) => {
  const section = `${shell.links.tenant(tenant.id)}/backup-schedules`
  return (
    <Layout title={`Backup schedules of ${tenant.name}`} shell={shell}>
      <a class="crumb" href={shell.links.tenant(tenant.id)}>
        <Icon name="back" />
        <span>{tenant.name}</span>
      </a>
      <div class="title-row">
        <div>
          <h1>Backup schedules</h1>
          <p class="lead">When the policies of {tenant.name} are backed up, and how long that is kept.</p>
        </div>
        <div class="card-actions">
          <a class="button" href={`${shell.links.tenant(tenant.id)}/backups`}>
            Backups
          </a>
          {missingCapability === null && (
            <a class="button primary" href={`${section}/new`}>
              New schedule
            </a>
          )}
        </div>
      </div>
      {missingCapability !== null && (
        <p class="muted small">
          Your role does not allow changes here: they need <code>{missingCapability}</code>.
        </p>
      )}
      {schedules.length === 0 ? (
        <EmptyState title="Nothing is backed up by itself yet">
          {missingCapability === null
            ? "Make a schedule: its first backup can be started at once."
            : "Ask somebody who may to make a schedule."}
        </EmptyState>
      ) : (
        <table class="runs" role="table">
          <caption class="visually-hidden">Backup schedules of {tenant.name}</caption>
          <TableHead titles={["Schedule", "When", "Next", "Kept"]} />
          <tbody role="rowgroup">
            {schedules.map((schedule) => (
              <tr role="row">
                <td role="cell" class="cell-main">
                  <a href={`${section}/${schedule.id}`}>{schedule.name}</a>
                </td>
                <td role="cell" data-label="When">
                  <code>{schedule.cron}</code> <span class="muted">{schedule.timeZone}</span>
                </td>
                <td role="cell" data-label="Next">
                  {schedule.paused ? (
                    <Badge tone="neutral" icon="clock">
                      Paused
                    </Badge>
                  ) : schedule.nextFireAt === null ? (
                    <span class="muted">never</span>
                  ) : (
                    <>
                      <ZonedTime at={schedule.nextFireAt} zone={schedule.timeZone} />
                      <span class="block small muted">
                        <DueTime at={schedule.nextFireAt} now={now} />
                      </span>
                    </>
                  )}
                </td>
                <td role="cell" data-label="Kept">
                  {keptText(schedule)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Layout>
  )
}

/** How long a schedule keeps its backups, in words. */
export const keptText = ({ keepDays, keepLast }: Pick<BackupSchedule, "keepDays" | "keepLast">): string => {
  const rules = [
    ...(keepLast === null ? [] : [`the last ${keepLast}`]),
    ...(keepDays === null ? [] : [`${keepDays} days`])
  ]
  return rules.length === 0 ? "for ever" : rules.join(", and for ")
}
