import {
  type BackupSchedule,
  type BackupSet,
  BackupOperations,
  policyTypeNamed,
  type ScheduleSlot
} from "@atlas/intune"
import type { DateTime } from "effect"
import { type Changes, Meanwhile, VersionField } from "./Meanwhile.tsx"
import type { Child } from "hono/jsx"
import { Badge, type Tone } from "../../shell/components/Badge.tsx"
import { BackupsTable } from "../backups/BackupsTable.tsx"
import { EmptyState } from "../../shell/components/EmptyState.tsx"
import { hrefWith } from "../../shell/components/format.ts"
import { Icon, type IconName } from "../../shell/components/Icon.tsx"
import { type ListedRun, RunsTable } from "../../shell/components/RunsTable.tsx"
import { ZonedTime } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { keptText } from "./SchedulesPage.tsx"
import { TableHead } from "../../shell/components/TableHead.tsx"
import { useLinks } from "../../shell/Links.ts"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly schedule: BackupSchedule
  readonly nextTimes: ReadonlyArray<DateTime.Utc>
  readonly slots: ReadonlyArray<ScheduleSlot>
  readonly executions: ReadonlyArray<ListedRun>
  readonly backups: ReadonlyArray<BackupSet>
  /** What other parts show below. */
  readonly appendices: Child
  readonly mayRun: boolean
  readonly mayManage: boolean
  /** The keys of this page's starts. */
  readonly idempotencyKeys: { readonly runNow: string; readonly retry: string }
  readonly now: DateTime.Utc
  /** What somebody else has changed since the person looked at it. */
  readonly meanwhile: Changes | null
}

/** A backup schedule: when it is due, what became of its fire times, and its backups. */
export const SchedulePage = (props: Props) => {
  const { shell, tenant, schedule, executions } = props
  const section = `${shell.links.tenant(tenant.id)}/backup-schedules`
  const active = executions.some(({ run }) => run.status !== "completed")
  return (
    <Layout title={`${schedule.name} in ${tenant.name}`} shell={shell}>
      <a class="crumb" href={section}>
        <Icon name="back" />
        <span>Backup schedules of {tenant.name}</span>
      </a>
      <div class="title-row">
        <div class="title-badge">
          <h1>{schedule.name}</h1>
          {schedule.paused && (
            <Badge tone="neutral" icon="clock">
              Paused
            </Badge>
          )}
        </div>
        <Actions {...props} path={`${section}/${schedule.id}`} />
      </div>
      {props.meanwhile !== null && <Meanwhile {...props.meanwhile}>Look at it, then decide.</Meanwhile>}
      <Facts {...props} />
      <div id="schedule" data-region="" data-refresh={active ? "3" : "30"}>
        <h2>Executions</h2>
        <Executions {...props} />
        <h2>Backups</h2>
        {props.backups.length === 0 ? (
          <EmptyState title="There is no backup yet">The first one appears here when it is complete.</EmptyState>
        ) : (
          <BackupsTable
            tenantId={tenant.id}
            backups={props.backups}
            caption="Backups of this schedule"
            now={props.now}
          />
        )}
        <h2>Times</h2>
        <Slots {...props} />
        {props.appendices}
      </div>
    </Layout>
  )
}

const Actions = ({
  tenant,
  schedule,
  backups,
  mayRun,
  mayManage,
  idempotencyKeys,
  path
}: Props & { readonly path: string }) => {
  const links = useLinks()
  const input = JSON.stringify({ schedule: schedule.id })
  const start = (type: string, idempotencyKey: string, label: string, primary: boolean) => (
    <form method="post" action={links.start(tenant.id, type)}>
      <input type="hidden" name="input" value={input} />
      <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
      <button
        class={primary ? "button primary" : "button"}
        disabled={!mayRun}
        aria-describedby={mayRun ? undefined : "why-run"}
      >
        {label}
      </button>
    </form>
  )
  return (
    <div>
      <div class="card-actions">
        {start(BackupOperations.runNow.name, idempotencyKeys.runNow, "Back up now", true)}
        {backups[0]?.state === "partial" &&
          start(BackupOperations.retry.name, idempotencyKeys.retry, "Repeat the last one", false)}
        {mayManage && (
          <>
            <a class="button" href={`${path}/edit`}>
              Change
            </a>
            <form method="post" action={`${path}/${schedule.paused ? "resume" : "pause"}`}>
              <VersionField version={schedule.version} />
              <button class="button">{schedule.paused ? "Resume" : "Pause"}</button>
            </form>
            <a class="button" href={`${path}/delete`}>
              Delete…
            </a>
          </>
        )}
      </div>
      {!mayRun && (
        <p class="muted why" id="why-run">
          Your role does not allow this: it needs <code>{BackupOperations.runNow.capabilities.start}</code>.
        </p>
      )}
    </div>
  )
}

