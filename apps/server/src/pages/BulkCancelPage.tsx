import { type Listing, listingFilters } from "../RunListing.ts"
import { hrefWith, plural } from "./components/format.ts"
import { Layout, type Shell } from "./Layout.tsx"

const path = "/admin/operations"

interface Going {
  /** Asked to stop, and left alone for want of the right. */
  readonly done: number
  readonly denied: number
  readonly left: number
  readonly nextCursor: string | null
}

interface Props {
  readonly shell: Shell
  readonly listing: Listing
  readonly state: { readonly step: "confirm"; readonly active: number } | ({ readonly step: "going" | "done" } & Going)
}

/** Cancels what a list shows: asks first, then goes on page by page, with a script by itself. */
export const BulkCancelPage = ({ shell, listing, state }: Props) => {
  const back = hrefWith(path, Object.entries(listing))
  return (
    <Layout title="Cancel runs" shell={shell}>
      <div class="narrow problem">
        {state.step === "confirm" ? (
          <Confirm listing={listing} active={state.active} back={back} />
        ) : (
          <Progress listing={listing} state={state} back={back} />
        )}
      </div>
    </Layout>
  )
}

const Fields = ({ listing }: { readonly listing: Listing }) => (
  <>
    {listingFilters.map((name) =>
      listing[name] === undefined ? null : <input type="hidden" name={name} value={listing[name]} />
    )}
  </>
)

const Confirm = ({
  listing,
  active,
  back
}: {
  readonly listing: Listing
  readonly active: number
  readonly back: string
}) => (
  <>
    <h1>{active === 0 ? "Nothing to cancel" : `Cancel ${plural(active, "run")}?`}</h1>
    <p>
      {active === 0
        ? "No run that matches the filters is queued or running."
        : "Every queued or running run that matches the filters is asked to stop, if you may start its operation. What it has stored so far stays."}
    </p>
    <form class="card-actions" method="post" action={`${path}/cancel`}>
      <Fields listing={listing} />
      {active > 0 && <button class="button danger">Cancel {plural(active, "run")}</button>}
      <a class="button" href={back}>
        {active > 0 ? "Keep them" : "Back to the runs"}
      </a>
    </form>
  </>
)

interface ProgressProps {
  readonly listing: Listing
  readonly state: Going
  readonly back: string
}

const Progress = ({ listing, state: { done, denied, left, nextCursor }, back }: ProgressProps) => (
  <>
    <h1>{nextCursor === null ? `${plural(done, "run")} asked to stop` : "Cancelling…"}</h1>
    {nextCursor !== null && (
      <>
        <progress class="meter" value={done + denied} max={done + denied + left} aria-label="Runs asked to stop" />
        <p>
          {plural(done, "run")} asked to stop, at most {plural(left, "run")} left.
        </p>
      </>
    )}
    {denied > 0 && (
      <p>{plural(denied, "run")} left alone: you may not start these operations, so you may not cancel them.</p>
    )}
    {nextCursor === null ? (
      <p>
        <a class="button" href={back}>
          Back to the runs
        </a>
      </p>
    ) : (
      <form class="card-actions" method="post" action={`${path}/cancel`} data-auto-submit="">
        <Fields listing={listing} />
        <input type="hidden" name="cursor" value={nextCursor} />
        <input type="hidden" name="cancelled" value={String(done)} />
        <input type="hidden" name="refused" value={String(denied)} />
        <button class="button danger">Go on</button>
        <a class="button" href={back}>
          Stop here
        </a>
      </form>
    )}
  </>
)
