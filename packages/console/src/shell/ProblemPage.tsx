import { home, Layout, type Shell } from "./Layout.tsx"

/** The statuses that a problem page answers with. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 422 | 500 | 503

interface Props {
  readonly shell: Shell
  readonly status: ProblemStatus
  readonly title: string
  readonly detail: string
  readonly requiredCapability?: string
  /** The run that is in the way. */
  readonly runId?: string
}

const advice: Record<ProblemStatus, string> = {
  400: "Go back and start again from the list.",
  401: "Sign in, then open the page again.",
  403: "Ask an owner of your workspace for a role that includes it, or go on with what you may do.",
  404: "Check the address, or look for the run in the list: it shows everything that you may see.",
  405: "Open the page from its link instead of repeating the request.",
  409: "Look at the run to see how far it is; then decide whether to start again.",
  412: "Look at what has changed; then decide whether to repeat your change.",
  422: "Go back, correct what is named above, and send it again.",
  500: "Try again. If it persists, report it with the time and the address of this page.",
  503: "Wait a moment and load the page again: the service starts, or its database is unavailable."
}

/** A sentence, with the capability that it names set as code. */
const named = (sentence: string, capability = "") => {
  const [before, after] = capability === "" ? [sentence] : sentence.split(capability)
  return after === undefined ? (
    sentence
  ) : (
    <>
      {before}
      <code>{capability}</code>
      {after}
    </>
  )
}

/** What went wrong with a request, and what to do now. */
export const ProblemPage = ({ shell, status, title, detail, requiredCapability, runId }: Props) => (
  <Layout title={title} shell={shell}>
    <div class="narrow problem">
      <p class="problem-status number">{status}</p>
      <h1>{title}</h1>
      {detail !== title && <p>{named(detail, requiredCapability)}</p>}
      <p class="muted">{advice[status]}</p>
      <p class="card-actions">
        {shell.actor === null ? (
          shell.signIn !== null && (
            <a class="button primary" href={shell.signIn}>
              Sign in
            </a>
          )
        ) : (
          <>
            {runId !== undefined && (
              <a class="button primary" href={shell.links.run(runId)}>
                View the run
              </a>
            )}
            <a class={runId === undefined ? "button primary" : "button"} href={shell.links.to(home)}>
              Operations
            </a>
            <a class="button" href={shell.links.to("/tenants")}>
              Tenants
            </a>
          </>
        )}
      </p>
    </div>
  </Layout>
)
