import type { Run, Waiting } from "@atlas/operations"
import type { DateTime } from "effect"
import { formatCount, plural } from "../shell/components/format.ts"
import { DueTime, Time } from "../shell/components/Time.tsx"
import { useLinks } from "../shell/Links.ts"

interface Props {
  readonly run: Run
  readonly waiting: Waiting | null
  readonly now: DateTime.Utc
}

const place = (position: number): string =>
  position === 1 ? "It is next in line." : `It is number ${formatCount(position)} in line.`

const RunLinks = ({ ids }: { readonly ids: ReadonlyArray<string> }) => {
  const links = useLinks()
  return (
    <>
      {ids.map((id, index) => (
        <>
          {index > 0 && ", "}
          <a href={links.run(id)}>{ids.length === 1 ? "see that run" : `run ${index + 1}`}</a>
        </>
      ))}
    </>
  )
}

/** What a queued run waits for, and whether somebody must act. */
export const WaitingNotice = ({ run, waiting, now }: Props) => {
  if (waiting === null) return null
  const due = waiting.at ?? run.availableAt
  switch (waiting.reason) {
    case "next_attempt":
      return (
        <p>
          {run.attempt > 0 ? "The next attempt is due " : "It is due "}
          <DueTime at={due} now={now} />.
        </p>
      )
    case "exclusive":
      return (
        <p>
          Another operation is at work here
          {waiting.holder !== null && (
            <>
              {" "}
              (<RunLinks ids={[waiting.holder]} />)
            </>
          )}
          . This one looks again <DueTime at={due} now={now} />.
        </p>
      )
    case "no_worker":
      return (
        <>
          <p>
            No worker that can execute it is running
            {waiting.since === null ? (
              "."
            ) : (
              <>
                {" "}
                since <Time at={waiting.since} now={now} />.
              </>
            )}
          </p>
          <p class="muted">
            <b>Next step:</b> check that a worker process runs. The run is executed as soon as there is one.
          </p>
        </>
      )
    case "concurrency":
      return (
        <p>
          No more than {plural(waiting.runs.length, "run")} of this operation may be at work here at once (
          <RunLinks ids={waiting.runs} />
          ). {place(waiting.position)}
        </p>
      )
    default:
      return (
        <p>
          Waiting for a free worker, requested <Time at={run.queuedAt} now={now} />. {place(waiting.position)}
        </p>
      )
  }
}
