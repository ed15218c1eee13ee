import type { DateTime } from "effect"
import { RunBadge } from "../shell/components/Badge.tsx"
import { Icon } from "../shell/components/Icon.tsx"
import type { ListedRun } from "../shell/components/RunsTable.tsx"
import { Time } from "../shell/components/Time.tsx"
import { Layout, type Shell } from "../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly row: ListedRun
  readonly action: "cancel" | "replace"
  readonly now: DateTime.Utc
}

const texts = {
  cancel: {
    title: "Cancel this run?",
    consequence: "Its work is interrupted. What it has stored so far stays.",
    confirm: "Cancel the run",
    keep: "Keep it"
  },
  replace: {
    title: "Replace this run?",
    consequence: "It ends as cancelled, and a new run with the same input takes its place.",
    confirm: "Replace the run",
    keep: "Keep it"
  }
} as const

/** Asks before a run is ended. It is a page of its own, so that it needs no script. */
export const ConfirmPage = ({ shell, row: { run, label, tenantName }, action, now }: Props) => {
  const { title, consequence, confirm, keep } = texts[action]
  return (
    <Layout title={title} shell={shell}>
      <div class="narrow problem">
        <a class="crumb" href={shell.links.run(run.id)}>
          <Icon name="back" />
          <span>Back to the run</span>
        </a>
        <h1>{title}</h1>
        <p class="title-badge">
          <span>
            <b>{label}</b>
            {tenantName !== null && ` in ${tenantName}`}
          </span>
          <RunBadge run={run} />
        </p>
        <p class="muted">
          {run.actor.name} started it <Time at={run.queuedAt} now={now} />.
        </p>
        <p>
          {run.status === "queued" && action === "cancel" ? "Nothing has been done yet: it ends at once." : consequence}
        </p>
        <form class="card-actions" method="post" action={`${shell.links.run(run.id)}/${action}`}>
          <button class="button danger">{confirm}</button>
          <a class="button" href={shell.links.run(run.id)}>
            {keep}
          </a>
        </form>
      </div>
    </Layout>
  )
}
