import type { Restore, RestoreAction, RestoreTally } from "@atlas/intune"
import { plural } from "../../shell/components/format.ts"
import { useLinks } from "../../shell/Links.ts"
import { actionsInOrder, actionWords, countOf, isWrite, policies, restoredSentence } from "./restoreWords.ts"

interface Props {
  readonly tenant: { readonly id: string }
  readonly restore: Restore
  readonly tally: ReadonlyArray<RestoreTally>
  /** The address of the restore. */
  readonly path: string
  /** The action whose policies alone are shown; null if the page has a section for each. */
  readonly chosen: RestoreAction | null
  /** Whether the page asks for missing values. */
  readonly asksForValues: boolean
  /** Whether the plan can be confirmed or discarded. */
  readonly canConfirm: boolean
}

/** Says in one place what is planned or was done, and leads to each part of it. */
export const RestoreSummary = (props: Props) => {
  const { tenant, restore, tally, path, chosen, asksForValues, canConfirm } = props
  const links = useLinks()
  const noted = tally.filter(isWrite).reduce((sum, each) => sum + each.noted, 0)
  const isDone = restore.state === "done"
  return (
    <div class="restore-summary">
      {isDone && <p class="lead">{restoredSentence(tally)}</p>}
      <p class="lead">
        {isDone ? "The plan was" : "The plan"}: <Parts tally={tally} path={path} chosen={chosen} />.
      </p>
      {noted > 0 && (
        <p class="notice tone-warning">
          <span>
            {plural(noted, "policy has", "policies have")} a note below: what is left out, because the tenant lacks it,
            or what the tenant has under another id.
          </span>
        </p>
      )}
      <div class="card-actions">
        {chosen !== null && (
          <a class="button" href={path}>
            Show all of the plan
          </a>
        )}
        {asksForValues && (
          <a class="button" href="#values">
            Enter missing values
          </a>
        )}
        {canConfirm && (
          <a class="button" href={chosen === null ? "#confirm" : `${path}#confirm`}>
            Confirm or discard
          </a>
        )}
        {isDone && (
          <a class="button" href={`${links.tenant(tenant.id)}/drift?from=backup/${restore.backupId}`}>
            Compare again
          </a>
        )}
      </div>
    </div>
  )
}

/** What the plan has of each action, as links to their sections. Policies that stay as they are have a page of their own. */
const Parts = ({ tally, path, chosen }: Pick<Props, "chosen" | "path" | "tally">) => {
  const parts = actionsInOrder
    .map((action) => ({ action, count: countOf(tally, (each) => each.action === action) }))
    .filter(({ count }) => count > 0)
  return (
    <>
      {parts.length === 0 && "no policies"}
      {parts.map(({ action, count }, index) => (
        <>
          {index > 0 && ", "}
          <a
            href={chosen === null && action !== "unchanged" ? `#${action}` : `${path}?action=${action}`}
            aria-current={action === chosen ? "true" : undefined}
          >
            {actionWords[action].many(policies(count))}
          </a>
        </>
      ))}
    </>
  )
}
