import type { BulkProgress } from "./BulkCancellation.ts"
import type { Listing } from "./RunListing.ts"
import { hrefWith, plural } from "../shell/components/format.ts"
import { Layout, type Shell } from "../shell/Layout.tsx"

interface Asked {
  /** How many runs would be cancelled. */
  readonly shown: number
  /** How many match the filters. */
  readonly matching: number
  readonly confirmation: string
}

interface Props {
  readonly shell: Shell
  readonly listing: Listing
  /** The filters in words. */
  readonly chosen: ReadonlyArray<readonly [title: string, label: string]>
  readonly state: ({ readonly step: "confirm" } & Asked) | ({ readonly step: "going" } & BulkProgress)
}

/** Cancels what a list shows: asks first, then goes on page by page; the script submits each page by itself. */
export const BulkCancelPage = ({ shell, listing, chosen, state }: Props) => {
  const path = shell.links.to("/operations")
  const back = hrefWith(path, Object.entries(listing))
  return (
    <Layout title="Cancel runs" shell={shell}>
      <div class="narrow problem">
        {state.step === "confirm" ? (
          <Confirm asked={state} chosen={chosen} path={path} back={back} />
        ) : (
          <Progress progress={state} path={path} back={back} />
        )}
      </div>
    </Layout>
  )
}

interface ConfirmProps {
  readonly asked: Asked
  readonly chosen: Props["chosen"]
  /** The path of the list. */
  readonly path: string
  /** The list with its filters. */
  readonly back: string
}

const Confirm = ({ asked: { shown, matching, confirmation }, chosen, path, back }: ConfirmProps) => (
  <>
    <h1>{shown === 0 ? "Nothing to cancel" : `Cancel ${plural(shown, "run")}?`}</h1>
    <p>
      {shown === 0
        ? "No run that matches the filters is queued or running."
        : "Each of them is asked to stop, if you may start its operation. What it has stored so far stays. Runs that start from now on go on."}
    </p>
    {matching > shown && (
      <p>{plural(matching, "run")} match: these are the newest. Come back for the others afterwards.</p>
    )}
    {chosen.length === 0 ? (
      shown > 0 && <p>No filter is set: these are all active runs that you may see.</p>
    ) : (
      <ul class="chips" aria-label="Filters">
        {chosen.map(([title, label]) => (
          <li class="chip">
            <span>
              {title}: <b>{label}</b>
            </span>
          </li>
        ))}
      </ul>
    )}
    <form class="card-actions" method="post" action={`${path}/cancel`}>
      <input type="hidden" name="confirmation" value={confirmation} />
      {shown > 0 && <button class="button danger">Cancel {plural(shown, "run")}</button>}
      <a class="button" href={back}>
        {shown > 0 ? "Keep them" : "Back to the runs"}
      </a>
    </form>
  </>
)

interface ProgressProps {
  readonly progress: BulkProgress
  readonly path: string
  readonly back: string
}

const Progress = ({ progress: { cancelled, refused, ended, left, confirmation }, path, back }: ProgressProps) => (
  <>
    <h1>{confirmation === null ? `${plural(cancelled, "run")} asked to stop` : "Cancelling…"}</h1>
    {confirmation !== null && (
      <>
        <progress
          class="meter"
          value={cancelled + refused + ended}
          max={cancelled + refused + ended + left}
          aria-label="Runs asked to stop"
        />
        <p>
          {plural(cancelled, "run")} asked to stop, {plural(left, "run")} left.
        </p>
      </>
    )}
    {ended > 0 && <p>{plural(ended, "run")} had ended before.</p>}
    {refused > 0 && (
      <p>{plural(refused, "run")} left alone: you may not start these operations, so you may not cancel them.</p>
    )}
    {confirmation === null ? (
      <p>
        <a class="button" href={back}>
          Back to the runs
        </a>
      </p>
    ) : (
      <form class="card-actions" method="post" action={`${path}/cancel`} data-auto-submit="">
        <input type="hidden" name="confirmation" value={confirmation} />
        <button class="button danger">Go on</button>
        <a class="button" href={back}>
          Stop here
        </a>
      </form>
    )}
  </>
)
