import type { InventoryItem, PolicyType } from "@atlas/intune"
import type { DateTime } from "effect"
import type { Child } from "hono/jsx"
import { Badge } from "../../shell/components/Badge.tsx"
import { formatCount } from "../../shell/components/format.ts"
import { Icon } from "../../shell/components/Icon.tsx"
import { PolicyContentView } from "../policies/PolicyContentView.tsx"
import { platformLabel } from "../policies/platformLabel.ts"
import { Time } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly item: InventoryItem
  readonly kind: PolicyType | null
  /** Canonical JSON with references in place of secrets. */
  readonly content: string
  readonly assignments: string | null
  readonly now: DateTime.Utc
}

const Fact = ({ name, children }: { readonly name: string; readonly children?: Child }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** A policy of the inventory, with everything that it says. */
export const PolicyPage = ({ shell, tenant, item, kind, content, assignments, now }: Props) => (
  <Layout title={`${item.title} in ${tenant.name}`} shell={shell}>
    <a class="crumb" href={`${shell.links.tenant(tenant.id)}/inventory`}>
      <Icon name="back" />
      <span>Inventory of {tenant.name}</span>
    </a>
    <div class="title-badge">
      <h1>{item.title}</h1>
      {item.removedAt !== null && (
        <Badge tone="danger" icon="cancelled">
          Removed
        </Badge>
      )}
    </div>
    <p class="lead">{kind?.label ?? "A type of policy that Atlas does not know"}</p>
    {item.removedAt !== null && (
      <p class="notice tone-warning">
        <span>
          The tenant does not have it any more, since <Time at={item.removedAt} now={now} />. What is shown is how it
          was seen last.
        </span>
      </p>
    )}
    <dl class="facts">
      <Fact name="Platform">{item.platform === null ? "–" : platformLabel(item.platform)}</Fact>
      <Fact name="Assignments">{item.assignmentCount === null ? "–" : formatCount(item.assignmentCount)}</Fact>
      <Fact name="Scope tags">{item.scopeTags.length === 0 ? "–" : item.scopeTags.join(", ")}</Fact>
      <Fact name="Last modified">{item.lastModified === null ? "–" : <Time at={item.lastModified} now={now} />}</Fact>
      <Fact name="Last seen">
        <Time at={item.seenAt} now={now} />
        <span class="block small">
          by <a href={shell.links.run(item.seenBy)}>this sync</a>
        </span>
      </Fact>
      <Fact name="Changed since first seen">
        <Time at={item.changedAt} now={now} />
      </Fact>
    </dl>
    <PolicyContentView content={content} assignments={assignments} />
    <details class="technical">
      <summary>Technical details</summary>
      <dl>
        <Fact name="Id">
          <code>{item.id}</code>
        </Fact>
        <Fact name="Type">
          <code>{item.odataType ?? "none"}</code>
        </Fact>
        <Fact name="Content hash (SHA-256)">
          <code>{item.contentHash}</code>
        </Fact>
        {kind !== null && (
          <Fact name="Restore">
            {kind.restorability.kind === "restorable" ? "can be restored" : kind.restorability.reason}
          </Fact>
        )}
      </dl>
    </details>
  </Layout>
)
