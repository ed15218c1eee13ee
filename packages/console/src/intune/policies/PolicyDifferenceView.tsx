import type { RestoreItem } from "@atlas/intune"
import { plural } from "../../shell/components/format.ts"

interface Props {
  readonly difference: NonNullable<RestoreItem["difference"]>
  readonly from: string
  readonly to: string
}

/** Where two policies differ, field by field. */
export const PolicyDifferenceView = ({ difference: { fields, more }, from, to }: Props) => (
  <details>
    <summary>{plural(fields.length + more, "difference")}</summary>
    <table class="differences">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">{from}</th>
          <th scope="col">{to}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <tr>
            <th scope="row">
              <code>{field.path}</code>
            </th>
            <td>{field.from === null ? <span class="muted">nothing</span> : <code>{field.from}</code>}</td>
            <td>{field.to === null ? <span class="muted">nothing</span> : <code>{field.to}</code>}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {more > 0 && <p class="muted small">And {plural(more, "more")}.</p>}
  </details>
)
