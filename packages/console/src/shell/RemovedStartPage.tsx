import type { RemovedRun } from "@atlas/operations"
import { AbsoluteTime } from "./components/Time.tsx"
import { home, Layout, type Shell } from "./Layout.tsx"

const ended: Record<RemovedRun["outcome"], string> = {
  succeeded: "succeeded",
  partially_succeeded: "partially succeeded",
  failed: "failed",
  blocked: "was blocked",
  cancelled: "was cancelled"
}

/** What a form that was sent before gets, once the run that it started has no page any more. */
export const RemovedStartPage = ({ shell, removed }: { readonly shell: Shell; readonly removed: RemovedRun }) => (
  <Layout title="Started before" shell={shell}>
    <div class="narrow problem">
      <h1>This was started before</h1>
      <p>
        Nothing was started now. The run of this form {ended[removed.outcome]} on <AbsoluteTime at={removed.endedAt} />,
        and it has no page any more: runs are kept for a limited time.
      </p>
      <p class="muted">To start it once more, load the page with the form again and send it from there.</p>
      <p class="card-actions">
        <a class="button primary" href={shell.links.to(home)}>
          Operations
        </a>
        <a class="button" href={shell.links.to("/tenants")}>
          Tenants
        </a>
      </p>
    </div>
  </Layout>
)
