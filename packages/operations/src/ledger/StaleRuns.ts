import type { Statement } from "effect/sql"
import { sqlText } from "../text/SqlText.ts"

/** Whether a run is queued and has been due for longer than its queue limit, as SQL on the run's row. */
export const isOverdue = (run: Statement.Fragment): Statement.Fragment =>
  sqlText`(${run}.status = 'queued'
    AND ${run}.available_at + ${run}.queue_limit_millis * interval '1 millisecond' < now())`

/**
 * Whether a run is queued and no live worker could take it within its queue limit, as SQL on the run's row. The limit counts
 * from when the run became due or, if later, from the last moment at which a worker lived that handles its operation.
 */
export const isStale = (run: Statement.Fragment): Statement.Fragment =>
  sqlText`(${isOverdue(run)} AND NOT EXISTS (
    SELECT FROM operation_workers w WHERE ${run}.type = ANY(w.types)
      AND w.last_seen + ${run}.queue_limit_millis * interval '1 millisecond' >= now()))`
