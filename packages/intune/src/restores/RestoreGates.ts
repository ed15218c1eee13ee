import { StartGate } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type RestoreState, statesBefore } from "./state.ts"
import { confirmedGate, plannedGate } from "./RestoreOperations.ts"

const gateOf = (name: string, states: ReadonlyArray<RestoreState>): StartGate.StartGate<SqlClient.SqlClient> =>
  StartGate.make(
    name,
    Effect.fnUntraced(function* ({ input, scope }) {
      const sql = yield* SqlClient.SqlClient
      const { restore } = input as { readonly restore: string }
      const [row] = yield* sql<{ state: RestoreState }>`
        SELECT state FROM restores WHERE id = ${restore}::uuid AND workspace_id = ${scope.workspaceId}
          AND tenant_id = ${scope.tenantId}`.pipe(Effect.orDie)
      if (row === undefined) return StartGate.blocked("ext.restore.missing", "The tenant has no such restore.")
      return states.includes(row.state)
        ? StartGate.open
        : StartGate.blocked(`ext.restore.is_${row.state}`, `The restore is ${row.state}: plan another one.`)
    })
  )

/** Open while the restore that a preview names has no plan yet. */
export const planned = gateOf(plannedGate, statesBefore("preview"))

/** Open while the restore that an execution names is confirmed and not over. */
export const confirmed = gateOf(confirmedGate, statesBefore("start"))
