import type { Run } from "@atlas/operations"
import type { DateTime } from "effect"
import { RunBadge } from "../shell/components/Badge.tsx"
import { formatCount } from "../shell/components/format.ts"
import { Time } from "../shell/components/Time.tsx"
import { useLinks } from "../shell/Links.ts"

/** The runs that stand in one relation to another run, nearest first. */
export interface Relation {
  readonly title: string
  readonly runs: ReadonlyArray<Run>
  /** How many more there are. */
  readonly more: number
}

/** The related runs of a run: those that it was retried from or as, and those that it replaced or that replaced it. */
export const Relatives = (props: { readonly relations: ReadonlyArray<Relation>; readonly now: DateTime.Utc }) => {
  const links = useLinks()
  return (
    <dl class="relatives">
      {props.relations.map(({ title, runs, more }) => (
        <div>
          <dt>{title}</dt>
          {runs.map((run) => (
            <dd>
              <a href={links.run(run.id)}>
                Requested <Time at={run.queuedAt} now={props.now} />
              </a>{" "}
              <RunBadge run={run} /> <span class="muted">{run.actor.name}</span>
            </dd>
          ))}
          {more > 0 && <dd class="muted">and {formatCount(more)} more</dd>}
        </div>
      ))}
    </dl>
  )
}
