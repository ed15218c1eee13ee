/**
 * The states of a restore, the steps between them, and the only statements that take a step. A trigger of the database holds
 * the same table and refuses every other step, whoever asks.
 *
 * @module
 */

import { type Actor, encodeActor, type RunId, type TenantScope } from "@atlas/operations"
import { Effect, Schema, Struct } from "effect"
import { SqlClient, type Statement } from "effect/sql"

/** The state of a restore. */
export const RestoreState = Schema.Literals(["planning", "planned", "confirmed", "running", "done", "archived"])
export type RestoreState = typeof RestoreState.Type

/** Every step of a restore: the states that it may leave, each with the state that it enters. */
export const restoreSteps = {
  /** A preview makes the plan. */
  preview: { planning: "planning" },
  /** The preview has compared every policy. */
  plan: { planning: "planned" },
  /** A person confirms the plan, or confirms that a stopped execution goes on. */
  confirm: { planned: "confirmed", confirmed: "confirmed", running: "running" },
  /** The run that executes it is recorded. */
  start: { confirmed: "confirmed", running: "running" },
  /** An attempt of that run begins. */
  begin: { confirmed: "running", running: "running" },
  /** Every policy was tried. */
  finish: { running: "done" },
  /** Nobody executes it any more. */
  archive: {
    planning: "archived",
    planned: "archived",
    confirmed: "archived",
    running: "archived",
    done: "archived"
  }
} as const satisfies Record<string, Partial<Record<RestoreState, RestoreState>>>

/** A step of a restore. */
export type RestoreStep = keyof typeof restoreSteps

/** The states in which a step can be taken. */
export const statesBefore = (step: RestoreStep): ReadonlyArray<RestoreState> =>
  Struct.keys(restoreSteps[step] as Record<RestoreState, RestoreState>)

/** Whether a step can be taken in a state. */
export const canTake = (step: RestoreStep, state: RestoreState): boolean => statesBefore(step).includes(state)

/** Names a restore of a tenant. */
export interface RestoreOf {
  readonly tenant: TenantScope
  readonly id: string
}

/** What an execution must know of its restore. */
export interface BegunRestore {
  readonly withAssignments: boolean
  /** The name of the backup that it restores. */
  readonly backupName: string
  /** What will be overwritten is backed up already. */
  readonly hasSafety: boolean
}

/**
 * Makes the statements. Each takes one step, and returns whether the restore exists in a state that allows it. Database
 * failures are defects.
 */
export const makeRestoreState = Effect.map(SqlClient.SqlClient, (sql) => {
  const take = <A extends object = object>(
    step: RestoreStep,
    { id, tenant }: RestoreOf,
    sets: Statement.Fragment,
    returned = sql`id`
  ) =>
    sql<A>`
      UPDATE restores SET state = ${JSON.stringify(restoreSteps[step])}::jsonb ->> state, ${sets}
      WHERE id = ${id}::uuid AND workspace_id = ${tenant.workspaceId} AND tenant_id = ${tenant.tenantId}
        AND state = ANY(${statesBefore(step)}::text[]) RETURNING ${returned}`.pipe(
      Effect.orDie,
      Effect.withSpan(`RestoreState.${step}`)
    )
  const isTaken = Effect.map((rows: ReadonlyArray<unknown>) => rows.length > 0)

  return {
    /** @param run the preview, which is recorded already */
    preview: (restore: RestoreOf, run: RunId) => isTaken(take("preview", restore, sql`preview_run = ${run}::uuid`)),
    plan: (restore: RestoreOf) => isTaken(take("plan", restore, sql`planned_at = now()`)),
    /** The first person to confirm stays on the restore; the audit has the others. */
    confirm: (restore: RestoreOf, by: Actor) =>
      isTaken(
        take(
          "confirm",
          restore,
          sql`confirmed_by = coalesce(confirmed_by, ${encodeActor(by)}::jsonb), confirmed_at = coalesce(confirmed_at, now())`
        )
      ),
    /** @param run the execution, which is recorded already */
    start: (restore: RestoreOf, run: RunId) => isTaken(take("start", restore, sql`execute_run = ${run}::uuid`)),
    /**
     * Returns what the attempt must know, or null.
     *
     * @param run whose attempt begins
     */
    begin: (restore: RestoreOf, run: RunId) =>
      Effect.map(
        take<BegunRestore>(
          "begin",
          restore,
          sql`execute_run = ${run}::uuid`,
          sql`with_assignments AS "withAssignments", safety_set IS NOT NULL AS "hasSafety",
            (SELECT name FROM backup_sets WHERE backup_sets.id = set_id) AS "backupName"`
        ),
        ([row]) => row ?? null
      ),
    finish: (restore: RestoreOf) => isTaken(take("finish", restore, sql`done_at = now()`)),
    archive: (restore: RestoreOf) => isTaken(take("archive", restore, sql`archived_at = now()`))
  } satisfies Record<RestoreStep, unknown>
})
