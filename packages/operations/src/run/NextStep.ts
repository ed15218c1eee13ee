/**
 * What a person can do about a failure, as one sentence: the same on pages, in the API and in promises. It names missing
 * permissions, and promises another attempt only while one follows.
 *
 * @module
 */
import type { Failure } from "./Failure.ts"
import { type ReasonCode, reasonInfo } from "./ReasonCode.ts"
import type { Run } from "./Run.ts"

type State = Pick<Run, "status" | "attempt" | "cancelRequestedAt">

/** Whether another attempt follows or is under way, so that nobody has to start the run again. */
const isRetried = ({ attempt, cancelRequestedAt, status }: State) =>
  status !== "completed" && cancelRequestedAt === null && (status === "queued" || attempt > 0)

const and = new Intl.ListFormat("en", { type: "conjunction" })

/**
 * The next step for a reason when no further attempt follows.
 *
 * @param missingPermissions the permissions that the app lacks, if that is the reason
 */
export const of = (reasonCode: ReasonCode, missingPermissions: ReadonlyArray<string> = []): string =>
  missingPermissions.length === 0
    ? reasonInfo(reasonCode).nextStep
    : `Grant ${and.format(missingPermissions)} to the app and give admin consent, then start again.`

/** The next step for one of a run's failures. */
export const ofFailure = (run: State, failure: Pick<Failure, "reasonCode" | "missingPermissions">): string =>
  isRetried(run) && failure.missingPermissions === undefined
    ? reasonInfo(failure.reasonCode).whileRetried
    : of(failure.reasonCode, failure.missingPermissions)

/**
 * The next step for a run's reason: the one that decided its outcome, or why its last attempt failed. Null for a run without a
 * reason.
 */
export const ofRun = (run: State & Pick<Run, "reasonCode" | "failureSummary">): string | null => {
  const { failureSummary, reasonCode } = run
  if (reasonCode === null) return null
  return ofFailure(run, failureSummary.find((failure) => failure.reasonCode === reasonCode) ?? { reasonCode })
}
