import type { BackupSchedule } from "@atlas/intune"
import type { Child } from "hono/jsx"
import { sayingsOf } from "./ScheduleWords.ts"

/** What somebody else has changed of a schedule while a person was about to change it. */
export interface Changes {
  /** As it is now. */
  readonly schedule: BackupSchedule
  /** Names of settings, or `paused`. */
  readonly changed: ReadonlyArray<string>
}

interface Props extends Changes {
  /** What to do now. */
  readonly children?: Child
}

/** Says that somebody else was faster, and what the schedule says now. */
export const Meanwhile = ({ schedule, changed, children }: Props) => (
  <div class="notice tone-warning" role="alert">
    <div>
      <p>Somebody else has changed this schedule meanwhile, and nothing of yours was saved. Now it says:</p>
      <ul>
        {sayingsOf(schedule, changed).map(([label, value]) => (
          <li>
            {label}: <b>{value}</b>
          </li>
        ))}
      </ul>
      <p>{children}</p>
    </div>
  </div>
)

/** The version of a schedule that a form is about, as a hidden field. */
export const VersionField = ({ version }: { readonly version: number | string }) => (
  <input type="hidden" name="version" value={String(version)} />
)
