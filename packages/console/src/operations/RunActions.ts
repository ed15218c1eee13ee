import {
  type Actor,
  type Operation,
  Authorization,
  type Capability,
  OperationCatalog,
  type Problems,
  type Run
} from "@atlas/operations"
import { Effect, Option } from "effect"

/** An action that a page offers on a run. */
export type RunActionName = "cancel" | "replace" | "retry"

/** An action that fits the run's state, and what keeps this person from it. */
export interface RunAction {
  readonly name: RunActionName
  /** `right`: the capability is missing. `asked`: it is under way. `system`: only Atlas starts this operation. */
  readonly refused: "right" | "asked" | "system" | null
}

/**
 * The actions that pages offer on a run. They decide nothing: `Runs` does.
 *
 * @param capabilities of the person who looks at the run
 */
const actionsOf = (run: Run, type: Operation.Any, capabilities: ReadonlySet<Capability>): ReadonlyArray<RunAction> => {
  const right = capabilities.has(type.capabilities.start) ? null : "right"
  if (run.status === "completed") {
    return run.outcome === "succeeded"
      ? []
      : [{ name: "retry", refused: type.startedBy === "system" ? "system" : right }]
  }
  const cancel: RunAction = { name: "cancel", refused: right ?? (run.cancelRequestedAt === null ? null : "asked") }
  const replaceable = type.supersedable && type.startedBy === "members"
  return replaceable ? [cancel, { name: "replace", refused: right }] : [cancel]
}

/** The actions on a run for an actor. */
export const makeRunActions = Effect.gen(function* () {
  const door = yield* Authorization
  const catalog = yield* OperationCatalog
  return Effect.fnUntraced(function* (
    actor: Actor,
    run: Run
  ): Effect.fn.Return<ReadonlyArray<RunAction>, Problems.Refusal> {
    const capabilities = yield* door.acting(actor, run)
    return Option.match(catalog.find(run.type), {
      onNone: () => [],
      onSome: (type) => actionsOf(run, type, capabilities)
    })
  })
})
