import type { Statement } from "effect/sql"
import { sqlText } from "../text/SqlText.ts"

/** A queued run that has been due for longer than its type lets it wait, as SQL on a run's row. */
export const isOverdue = (run: Statement.Fragment): Statement.Fragment =>
  sqlText`(${run}.status = 'queued'
    AND ${run}.available_at + ${run}.queue_limit_millis * interval '1 millisecond' < now())`

/**
 * A queued run that no live worker could take within its limit, as SQL on a run's row: counted from when it became due,
 * or from the last moment at which a worker lived that handles its type, whichever is later.
 */
export const isStale = (run: Statement.Fragment): Statement.Fragment =>
  sqlText`(${isOverdue(run)} AND NOT EXISTS (
    SELECT FROM operation_workers w WHERE ${run}.type = ANY(w.types)
      AND w.last_seen + ${run}.queue_limit_millis * interval '1 millisecond' >= now()))`
