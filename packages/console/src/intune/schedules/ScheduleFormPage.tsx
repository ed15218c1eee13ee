import { policyTypes } from "@atlas/intune"
import type { Child } from "hono/jsx"
import type { ScheduleFields } from "./ScheduleForm.ts"
import { type Changes, Meanwhile, VersionField } from "./Meanwhile.tsx"
import { missed, repeatedTimes, settingLabels as labels, skippedTimes } from "./ScheduleWords.ts"
import { Icon } from "../../shell/components/Icon.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  /** Null for a new one. */
  readonly schedule: { readonly id: string; readonly name: string } | null
  readonly fields: ScheduleFields
  /** What is wrong, by field. */
  readonly problems?: ReadonlyArray<{ readonly pointer: string; readonly detail: string }>
  /** What somebody else has changed since the person began. */
  readonly meanwhile?: Changes
  /** The form has created a schedule already, with other settings. */
  readonly wasUsed?: boolean
}

/** Creates or changes a backup schedule. What was typed stays, whatever is wrong with it. */
export const ScheduleFormPage = ({
  shell,
  tenant,
  schedule,
  fields,
  problems = [],
  meanwhile,
  wasUsed = false
}: Props) => {
  const section = `${shell.links.tenant(tenant.id)}/backup-schedules`
  const action = schedule === null ? section : `${section}/${schedule.id}`
  const title = schedule === null ? "New backup schedule" : `Change “${schedule.name}”`
  const problemOf = (name: string) => problems.find(({ pointer }) => pointer.split("/")[1] === name)?.detail
  return (
    <Layout title={title} shell={shell}>
      <a class="crumb" href={schedule === null ? section : action}>
        <Icon name="back" />
        <span>{schedule === null ? `Backup schedules of ${tenant.name}` : schedule.name}</span>
      </a>
      <h1>{title}</h1>
      {problems.length > 0 && (
        <p class="notice tone-danger" role="alert">
          <span>Nothing was saved yet: see the fields below.</span>
        </p>
      )}
      {wasUsed && (
        <p class="notice tone-warning" role="alert">
          <span>This form has created a schedule already. Send it again to create another one.</span>
        </p>
      )}
      {meanwhile !== undefined && (
        <Meanwhile {...meanwhile}>What you typed is below. Save it again to put it in the place of that.</Meanwhile>
      )}
      <form class="form" method="post" action={action}>
        {schedule !== null && <VersionField version={fields.version} />}
        {fields.key !== "" && <input type="hidden" name="idempotencyKey" value={fields.key} />}
        <Field name="name" label={labels.name} problem={problemOf("name")}>
          <input type="text" name="name" id="name" value={fields.name} maxlength={200} required />
        </Field>
        <Field
          name="cron"
          label={labels.cron}
          hint="Cron expression: minute, hour, day, month, weekday. “0 2 * * *” is every night at two."
          problem={problemOf("cron")}
        >
          <input type="text" name="cron" id="cron" value={fields.cron} required />
        </Field>
        <Field name="timeZone" label={labels.timeZone} hint="Such as Europe/Berlin." problem={problemOf("timeZone")}>
          <input type="text" name="timeZone" id="timeZone" value={fields.timeZone} list="zones" required />
          <datalist id="zones">
            {Intl.supportedValuesOf("timeZone").map((zone) => (
              <option value={zone} />
            ))}
          </datalist>
        </Field>
        <Choice name="skippedTime" label={labels.skippedTime} options={skippedTimes} value={fields.skippedTime} />
        <Choice name="repeatedTime" label={labels.repeatedTime} options={repeatedTimes} value={fields.repeatedTime} />
        <Choice name="missed" label={labels.missed} options={missed} value={fields.missed} />
        <Field
          name="missedLimit"
          label={labels.missedLimit}
          problem={problemOf("missedLimit")}
          {...(problemOf("missedLimit") === undefined && { when: "missed-all" })}
        >
          <input type="text" inputmode="numeric" name="missedLimit" id="missedLimit" value={fields.missedLimit} />
        </Field>
        <fieldset class="form-kinds">
          <legend>{labels.types} (none chosen: everything)</legend>
          {policyTypes.map(({ label, name }) => (
            <label class="toggle">
              <input type="checkbox" name="types" value={name} checked={fields.types.includes(name)} />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        <Field
          name="keepLast"
          label={labels.keepLast}
          hint="How many backups. Empty: as many as there are."
          problem={problemOf("keepLast")}
        >
          <input type="text" inputmode="numeric" name="keepLast" id="keepLast" value={fields.keepLast} />
        </Field>
        <Field
          name="keepDays"
          label={labels.keepDays}
          hint="A backup expires when neither rule keeps it any longer."
          problem={problemOf("keepDays")}
        >
          <input type="text" inputmode="numeric" name="keepDays" id="keepDays" value={fields.keepDays} />
        </Field>
        <div class="card-actions">
          <button class="button primary">{schedule === null ? "Create the schedule" : "Save"}</button>
          <a class="button" href={schedule === null ? section : action}>
            Cancel
          </a>
        </div>
      </form>
    </Layout>
  )
}

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly problem: string | undefined
  /** The choice in the form for which alone the field means something; the style sheet hides it otherwise. */
  readonly when?: "missed-all"
  readonly children?: Child
}

const Field = ({ name, label, hint, problem, when, children }: FieldProps) => (
  <div class="field" data-when={when}>
    <label for={name}>{label}</label>
    {children}
    {hint !== undefined && <span class="small muted">{hint}</span>}
    {problem !== undefined && (
      <span class="field-problem" role="alert">
        {problem}
      </span>
    )}
  </div>
)

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly options: ReadonlyArray<readonly [value: string, text: string]>
  readonly value: string
}

const Choice = ({ name, label, options, value }: ChoiceProps) => (
  <label class="field">
    <span>{label}</span>
    <select name={name}>
      {options.map(([option, text]) => (
        <option value={option} selected={option === value}>
          {text}
        </option>
      ))}
    </select>
  </label>
)
