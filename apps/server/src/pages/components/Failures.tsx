import { reasonInfo, type Run } from "@atlas/operations"
import { formatCount } from "./format.ts"

/** Each kind of failure: reason, message, how often, what to do, and Graph's request id for Microsoft's support. */
export const Failures = ({ failures }: { readonly failures: Run["failureSummary"] }) => (
  <table class="failures" role="table">
    <caption class="visually-hidden">Failures by reason</caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">
          Reason
        </th>
        <th role="columnheader" scope="col" class="cell-number">
          Count
        </th>
        <th role="columnheader" scope="col">
          Next step
        </th>
        <th role="columnheader" scope="col">
          Graph request id
        </th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      {failures.map((failure) => {
        const { title, nextStep } = reasonInfo(failure.reasonCode)
        return (
          <tr role="row">
            <td role="cell" class="cell-main">
              <b>{title}</b>
              <span class="block muted">{failure.message}</span>
            </td>
            <td role="cell" class="cell-number number" data-label="Count">
              {formatCount(failure.count)}
            </td>
            <td role="cell" data-label="Next step">
              {nextStep}
            </td>
            <td role="cell" data-label="Graph request id">
              {failure.requestId === undefined ? <span class="muted">–</span> : <code>{failure.requestId}</code>}
            </td>
          </tr>
        )
      })}
    </tbody>
  </table>
)
