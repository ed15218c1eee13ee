import { StartGate } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { makeRestoreStore } from "./RestoreStore.ts"
import { type RestoreState, statesBefore } from "./state.ts"
import { confirmedGate, plannedGate } from "./RestoreOperations.ts"

/** Why a gate is closed in a state, and what opens it. */
const closedIn: Record<RestoreState, string> = {
  planning: "The restore has no plan yet: wait until its preview is over, then confirm it.",
  planned: "Nobody has confirmed the restore: open its page and confirm it. A plan is made once.",
  confirmed: "The restore is confirmed and has its plan: it needs no other.",
  running: "The restore is running already: wait until it is over.",
  done: "The restore is over: plan another one.",
  archived: "The restore was discarded: plan another one."
}

const gateOf = (name: string, states: ReadonlyArray<RestoreState>): StartGate.StartGate<SqlClient.SqlClient> =>
  StartGate.make(
    name,
    Effect.fnUntraced(function* ({ input, scope }) {
      const { restore } = input as { readonly restore: string }
      const state = yield* (yield* makeRestoreStore).readState(scope, restore)
      if (state === undefined) return StartGate.blocked("ext.restore.missing", "The tenant has no such restore.")
      return states.includes(state) ? StartGate.open : StartGate.blocked(`ext.restore.is_${state}`, closedIn[state])
    })
  )

/** Open while the restore that a preview names has no plan yet. */
export const planned = gateOf(plannedGate, statesBefore("preview"))

/** Open while the restore that an execution names is confirmed and not over. */
export const confirmed = gateOf(confirmedGate, statesBefore("start"))
