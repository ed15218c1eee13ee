import { type BackupSchedule, policyTypes, scheduleDefaults } from "@atlas/intune"
import { Effect, Predicate } from "effect"
import type { Context } from "hono"

/** A schedule's settings as a form has them: what was typed, whether it makes sense or not. */
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

/** The fields of a form for a schedule, or for a new one. */
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

/** What a form brought along, as it was typed. */
export const readFields = (c: Context): Effect.Effect<ScheduleFields> =>
  Effect.tryPromise(() => c.req.parseBody({ all: true })).pipe(
    Effect.orElseSucceed((): Record<string, unknown> => ({})),
    Effect.map((form) => {
      const text = (name: string) => (Predicate.isString(form[name]) ? form[name].trim() : "")
      return {
        name: text("name"),
        cron: text("cron"),
        timeZone: text("timeZone"),
        skippedTime: text("skippedTime"),
        repeatedTime: text("repeatedTime"),
        missed: text("missed"),
        missedLimit: text("missedLimit"),
        types: [form["types"]].flat().filter(Predicate.isString),
        keepLast: text("keepLast"),
        keepDays: text("keepDays")
      }
    })
  )

const countOf = (typed: string) => (typed === "" ? null : /^\d{1,9}$/.test(typed) ? Number(typed) : typed)

/** The settings that fields mean; what is wrong with them is for the service to say. */
export const settingsOf = (fields: ScheduleFields): object => ({
  ...fields,
  missedLimit: countOf(fields.missedLimit),
  types: fields.types.length === 0 || fields.types.length === policyTypes.length ? null : fields.types,
  keepLast: countOf(fields.keepLast),
  keepDays: countOf(fields.keepDays)
})
