import type { LegacyRun } from "@atlas/legacy"
import { Icon } from "../shell/components/Icon.tsx"
import { Layout, type Shell } from "../shell/Layout.tsx"

// Postgres writes instants as ISO 8601.
const readable = (value: string) =>
  /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/.test(value) ? `${value.slice(0, 19).replace("T", " ")} UTC` : value

/** A record from before the ledger, as it is: read-only. */
export const LegacyRunPage = ({ shell, record }: { readonly shell: Shell; readonly record: LegacyRun }) => (
  <Layout title={record.kind.label} shell={shell}>
    <a class="crumb" href={`${shell.links.tenant(record.tenantId)}/history`}>
      <Icon name="back" />
      <span>Earlier history</span>
    </a>
    <h1>{record.kind.label}</h1>
    <p class="lead">A record from before runs were kept in one place. It can be read, and nothing else.</p>
    <dl class="facts">
      <div>
        <dt>Record</dt>
        <dd>
          <code>{record.id}</code>
        </dd>
      </div>
      {record.fields.map(([name, value]) => (
        <div>
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>{readable(value)}</dd>
        </div>
      ))}
    </dl>
  </Layout>
)
