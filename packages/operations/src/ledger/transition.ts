/**
 * The one way in which a run changes. `transitions` lists every change with its rules: the statuses that it may leave, the
 * status that it enters, its fence, its event and its audit record. `change` makes the statements from these rules, so that
 * none can break them. docs/run-lifecycle.md describes the transitions, and a test compares the two.
 *
 * @module
 */

import type { Statement } from "effect/sql"
import type { AuditAction } from "../access/AuditLog.ts"
import type { RunStatus } from "../run/Run.ts"
import type { RunEventKind } from "../run/RunEvent.ts"
import { sqlText } from "../text/SqlText.ts"

/** One way in which a run changes: the rules of every statement that makes it. */
export interface Transition {
  /** The event in the timeline; null for a change that nobody sees and that raises no version. */
  readonly event: RunEventKind | null
  /** The statuses that it may leave; none for one that begins a run. */
  readonly leaves: ReadonlyArray<RunStatus>
  /** The status that it enters; null if the status stays. */
  readonly enters: RunStatus | null
  /**
   * `matches`: the writer's fence must be the run's. `differs`: it must not be. `rises`: the change raises the fence, so that
   * whoever held the run can write no more.
   */
  readonly fence: "kept" | "matches" | "differs" | "rises" | "matches, rises"
  /** Whether it counts a failed attempt. */
  readonly attempt: "kept" | "counted" | "counted if failed"
  /** What the audit calls it; null if the run itself is record enough. */
  readonly audit: AuditAction | null
}

const transition = (
  event: RunEventKind | null,
  leaves: ReadonlyArray<RunStatus>,
  enters: RunStatus | null,
  more: Partial<Pick<Transition, "fence" | "attempt" | "audit">> = {}
): Transition => ({ event, leaves, enters, fence: "kept", attempt: "kept", audit: null, ...more })

const active = ["queued", "running"] as const
const any = ["queued", "running", "completed"] as const

/** Every way in which a run begins or changes. */
export const transitions = {
  // Starts.
  created: transition("created", [], "queued"),
  blocked: transition("completed", [], "completed", { audit: "blocked" }),
  joined: transition("joined", any, null, { audit: "joined" }),
  met: transition(null, any, null),
  superseded: transition("superseded", active, "completed", { fence: "rises", audit: "superseded" }),
  // Claims.
  started: transition("started", ["queued"], "running", { fence: "rises" }),
  rescued: transition("rescued", ["running"], "running", { fence: "rises", attempt: "counted" }),
  // The worker that owns the run.
  renewed: transition(null, ["running"], null, { fence: "matches" }),
  kept: transition(null, ["running"], null, { fence: "matches" }),
  progressed: transition("progress", ["running"], null, { fence: "matches" }),
  completed: transition("completed", ["running"], "completed", { fence: "matches", attempt: "counted if failed" }),
  attempt_failed: transition("attempt_failed", ["running"], "queued", { fence: "matches, rises", attempt: "counted" }),
  given_back: transition("given_back", ["running"], "queued", { fence: "matches, rises" }),
  stopped: transition("completed", ["running"], "completed", { fence: "matches, rises" }),
  stopped_failing: transition("completed", ["running"], "completed", { fence: "matches, rises", attempt: "counted" }),
  // People who want it to stop.
  cancel_requested: transition("cancel_requested", ["running"], null, { audit: "cancel_requested" }),
  cancelled: transition("completed", active, "completed", { fence: "rises", audit: "cancel_requested" }),
  // Sweeps.
  lost: transition("completed", ["running"], "completed", { fence: "rises", attempt: "counted if failed" }),
  stale: transition("completed", ["queued"], "completed", { fence: "rises" }),
  counted: transition(null, ["completed"], null),
  // Workers that are refused.
  stale_write_refused: transition("stale_write_refused", any, null, { fence: "differs" }),
  work_refused: transition("work_refused", any, null)
} as const satisfies Readonly<Record<string, Transition>>

/** The name of a transition. */
export type TransitionName = keyof typeof transitions

/** The columns that a transition may set besides those that its rules decide. */
type Column =
  | "available_at"
  | "cancel_requested_at"
  | "cancel_requested_by"
  | "counted"
  | "deadline"
  | "failure_summary"
  | "lane_slot"
  | "lease_until"
  | "outcome"
  | "reason_code"
  | "report"
  | "started_at"
  | "summary_counts"
  | "superseded_by"
  | "worker"

