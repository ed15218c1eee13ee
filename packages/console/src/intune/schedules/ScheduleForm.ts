import { type BackupSchedule, policyTypes, scheduleDefaults } from "@atlas/intune"
import type { Problems } from "@atlas/operations"
import { Effect, Schema, Struct } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context } from "hono"
import { FormText, FormTexts, readForm } from "../../shell/Form.ts"

/** The settings of a schedule as a form has them: what was typed, valid or not. */
export interface ScheduleFields {
  /** The version that the form shows; empty for a new schedule. */
  readonly version: string
  /** The idempotency key of a form for a new schedule: sent twice, it creates one. Otherwise empty. */
  readonly key: string
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

/** A key for another schedule. */
export const newKey = (): string => SecureRandom.uuidV4Unsafe()

/** The fields of a form for a schedule, or for a new one if null. */
export const fieldsOf = (schedule: BackupSchedule | null): ScheduleFields => {
  const settings = schedule ?? { ...scheduleDefaults, name: "", cron: "0 2 * * *", timeZone: "UTC" }
  return {
    ...settings,
    version: schedule === null ? "" : String(schedule.version),
    key: schedule === null ? newKey() : "",
    types: settings.types ?? [],
    missedLimit: String(settings.missedLimit),
    keepLast: shown(settings.keepLast),
    keepDays: shown(settings.keepDays)
  }
}

const Field = Schema.optionalKey(FormText)
const Version = Schema.Struct({ version: Field })
const Form = Schema.Struct({
  ...Version.fields,
  idempotencyKey: Field,
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
      version: typed("version"),
      key: typed("idempotencyKey"),
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

/** The version that a form names; 0, which no schedule has, for anything else. */
export const versionOf = (typed: string): number => (/^\d{1,9}$/.test(typed) ? Number(typed) : 0)

/** Reads a form of a button: the version that the person saw. */
export const readVersion = (c: Context): Effect.Effect<number, Problems.InvalidInput> =>
  Effect.map(readForm(c, Version), ({ version = "" }) => versionOf(version))

const countOf = (typed: string) => (typed === "" ? null : /^\d{1,9}$/.test(typed) ? Number(typed) : typed)

/** The settings that the fields mean. The service says what is wrong with them. */
export const settingsOf = (fields: ScheduleFields): object => ({
  ...Struct.omit(fields, ["version", "key"]),
  missedLimit: countOf(fields.missedLimit),
  types: fields.types.length === 0 || fields.types.length === policyTypes.length ? null : fields.types,
  keepLast: countOf(fields.keepLast),
  keepDays: countOf(fields.keepDays)
})