const missedTexts = { skip: "left out", once: "one backup makes up for them", all: "made up for one by one" } as const

const Facts = ({ schedule, nextTimes }: Props) => (
  <dl class="facts">
    <div>
      <dt>When</dt>
      <dd>
        <code>{schedule.cron}</code>
        <span class="block small muted">{schedule.timeZone}</span>
      </dd>
    </div>
    <div>
      <dt>Next</dt>
      <dd>
        {schedule.paused ? (
          "not while it is paused"
        ) : nextTimes.length === 0 ? (
          "never"
        ) : (
          <details>
            <summary>
              <ZonedTime at={nextTimes[0]!} zone={schedule.timeZone} />
            </summary>
            <ol>
              {nextTimes.slice(1).map((time) => (
                <li>
                  <ZonedTime at={time} zone={schedule.timeZone} />
                </li>
              ))}
            </ol>
          </details>
        )}
      </dd>
    </div>
    <div>
      <dt>What</dt>
      <dd>
        {schedule.types === null
          ? "Everything"
          : schedule.types.map((name) => policyTypeNamed(name)?.label ?? name).join(", ")}
      </dd>
    </div>
    <div>
      <dt>Kept</dt>
      <dd>{keptText(schedule)}</dd>
    </div>
    <div>
      <dt>Missed times</dt>
      <dd>{missedTexts[schedule.missed]}</dd>
    </div>
  </dl>
)

const Executions = ({ tenant, executions, now }: Props) => {
  const links = useLinks()
  return executions.length === 0 ? (
    <EmptyState title="It has not run yet">
      Its runs are among <a href={hrefWith(links.to("/operations"), [["tenant", tenant.id]])}>those of the tenant</a>,
      too.
    </EmptyState>
  ) : (
    <RunsTable rows={executions} now={now} caption="Runs of this schedule" tenant={false} />
  )
}

const slotLooks: Record<ScheduleSlot["state"], readonly [text: string, tone: Tone, icon: IconName]> = {
  dispatched: ["Started", "success", "check"],
  skipped: ["Skipped", "neutral", "cancelled"],
  missed: ["Missed", "warning", "clock"],
  overlapped: ["Overlapped", "warning", "partial"]
}

const Slots = ({ schedule, slots }: Props) => {
  const links = useLinks()
  return slots.length === 0 ? (
    <EmptyState title="It was not due yet">Each time that it is due, this says whether it started a backup.</EmptyState>
  ) : (
    <table class="runs" role="table">
      <caption class="visually-hidden">What became of the last times of this schedule</caption>
      <TableHead titles={["Time", "Became", "Why", "Run"]} />
      <tbody role="rowgroup">
        {slots.map(({ fireTime, reason, runId, state }) => {
          const [text, tone, icon] = slotLooks[state]
          return (
            <tr role="row">
              <td role="cell" class="cell-main">
                <ZonedTime at={fireTime} zone={schedule.timeZone} />
              </td>
              <td role="cell" data-label="Became">
                <Badge tone={tone} icon={icon}>
                  {text}
                </Badge>
              </td>
              <td role="cell" class={reason === null ? "cell-empty" : undefined} data-label="Why">
                {reason}
              </td>
              <td role="cell" class={runId === null ? "cell-empty" : undefined} data-label="Run">
                {runId !== null && <a href={links.run(runId)}>View the run</a>}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
