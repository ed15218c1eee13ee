import type { Capability, Run } from "@atlas/operations"
import type { RunAction } from "./RunActions.ts"
import { useLinks } from "../shell/Links.ts"

interface Props {
  readonly run: Run
  readonly actions: ReadonlyArray<RunAction>
  /** The capability that the actions take; named to those who lack it. */
  readonly capability: Capability
  /** For a form of which each rendering may start a run of its own; otherwise null. */
  readonly idempotencyKey: string | null
}

const labels = { cancel: "Cancel", replace: "Replace this run", retry: "Start again" } as const

const reasonId = "why-not"

/** The actions on a run. An action that this person cannot take is disabled, with the reason. */
export const RunActions = ({ run, actions, idempotencyKey }: Props) => {
  const links = useLinks()
  return (
    <>
      {actions.map(({ name, refused }) =>
        refused !== null ? (
          <button class="button" type="button" disabled aria-describedby={reasonId}>
            {labels[name]}
          </button>
        ) : name === "retry" ? (
          <form method="post" action={`${links.run(run.id)}/retry`}>
            {idempotencyKey !== null && <input type="hidden" name="idempotencyKey" value={idempotencyKey} />}
            <button class="button primary">{labels[name]}</button>
          </form>
        ) : (
          <a class="button" href={`${links.run(run.id)}/${name}`}>
            {labels[name]}
          </a>
        )
      )}
    </>
  )
}

/** Why an action is disabled. */
export const RefusedActions = ({ run, actions, capability }: Props) => {
  const refused = actions.find((action) => action.refused !== null)?.refused
  if (refused === undefined) return null
  return (
    <p class="muted why" id={reasonId}>
      {refused === "right" ? (
        <>
          Your role does not allow this: it needs <code>{capability}</code>.
        </>
      ) : refused === "system" ? (
        "Only Atlas itself starts this operation."
      ) : (
        `${run.cancelRequestedBy?.name ?? "Somebody"} has cancelled it already: it stops in a moment.`
      )}
    </p>
  )
}
