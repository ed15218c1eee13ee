import { type BackupSchedule, policyTypes, scheduleDefaults } from "@atlas/intune"
import type { Problems } from "@atlas/operations"
import { Effect, Schema } from "effect"
import type { Context } from "hono"
import { FormText, FormTexts, readForm } from "../../shell/Form.ts"

/** The settings of a schedule as a form has them: what was typed, valid or not. */
export interface ScheduleFields {
  readonly name: string
  readonly cron: string
  readonly timeZone: string
  readonly skippedTime: string
  readonly repeatedTime: string
  readonly missed: string
  readonly missedLimit: string
  /** Names of kinds; none for all. */
  readonly types: ReadonlyArray<string>
  readonly keepLast: string
  readonly keepDays: string
}

const shown = (count: number | null) => (count === null ? "" : String(count))

/** The fields of a form for a schedule, or for a new one if null. */
export const fieldsOf = (schedule: BackupSchedule | null): ScheduleFields => {
  const settings = schedule ?? { ...scheduleDefaults, name: "", cron: "0 2 * * *", timeZone: "UTC" }
  return {
    ...settings,
    types: settings.types ?? [],
    missedLimit: String(settings.missedLimit),
    keepLast: shown(settings.keepLast),
    keepDays: shown(settings.keepDays)
  }
}

const Field = Schema.optionalKey(FormText)
const Form = Schema.Struct({
  name: Field,
  cron: Field,
  timeZone: Field,
  skippedTime: Field,
  repeatedTime: Field,
  missed: Field,
  missedLimit: Field,
  types: Schema.optionalKey(FormTexts),
  keepLast: Field,
  keepDays: Field
})

/** Reads a form as it was typed. */
export const readFields = (c: Context): Effect.Effect<ScheduleFields, Problems.InvalidInput> =>
  Effect.map(readForm(c, Form), ({ types = [], ...form }) => {
    const typed = (name: keyof typeof form) => (form[name] ?? "").trim()
    return {
      name: typed("name"),
      cron: typed("cron"),
      timeZone: typed("timeZone"),
      skippedTime: typed("skippedTime"),
      repeatedTime: typed("repeatedTime"),
      missed: typed("missed"),
      missedLimit: typed("missedLimit"),
      types: [types].flat(),
      keepLast: typed("keepLast"),
      keepDays: typed("keepDays")
    }
  })

const countOf = (typed: string) => (typed === "" ? null : /^\d{1,9}$/.test(typed) ? Number(typed) : typed)

/** The settings that the fields mean. The service says what is wrong with them. */
export const settingsOf = (fields: ScheduleFields): object => ({
  ...fields,
  missedLimit: countOf(fields.missedLimit),
  types: fields.types.length === 0 || fields.types.length === policyTypes.length ? null : fields.types,
  keepLast: countOf(fields.keepLast),
  keepDays: countOf(fields.keepDays)
})
