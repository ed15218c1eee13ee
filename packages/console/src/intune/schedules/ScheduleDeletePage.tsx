import type { BackupSchedule } from "@atlas/intune"
import { type Changes, Meanwhile, VersionField } from "./Meanwhile.tsx"
import { Icon } from "../../shell/components/Icon.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly schedule: BackupSchedule
  /** What somebody else has changed since the person looked at it. */
  readonly meanwhile?: Changes
}

/** Asks before a schedule is deleted. It is a page of its own, so that it needs no script. */
export const ScheduleDeletePage = ({ shell, tenant, schedule, meanwhile }: Props) => {
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
        {meanwhile !== undefined && <Meanwhile {...meanwhile}>Delete it as it is now, or keep it.</Meanwhile>}
        <form class="card-actions" method="post" action={`${back}/delete`}>
          <VersionField version={schedule.version} />
          <button class="button danger">Delete the schedule</button>
          <a class="button" href={back}>
            Keep it
          </a>
        </form>
      </div>
    </Layout>
  )
}
