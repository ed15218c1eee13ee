import type { Failure } from "./Failure.ts"
import { type ReasonCode, reasonInfo } from "./ReasonCode.ts"
import type { Run } from "./Run.ts"

type State = Pick<Run, "status" | "attempt" | "cancelRequestedAt">

/** Whether an attempt follows the one that failed, or is under way: then nobody has to start the run again. */
const isRetried = ({ attempt, cancelRequestedAt, status }: State) =>
  status !== "completed" && cancelRequestedAt === null && (status === "queued" || attempt > 0)

const and = new Intl.ListFormat("en", { type: "conjunction" })

/**
 * What a person can do about a reason, as a sentence.
 *
 * @param reasonCode why something failed, where Atlas does nothing more
 * @param missingPermissions what the app lacks, where that is why
 */
export const nextStep = (reasonCode: ReasonCode, missingPermissions: ReadonlyArray<string> = []): string =>
  missingPermissions.length === 0
    ? reasonInfo(reasonCode).nextStep
    : `Grant ${and.format(missingPermissions)} to the app and give admin consent, then start again.`

/**
 * What a person can do about one of a run's failures: it names what is missing, and promises another attempt only where one
 * follows.
 *
 * @param run whose failure it is
 * @param failure one of its summary
 */
export const nextStepOf = (run: State, failure: Pick<Failure, "reasonCode" | "missingPermissions">): string =>
  isRetried(run) && failure.missingPermissions === undefined
    ? reasonInfo(failure.reasonCode).whileRetried
    : nextStep(failure.reasonCode, failure.missingPermissions)

/**
 * What a person can do about the reason of a run: the one that decided its outcome, or for which its last attempt failed.
 *
 * @returns null for a run without a reason
 */
export const nextStepOfRun = (run: State & Pick<Run, "reasonCode" | "failureSummary">): string | null => {
  const { failureSummary, reasonCode } = run
  if (reasonCode === null) return null
  return nextStepOf(run, failureSummary.find((failure) => failure.reasonCode === reasonCode) ?? { reasonCode })
}
