import { type BackupSchedule, policyTypeNamed, type ScheduleSettings } from "@atlas/intune"

/** The choices of a setting: its values, each with its text. */
type Choices = ReadonlyArray<readonly [value: string, text: string]>

/** What happens to a local time that a change of the clocks skips. */
export const skippedTimes: Choices = [
  ["later", "runs later, by as long as the clocks are moved"],
  ["skip", "is left out that day"]
]

/** Which of the times counts that a change of the clocks repeats. */
export const repeatedTimes: Choices = [
  ["earlier", "counts the first time"],
  ["later", "counts the second time"],
  ["both", "counts both times"]
]

/** What happens to times at which Atlas did not run. */
export const missed: Choices = [
  ["once", "are made up for by one backup"],
  ["all", "are made up for by a backup each"],
  ["skip", "are left out"]
]

/** What forms call the settings of a schedule. */
export const settingLabels: Readonly<Record<keyof ScheduleSettings, string>> = {
  name: "Name",
  cron: "When",
  timeZone: "Time zone",
  skippedTime: "A time that a change of the clocks skips",
  repeatedTime: "A time that a change of the clocks repeats",
  missed: "Times at which Atlas did not run",
  missedLimit: "How many of them are made up for at most",
  types: "What is backed up",
  keepLast: "Keep the last",
  keepDays: "Keep for days"
}

const textOf = (choices: Choices, value: string) => choices.find(([each]) => each === value)?.[1] ?? value

const valueOf = (schedule: BackupSchedule, name: keyof ScheduleSettings): string => {
  if (name === "skippedTime") return textOf(skippedTimes, schedule.skippedTime)
  if (name === "repeatedTime") return textOf(repeatedTimes, schedule.repeatedTime)
  if (name === "missed") return textOf(missed, schedule.missed)
  if (name === "types") {
    return schedule.types?.map((type) => policyTypeNamed(type)?.label ?? type).join(", ") ?? "everything"
  }
  return String(schedule[name] ?? "empty")
}

/**
 * What a schedule says now, label by label.
 *
 * @param names of settings, or `paused`; others are left out
 */
export const sayingsOf = (
  schedule: BackupSchedule,
  names: ReadonlyArray<string>
): ReadonlyArray<readonly [label: string, value: string]> =>
  names.flatMap((name): ReadonlyArray<readonly [string, string]> => {
    if (name === "paused") return [["Paused", schedule.paused ? "yes" : "no"]]
    if (!Object.hasOwn(settingLabels, name)) return []
    const setting = name as keyof ScheduleSettings
    return [[settingLabels[setting], valueOf(schedule, setting)]]
  })