/** One transition in a statement. In its SQL, `v` is what the statement is given, `o` the run before and `r` the run after. */
export interface Step {
  readonly transition: TransitionName
  /** What else to set, from `o` and `v`. */
  readonly set?: Partial<Readonly<Record<Column, Statement.Fragment>>>
  /** The event's data, from `r`; empty by default. */
  readonly data?: Statement.Fragment
}

/** One of two transitions, chosen by the state of each run when its turn comes. */
export interface Either {
  /** The condition for `yes`, from `o` and `v`. */
  readonly when: Statement.Fragment
  /** Whether `yes` was made, from `r`. */
  readonly did: Statement.Fragment
  readonly yes: Step
  readonly no: Step
}

/** A statement that changes runs. */
export interface RunChange {
  readonly makes: Step | Either
  /** Which runs, from `o` and `v`. Status and fence (`v.fence`) are guarded besides. */
  readonly where: Statement.Fragment
  /** The columns of `r`, from `o` and `v`; `idsAndEnds` by default. */
  readonly returning?: Statement.Fragment
  /** The name of `r` in the rest of a statement that changes more than one thing; `r` by default. */
  readonly as?: string
  /**
   * The audit record's data, from `r`. For an audited transition, `returning` has the columns of `audited`, and the statement
   * is given `acting` and `request_id`.
   */
  readonly record?: Statement.Fragment
}

/** The columns of `r` that events are made of. */
export const idsAndEnds = sqlText`o.id, o.last_event, o.status, o.outcome, o.reason_code, o.summary_counts`

/** The columns of `r` that an audit record is made of. */
export const audited = sqlText`o.workspace_id, o.tenant_id, o.type, v.acting, v.request_id`

/** The data of the event that ends a run. */
export const endData = sqlText`jsonb_build_object('outcome', r.outcome, 'reasonCode', r.reason_code, 'counts', r.summary_counts)`

/** What the end of a run sets when nothing has failed. */
export const cancelled = { outcome: sqlText`'cancelled'`, reason_code: sqlText`'operation_cancelled'` } as const

const isEither = (makes: Step | Either): makes is Either => "when" in makes

const rule = ({ transition }: Step): Transition => transitions[transition]

/** The condition that `o` has one of the statuses, in a form that the partial indexes of active runs serve. */
const inStatus = (statuses: ReadonlyArray<RunStatus>) =>
  statuses.length === 3
    ? sqlText`true`
    : statuses.length === 2
      ? sqlText`o.status <> 'completed'`
      : sqlText`o.status = '${sqlText.word(statuses[0] ?? "completed")}'`

const inFence = (step: Step) => {
  const { fence } = rule(step)
  return fence.startsWith("matches")
    ? sqlText` AND o.fence = v.fence`
    : fence === "differs"
      ? sqlText` AND o.fence <> v.fence`
      : sqlText``
}

const guard = (step: Step) => sqlText`${inStatus(rule(step).leaves)}${inFence(step)}`

const guardOf = (makes: Step | Either) => {
  if (!isEither(makes)) return guard(makes)
  const { when, yes, no } = makes
  const [first, second] = [guard(yes), guard(no)]
  if (isSame(first, second)) return first
  const leaves = [...new Set([...rule(yes).leaves, ...rule(no).leaves])]
  return sqlText`${inStatus(leaves)} AND CASE WHEN ${when} THEN ${first} ELSE ${second} END`
}

const isSame = (a: Statement.Fragment, b: Statement.Fragment) =>
  JSON.stringify(a.segments) === JSON.stringify(b.segments)

/** The columns that a step sets: by its rules, and by its `set`. */
const assignments = (step: Step): ReadonlyMap<string, Statement.Fragment> => {
  const { event, enters, fence, attempt } = rule(step)
  const { set = {} } = step
  return new Map<string, Statement.Fragment>([
    ...(enters === null ? [] : ([["status", sqlText`'${sqlText.word(enters)}'`]] as const)),
    ...(enters === "queued" || enters === "completed" ? ([["lease_until", sqlText`NULL`]] as const) : []),
    ...(enters === "completed" ? ([["completed_at", sqlText`clock_timestamp()`]] as const) : []),
    ...(fence.endsWith("rises") ? ([["fence", sqlText`o.fence + 1`]] as const) : []),
    ...(attempt === "counted" ? ([["attempt", sqlText`o.attempt + 1`]] as const) : []),
    ...(attempt === "counted if failed"
      ? ([["attempt", sqlText`o.attempt + (${set.outcome ?? sqlText`o.outcome`} = 'failed')::int`]] as const)
      : []),
    ...(event === null
      ? []
      : ([
          ["version", sqlText`o.version + 1`],
          ["last_event", sqlText`o.last_event + 1`]
        ] as const)),
    ...Object.entries(set)
  ])
}

