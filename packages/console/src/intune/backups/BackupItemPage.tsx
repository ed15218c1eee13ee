import type { BackupItem, BackupSet } from "@atlas/intune"
import { policyTypeNamed } from "@atlas/intune"
import { Icon } from "../../shell/components/Icon.tsx"
import { PolicyContentView } from "../policies/PolicyContentView.tsx"
import { AbsoluteTime } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly backup: BackupSet
  readonly item: BackupItem
  readonly content: string
  readonly assignments: string | null
}

/** What a policy said at the time of a backup. */
export const BackupItemPage = ({ shell, tenant, backup, item, content, assignments }: Props) => (
  <Layout title={`${item.title} in ${backup.name}`} shell={shell}>
    <a class="crumb" href={`${shell.links.tenant(tenant.id)}/backups/${backup.id}`}>
      <Icon name="back" />
      <span>{backup.name}</span>
    </a>
    <h1>{item.title}</h1>
    <p class="lead">
      {(item.type === null ? undefined : policyTypeNamed(item.type)?.label) ?? "Unknown type"}, as it was on{" "}
      <AbsoluteTime at={backup.createdAt} />. See it{" "}
      <a href={`${shell.links.tenant(tenant.id)}/inventory/${item.source}/${encodeURIComponent(item.id)}`}>
        as it is now
      </a>
      .
    </p>
    <PolicyContentView content={content} assignments={assignments} />
  </Layout>
)
