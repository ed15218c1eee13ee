import { policyTypeNamed, type Restore, type RestoreAction, type RestoreItem } from "@atlas/intune"
import { Badge } from "../../shell/components/Badge.tsx"
import { formatCount } from "../../shell/components/format.ts"
import { NextPage } from "../../shell/components/NextPage.tsx"
import { useLinks } from "../../shell/Links.ts"
import { PolicyDifferenceView } from "../policies/PolicyDifferenceView.tsx"
import { actionWords, policies, resultLooks } from "./restoreWords.ts"

/** The policies of a restore that something is done with, or a part of them. */
export interface RestoreSection {
  readonly action: RestoreAction
  readonly count: number
  readonly items: ReadonlyArray<RestoreItem>
  /** The page with all of them; null if they are all here, or if this is that page. */
  readonly allHref: string | null
  /** The next page of a list of them alone; null if there is none. */
  readonly nextHref: string | null
}

interface Props {
  readonly tenant: { readonly id: string }
  readonly restore: Restore
  readonly section: RestoreSection
}

/** A section of a restore: the policies that the same is done with. */
export const RestoreSectionView = ({ tenant, restore, section }: Props) => {
  const { action, allHref, count, items, nextHref } = section
  const { many, meaning, title } = actionWords[action]
  return (
    <section id={action} class="restore-section" aria-labelledby={`${action}-title`}>
      <h2 id={`${action}-title`}>
        {title} <span class="muted">{formatCount(count)}</span>
      </h2>
      {restore.state !== "done" && <p class="muted">{meaning}</p>}
      <ul class="restore-items">
        {items.map((item) => (
          <li class="card" id={`${item.source}-${item.id}`}>
            <Policy tenant={tenant} item={item} />
          </li>
        ))}
      </ul>
      {allHref !== null && (
        <p class="pager">
          <a class="button" href={allHref}>
            Show all {many(policies(count))}
          </a>
        </p>
      )}
      <NextPage href={nextHref}>Next page</NextPage>
    </section>
  )
}

const Policy = ({ tenant, item }: Pick<Props, "tenant"> & { readonly item: RestoreItem }) => {
  const links = useLinks()
  const look = resultLooks[item.result]
  return (
    <>
      <div class="title-badge">
        <h3>{item.title}</h3>
        {look !== null && (
          <Badge tone={look[1]} icon={look[2]}>
            {look[0]}
          </Badge>
        )}
        <span class="muted small">
          {(item.type === null ? undefined : policyTypeNamed(item.type)?.label) ?? "Unknown type"}
        </span>
      </div>
      {item.reason !== null && <p>{item.reason}</p>}
      {item.resultMessage !== null && <p>{item.resultMessage}</p>}
      {item.resultId !== null && (
        <p class="small">
          <a href={`${links.tenant(tenant.id)}/inventory/${item.source}/${encodeURIComponent(item.resultId)}`}>
            In the inventory
          </a>
          <span class="muted">, after the next sync</span>
        </p>
      )}
      {item.difference !== null && item.difference.fields.length > 0 && (
        <PolicyDifferenceView difference={item.difference} from="In the tenant" to="In the backup" />
      )}
    </>
  )
}