const setOf = (makes: Step | Either) => {
  const [first, second] = isEither(makes)
    ? [assignments(makes.yes), assignments(makes.no)]
    : [assignments(makes), assignments(makes)]
  const columns = [...new Set([...first.keys(), ...second.keys()])]
  const values = columns.map((name) => {
    const column = sqlText.word(name)
    const [one, other] = [first.get(name) ?? sqlText`o.${column}`, second.get(name) ?? sqlText`o.${column}`]
    if (!isEither(makes) || isSame(one, other)) return sqlText`${column} = ${one}`
    return sqlText`${column} = CASE WHEN ${makes.when} THEN ${one} ELSE ${other} END`
  })
  // A change that sets nothing is made for its lock: it reads the row as it is at that moment.
  return values.length === 0 ? sqlText`version = o.version` : sqlText.join(sqlText`, `, values)
}

/** The steps with their rules, each with the condition on `r` that it was made. */
const shown = (makes: Step | Either) => {
  const steps = isEither(makes)
    ? [
        { step: makes.yes, made: makes.did },
        { step: makes.no, made: sqlText`NOT (${makes.did})` }
      ]
    : [{ step: makes, made: sqlText`true` }]
  return steps.map(({ step, made }) => ({ ...rule(step), data: step.data ?? sqlText`'{}'::jsonb`, made }))
}

const eventsOf = (makes: Step | Either, as: Statement.Fragment) => {
  const events = shown(makes).flatMap(({ event, data, made }) =>
    event === null
      ? []
      : [sqlText`SELECT r.id, r.last_event, '${sqlText.word(event)}', ${data} FROM ${as} r WHERE ${made}`]
  )
  if (events.length === 0) return sqlText``
  return sqlText`, ${as}_noted AS (
    INSERT INTO operation_run_events (run_id, seq, kind, data) ${sqlText.join(sqlText` UNION ALL `, events)})`
}

const recordsOf = ({ makes, record = sqlText`'{}'::jsonb` }: RunChange, as: Statement.Fragment) => {
  const records = shown(makes).flatMap(({ audit, made }) =>
    audit === null
      ? []
      : [
          sqlText`SELECT '${sqlText.word(audit)}', r.acting, r.workspace_id, r.tenant_id, r.type, r.id, r.request_id, ${record}
            FROM ${as} r WHERE ${made}`
        ]
  )
  if (records.length === 0) return sqlText``
  return sqlText`, ${as}_recorded AS (
    INSERT INTO operation_audit (action, actor, workspace_id, tenant_id, type, run_id, request_id, data)
    ${sqlText.join(sqlText` UNION ALL `, records)})`
}

/**
 * Makes the parts of a statement that changes runs by the rules of its transition: `r_given`, what the statement is given;
 * `r`, the runs that were changed; and what is written with them. The caller puts `WITH` before them, and behind them the
 * SELECT that answers. Call `change` once, and its result for every statement: all that varies is in what is given.
 */
export const change = (statement: RunChange): ((given: Statement.Fragment) => Statement.Fragment) => {
  const { makes, where, returning = idsAndEnds } = statement
  const as = sqlText.word(statement.as ?? "r")
  const before = sqlText`${as}_given AS MATERIALIZED (`
  const after = sqlText`), ${as} AS (
    UPDATE operation_runs o SET ${setOf(makes)} FROM ${as}_given v WHERE ${where} AND ${guardOf(makes)}
    RETURNING ${returning})${eventsOf(makes, as)}${recordsOf(statement, as)}`
  return (given) => sqlText`${before}${given}${after}`
}

/** The event of a run that begins completed, with data from `r`, the inserted run with its `last_event`. */
export const noteBlocked = (data: Statement.Fragment): Statement.Fragment =>
  eventsOf({ transition: "blocked", data }, sqlText`r`)
