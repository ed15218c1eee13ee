import { type ConnectionCheckResult, ConnectionReport as Report } from "@atlas/graph"
import type { Run } from "@atlas/operations"
import { Option, Schema } from "effect"
import { Badge, type Tone } from "../shell/components/Badge.tsx"
import type { IconName } from "../shell/components/Icon.tsx"

const looks: Record<ConnectionCheckResult["status"], { text: string; tone: Tone; icon: IconName }> = {
  passed: { text: "Passed", tone: "success", icon: "check" },
  warning: { text: "Warning", tone: "warning", icon: "partial" },
  failed: { text: "Failed", tone: "danger", icon: "failed" },
  skipped: { text: "Skipped", tone: "neutral", icon: "dot" }
}

/** The verification report of a run; null if it has no report, or one of another kind. */
const connectionReportOf = (run: Run): Report | null => Option.getOrNull(Schema.decodeUnknownOption(Report)(run.report))

/** The panel of a run that verified a connection; null for any other run. */
export const reportPanel = (run: Run) => {
  const report = connectionReportOf(run)
  if (report === null) return null
  return (
    <section class="panel panel-full" aria-labelledby="report-title">
      <h2 id="report-title">Checks of “{report.connectionName}”</h2>
      <ConnectionReport report={report} />
    </section>
  )
}

/** Each check: what it is, how it ended, and what to do. */
const ConnectionReport = ({ report }: { readonly report: Report }) => (
  <table class="failures" role="table">
    <caption class="visually-hidden">Checks of the connection {report.connectionName}</caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">
          Check
        </th>
        <th role="columnheader" scope="col">
          Result
        </th>
        <th role="columnheader" scope="col">
          Next step
        </th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      {report.checks.map((check) => (
        <Row check={check} />
      ))}
    </tbody>
  </table>
)

const Row = ({ check }: { readonly check: ConnectionCheckResult }) => {
  const { icon, text, tone } = looks[check.status]
  return (
    <tr role="row">
      <td role="cell" class="cell-main">
        <b>{check.title}</b>
        <span class="block muted">{check.message}</span>
        {check.evidence.map(({ value, what }) => (
          <span class="block muted small">
            {what} <code>{value}</code>
          </span>
        ))}
      </td>
      <td role="cell" data-label="Result">
        <Badge tone={tone} icon={icon}>
          {text}
        </Badge>
      </td>
      <td role="cell" class={check.nextStep === null ? "cell-empty" : undefined} data-label="Next step">
        {check.nextStep === null ? <span class="muted">–</span> : <span>{check.nextStep}</span>}
      </td>
    </tr>
  )
}
