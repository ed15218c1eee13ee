import type { BackupSchedule } from "@atlas/intune"
import { Icon } from "../../shell/components/Icon.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly schedule: BackupSchedule
}

/** Asks before a schedule is deleted. It is a page of its own, so that it needs no script. */
export const ScheduleDeletePage = ({ shell, tenant, schedule }: Props) => {
  const back = `${shell.links.tenant(tenant.id)}/backup-schedules/${schedule.id}`
  return (
    <Layout title="Delete this schedule?" shell={shell}>
      <div class="narrow problem">
        <a class="crumb" href={back}>
          <Icon name="back" />
          <span>{schedule.name}</span>
        </a>
        <h1>Delete “{schedule.name}”?</h1>
        <p>
          {tenant.name} is not backed up by it any more. The backups that it has made stay, and expire by its rule; its
          runs stay on record.
        </p>
        <form class="card-actions" method="post" action={`${back}/delete`}>
          <button class="button danger">Delete the schedule</button>
          <a class="button" href={back}>
            Keep it
          </a>
        </form>
      </div>
    </Layout>
  )
}
