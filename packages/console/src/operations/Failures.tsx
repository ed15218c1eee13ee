import { type Failure, NextStep, reasonInfo, type Run } from "@atlas/operations"
import { DateTime } from "effect"
import { formatCount } from "../shell/components/format.ts"
import { Time } from "../shell/components/Time.tsx"

interface Props {
  readonly run: Pick<Run, "failureSummary" | "status" | "attempt" | "cancelRequestedAt">
  readonly now: DateTime.Utc
}

/**
 * The failures of a run by reason: message, samples with Graph's request ids for Microsoft's support, count, times and next
 * step.
 */
export const Failures = ({ run, now }: Props) => (
  <table class="failures" role="table">
    <caption class="visually-hidden">Failures by reason, the most frequent first</caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">
          Reason
        </th>
        <th role="columnheader" scope="col" class="cell-number">
          Count
        </th>
        <th role="columnheader" scope="col">
          First and last
        </th>
        <th role="columnheader" scope="col">
          Next step
        </th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      {run.failureSummary.map((failure) => (
        <Row failure={failure} nextStep={NextStep.ofFailure(run, failure)} now={now} />
      ))}
    </tbody>
  </table>
)

interface RowProps {
  readonly failure: Failure
  readonly nextStep: string
  readonly now: DateTime.Utc
}

const Row = ({ failure, nextStep, now }: RowProps) => {
  const { title } = reasonInfo(failure.reasonCode)
  // A sample that only repeats the message adds nothing.
  const samples = failure.samples.filter(
    ({ item, message, requestId }) => item !== undefined || requestId !== undefined || message !== failure.message
  )
  return (
    <tr role="row">
      <td role="cell" class="cell-main">
        <b>{title}</b>
        <span class="block muted">{failure.message}</span>
        {samples.length > 0 && <Samples reasonCode={failure.reasonCode} message={failure.message} samples={samples} />}
      </td>
      <td role="cell" class="cell-number number" data-label="Count">
        {formatCount(failure.count)}
      </td>
      <td role="cell" class={failure.lastAt === null ? "cell-empty" : undefined} data-label="First and last">
        <When failure={failure} now={now} />
      </td>
      <td role="cell" data-label="Next step">
        <span>{nextStep}</span>
      </td>
    </tr>
  )
}

const When = ({ failure: { firstAt, lastAt }, now }: { readonly failure: Failure; readonly now: DateTime.Utc }) => {
  if (lastAt === null) return <span class="muted">–</span>
  const isOnce = firstAt !== null && DateTime.Equivalence(firstAt, lastAt)
  return (
    <>
      {firstAt !== null && !isOnce && (
        <span class="when muted">
          first <Time at={firstAt} now={now} />
        </span>
      )}
      <span class="when">
        {!isOnce && "last "}
        <Time at={lastAt} now={now} />
      </span>
    </>
  )
}

interface SamplesProps {
  readonly reasonCode: Failure["reasonCode"]
  readonly message: string
  readonly samples: Failure["samples"]
}

const Samples = ({ reasonCode, message, samples }: SamplesProps) => (
  <details class="samples" id={`samples-${reasonCode}`}>
    <summary>
      {samples.length === 1 ? "Example" : `${samples.length} examples`}
      <span class="visually-hidden"> of {reasonInfo(reasonCode).title}</span>
    </summary>
    <ul>
      {samples.map((sample) => (
        <li>
          {sample.item !== undefined && <b>{sample.item}</b>}
          {sample.message !== message && <span class="block">{sample.message}</span>}
          {sample.requestId !== undefined && (
            <span class="block muted">
              Graph request id <code>{sample.requestId}</code>
            </span>
          )}
        </li>
      ))}
    </ul>
  </details>
)
