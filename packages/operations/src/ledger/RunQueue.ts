/**
 * The ledger as a queue: which worker gets which run. One statement takes a run, raises its fence and starts its lease, so
 * that no two workers own it. Workers call it; tests get it from `@atlas/operations/testing`.
 *
 * @module
 */

import { Context, Effect, Layer, Option } from "effect"
import { SqlClient, SqlError, type Statement } from "effect/sql"
import { monotonicMillis } from "./monotonicMillis.ts"
import type * as Operation from "../definition/Operation.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { Run, RunId } from "../run/Run.ts"
import { readRun, type RunRow, runColumns } from "./reads/RunRow.ts"
import { sqlText } from "../text/SqlText.ts"
import { change, type Step } from "./transition.ts"

/** The right to write one run, until its fence rises. */
export interface Claim {
  readonly run: Run
  /**
   * The only token that a worker writes with. Claims, give-backs, cancellations and supersessions raise it, and nothing
   * lowers it.
   */
  readonly fence: bigint
  /** When the lease began at the earliest: milliseconds on this process's monotonic clock, read before the claim. */
  readonly claimedAt: number
  /** Milliseconds left of the run's time limit, counted from `claimedAt`. */
  readonly remainingMillis: number
  /** For how many milliseconds it was due before; null for a run whose worker died. */
  readonly waitedMillis: number | null
  /** Whether no worker has claimed the run before, so that this claim has set its start and its deadline. */
  readonly isFirst: boolean
}

/** Who claims, what it can execute, and how long a claim lasts without a heartbeat. */
export interface Claimant {
  readonly worker: string
  readonly types: ReadonlyArray<Pick<Operation.Any, "name" | "concurrency">>
  readonly leaseMillis: number
}

/** Work handed to a worker from outside the ledger: which run, and what the sender believes of it. */
export interface Assignment extends OperationScope {
  readonly id: RunId
  /** The operation's name. */
  readonly type: string
  /** The run's fence when it was handed out, if the sender knows it. */
  readonly fence?: bigint
}

/** Hands out runs. Database failures are defects. */
export class RunQueue extends Context.Service<
  RunQueue,
  {
    /**
     * Makes the function that takes up to `limit` runs that are due or whose worker died. Due runs are served lane by lane,
     * where a lane is one operation in one scope: a tenant with thousands of queued runs takes one turn, as every other does.
     * Interactive runs go before background ones. The function remembers whose turn comes next.
     */
    claimer(claimant: Claimant): (limit: number) => Effect.Effect<ReadonlyArray<Claim>>
    /** Takes the assigned run if it is as the assignment says, and is due or was left by a worker that died. */
    claimOne(claimant: Claimant, assignment: Assignment): Effect.Effect<ReadonlyArray<Claim>>
    /** The current fence of a run; none for an unknown id. Only a claim gives the right to write with it. */
    fenceOf(id: RunId): Effect.Effect<Option.Option<bigint>>
  }
>()("@atlas/operations/RunQueue") {
  static readonly layer: Layer.Layer<RunQueue, never, SqlClient.SqlClient> = Layer.effect(
    RunQueue,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const statements = makeStatements(sql)

      const take = Effect.fnUntraced(
        function* (statement: Statement.Statement<ClaimedRow>) {
          const claimedAt = yield* monotonicMillis
          const rows = yield* statement
          const claims = rows.map((row): Claim => ({
            run: readRun(row),
            fence: row.fence,
            claimedAt,
            remainingMillis: row.remainingMillis,
            waitedMillis: row.turn === 0 ? null : Math.max(row.waitedMillis, 0),
            isFirst: row.isFirst
          }))
          return { rows, claims }
        },
        // Two workers gave the same place of a lane to different runs, and the database let one of them win.
        Effect.retry({ times: 5, while: isPlaceTaken }),
        Effect.catchIf(isPlaceTaken, () => Effect.succeed({ rows: [], claims: [] })),
        Effect.orDie
      )

      const claimer = (claimant: Claimant) => {
        const turns = new Map<string, string>()
        // The operations take turns at being first: a worker with one free slot takes only one run with each claim.
        let first = 0
        return Effect.fn("RunQueue.claim")(function* (limit: number) {
          const { rows, claims } = yield* take(statements.claim(rotated(claimant, first++), limit, turns))
          for (const { priority, type, lane, turn } of rows) {
            if (turn > 0) turns.set(turnKey(priority, type), lane)
          }
          return claims
        })
      }

      const claimOne = Effect.fn("RunQueue.claimOne")(function* (claimant: Claimant, assignment: Assignment) {
        return (yield* take(statements.claimOne(claimant, assignment))).claims
      })

      const fenceOf = Effect.fn("RunQueue.fenceOf")(function* (id: RunId) {
        const [row] = yield* sql<{ fence: bigint }>`SELECT fence FROM operation_runs WHERE id = ${id}::uuid`
        return Option.map(Option.fromUndefinedOr(row), ({ fence }) => fence)
      }, Effect.orDie)

      return RunQueue.of({ claimer, claimOne, fenceOf })
    })
  )
}

