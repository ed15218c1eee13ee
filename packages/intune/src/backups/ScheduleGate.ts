import { StartGate } from "@atlas/operations"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { scheduleGate } from "./BackupOperations.ts"

/** Open while the schedule that a start names exists in its tenant. */
export const scheduleExists: StartGate.StartGate<SqlClient.SqlClient> = StartGate.make(
  scheduleGate,
  Effect.fnUntraced(function* ({ input, scope }) {
    const sql = yield* SqlClient.SqlClient
    const { schedule } = input as { readonly schedule: string }
    const rows = yield* sql`
        SELECT FROM backup_schedules WHERE id = ${schedule}::uuid AND workspace_id = ${scope.workspaceId}
          AND tenant_id = ${scope.tenantId} AND deleted_at IS NULL`.pipe(Effect.orDie)
    return rows.length > 0
      ? StartGate.open
      : StartGate.blocked("ext.backup.schedule_missing", "The tenant has no such backup schedule.")
  })
)
