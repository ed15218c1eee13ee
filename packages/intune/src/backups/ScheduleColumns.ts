import type { SqlClient, Statement } from "effect/sql"

/** The columns of a schedule, for rows that `BackupSchedule` decodes. */
export const scheduleColumns = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql.literal(`id::text, workspace_id AS "workspaceId", tenant_id AS "tenantId", name, cron,
    time_zone AS "timeZone", skipped_time AS "skippedTime", repeated_time AS "repeatedTime", missed,
    missed_limit AS "missedLimit", types, keep_last AS "keepLast", keep_days AS "keepDays", paused,
    next_fire_at AS "nextFireAt", created_by AS "createdBy", created_at AS "createdAt", updated_at AS "updatedAt"`)