interface ClaimedRow extends RunRow {
  readonly fence: bigint
  readonly priority: number
  readonly type: string
  readonly lane: string
  /** The place of the run in this claim; 0 for a run whose worker died. */
  readonly turn: number
  readonly remainingMillis: number
  readonly waitedMillis: number
  readonly isFirst: boolean
}

const isPlaceTaken = (error: unknown) =>
  SqlError.isSqlError(error) &&
  error.reason._tag === "UniqueViolation" &&
  error.reason.constraint === "operation_runs_lane_slot"

const rotated = (claimant: Claimant, by: number): Claimant => {
  const start = by % Math.max(claimant.types.length, 1)
  return { ...claimant, types: [...claimant.types.slice(start), ...claimant.types.slice(0, start)] }
}

const turnKey = (priority: number, type: string) => `${priority} ${type}`

const data = sqlText`jsonb_build_object('worker', r.worker, 'attempt', r.attempt + 1)`
const taken = {
  started_at: sqlText`coalesce(o.started_at, clock_timestamp())`,
  deadline: sqlText`coalesce(o.deadline, clock_timestamp() + o.time_limit_millis * interval '1 millisecond')`,
  worker: sqlText`v.claimant`,
  lease_until: sqlText`clock_timestamp() + v.lease * interval '1 millisecond'`
} satisfies Step["set"]

/** Gives runs to a worker: fence, lease, and a place in the lane if places are limited. A rescued run keeps its place. */
const handOver = change({
  makes: {
    when: sqlText`v.turn = 0`,
    did: sqlText`r.turn = 0`,
    yes: { transition: "rescued", set: taken, data },
    no: { transition: "started", set: { ...taken, lane_slot: sqlText`v.lane_slot` }, data }
  },
  where: sqlText`o.id = v.id`,
  returning: sqlText`o.*, v.turn`
})

const claimed = sqlText`
  SELECT ${runColumns(sqlText`r`)}, r.fence, r.priority, r.lane, r.turn, r.started_at >= now() AS "isFirst",
    (extract(epoch FROM r.deadline - clock_timestamp()) * 1000)::float8 AS "remainingMillis",
    (extract(epoch FROM clock_timestamp() - r.available_at) * 1000)::float8 AS "waitedMillis"
  FROM r ORDER BY r.turn`

const makeStatements = (sql: SqlClient.SqlClient) => {
  const names = ({ types }: Claimant) => types.map(({ name }) => name)
  // 0 means no limit.
  const places = ({ types }: Claimant) =>
    types.map(({ concurrency }) => (concurrency === "unlimited" ? 0 : concurrency))

  const taking = ({ worker, leaseMillis }: Claimant, due: Statement.Fragment) => sql<ClaimedRow>`
    WITH ${handOver(sql`
      SELECT due.*, ${worker}::text AS claimant, ${leaseMillis}::float8 AS lease FROM (${due}) due`)} ${claimed}`

  const claim = (claimant: Claimant, limit: number, turns: ReadonlyMap<string, string>) => {
    const groups = [0, 1].flatMap((priority) => claimant.types.map(({ name }) => [priority, name] as const))
    const after = groups.map(([priority, name]) => turns.get(turnKey(priority, name)) ?? "")
    return taking(
      claimant,
      sql`SELECT id, turn, lane_slot FROM operation_due(${groups.map(([priority]) => priority)}::smallint[],
        ${groups.map(([, name]) => name)}::text[], ${[...places(claimant), ...places(claimant)]}::int[],
        ${after}::text[], ${limit}::int)`
    )
  }

  const claimOne = (claimant: Claimant, { id, type, workspaceId, tenantId, fence }: Assignment) =>
    taking(
      claimant,
      sql`
        SELECT q.id, (q.status = 'queued')::int AS turn, seat.s AS lane_slot
        FROM (SELECT * FROM operation_runs WHERE id = ${id}::uuid FOR UPDATE) q
        JOIN unnest(${names(claimant)}::text[], ${places(claimant)}::int[]) AS t (type, places) ON t.type = q.type
        LEFT JOIN LATERAL (
          SELECT min(s) AS s FROM generate_series(1, t.places) s WHERE NOT EXISTS (
            SELECT FROM operation_runs b
            WHERE b.status = 'running' AND b.type = q.type AND b.lane = q.lane AND b.lane_slot = s)
        ) seat ON true
        WHERE q.type = ${type} AND q.workspace_id = ${workspaceId}
          AND q.tenant_id IS NOT DISTINCT FROM ${tenantId}::text AND q.fence = coalesce(${fence ?? null}::bigint, q.fence)
          AND (q.status = 'queued' AND q.available_at <= now() AND (t.places = 0 OR seat.s IS NOT NULL)
            OR q.status = 'running' AND q.lease_until < now() AND q.attempt + 1 < q.max_attempts
              AND (q.deadline IS NULL OR q.deadline > now()) AND q.cancel_requested_at IS NULL)`
    )

  return { claim, claimOne }
}
