import type { DateTime } from "effect"
import { RunBadge } from "./components/Badge.tsx"
import { runHref } from "./components/format.ts"
import { Icon } from "./components/Icon.tsx"
import type { RunRow } from "./components/RunsTable.tsx"
import { Time } from "./components/Time.tsx"
import { Layout, type Shell } from "./Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly row: RunRow
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

/** Asks before a run is ended. A page of its own, so that it needs no script. */
export const ConfirmPage = ({ shell, row: { run, label, tenantName }, action, now }: Props) => {
  const { title, consequence, confirm, keep } = texts[action]
  return (
    <Layout title={title} shell={shell}>
      <div class="narrow problem">
        <a class="crumb" href={runHref(run.id)}>
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
        <form class="card-actions" method="post" action={`${runHref(run.id)}/${action}`}>
          <button class="button danger">{confirm}</button>
          <a class="button" href={runHref(run.id)}>
            {keep}
          </a>
        </form>
      </div>
    </Layout>
  )
}
