import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, SqlError, type Statement } from "effect/sql"
import { monotonicMillis } from "./Attempt.ts"
import type { AnyOperationType } from "./OperationCatalog.ts"
import type { OperationScope } from "./OperationScope.ts"
import { Run, type RunId } from "./Run.ts"
import { runColumns } from "./RunRow.ts"

/** The right to write one run with its fence, until another claim raises it. */
export interface Claim {
  readonly run: Run
  /** On this process's monotonic clock, in milliseconds, before the claim was made: when its lease began at the earliest. */
  readonly claimedAt: number
  /** What is left of the run's time limit, in milliseconds from then. */
  readonly remainingMillis: number
}

/** Who claims, what it can execute, and how long a claim lives without a heartbeat. */
export interface Claimant {
  readonly worker: string
  readonly types: ReadonlyArray<Pick<AnyOperationType, "name" | "concurrency">>
  readonly leaseMillis: number
}

/** Work as it is handed to a worker from outside the ledger: which run, and what the sender believes of it. */
export interface Assignment extends OperationScope {
  readonly id: RunId
  /** The operation type's name. */
  readonly type: string
  /** The run's fence when it was handed out, where the sender knows it. */
  readonly fence?: bigint
}

/** The ledger as a queue: who gets which run. Database failures are defects. */
export class RunQueue extends Context.Service<
  RunQueue,
  {
    /**
     * Takes up to a number of runs that are due or whose worker died. What is due is served in turn, lane by lane, where a
     * lane is one type in one scope: a tenant with thousands of queued runs takes one turn as every other does.
     * Interactive runs go before background ones.
     *
     * @param claimant the worker; whose turn comes next is remembered for as long as the result is used
     */
    claimer(claimant: Claimant): (limit: number) => Effect.Effect<ReadonlyArray<Claim>>
    /** Takes the assigned run, if it is as the assignment says, and due or left by a worker that died. */
    claimOne(claimant: Claimant, assignment: Assignment): Effect.Effect<ReadonlyArray<Claim>>
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
          const runs = yield* decodeRuns(rows)
          const claims = runs.map((run, index): Claim => ({
            run,
            claimedAt,
            remainingMillis: Number(rows[index]?.remainingMillis)
          }))
          return { rows, claims }
        },
        // Two workers that gave the same place of a lane to different runs: the database let one of them win.
        Effect.retry({ times: 5, while: isPlaceTaken }),
        Effect.catchIf(isPlaceTaken, () => Effect.succeed({ rows: [], claims: [] })),
        Effect.orDie
      )

      const claimer = (claimant: Claimant) => {
        const turns = new Map<string, string>()
        return Effect.fn("RunQueue.claim")(function* (limit: number) {
          const { rows, claims } = yield* take(statements.claim(claimant, limit, turns))
          for (const { priority, type, lane, turn } of rows.toSorted((a, b) => a.turn - b.turn)) {
            if (turn > 0) turns.set(turnKey(priority, type), lane)
          }
          return claims
        })
      }

      const claimOne = Effect.fn("RunQueue.claimOne")(function* (claimant: Claimant, assignment: Assignment) {
        return (yield* take(statements.claimOne(claimant, assignment))).claims
      })

      return RunQueue.of({ claimer, claimOne })
    })
  )
}

interface ClaimedRow {
  readonly priority: number
  readonly type: string
  readonly lane: string
  /** The place of the lane in this round; 0 for a run whose worker died. */
  readonly turn: number
  readonly remainingMillis: number
}

const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(Run))

const isPlaceTaken = (error: unknown) =>
  SqlError.isSqlError(error) &&
  error.reason._tag === "UniqueViolation" &&
  error.reason.constraint === "operation_runs_lane_slot"

const turnKey = (priority: number, type: string) => `${priority} ${type}`

const makeStatements = (sql: SqlClient.SqlClient) => {
  const columns = sql.literal(runColumns("r"))
  const names = ({ types }: Claimant) => types.map(({ name }) => name)
  // 0 stands for no limit.
  const places = ({ types }: Claimant) =>
    types.map(({ concurrency }) => (concurrency === "unlimited" ? 0 : concurrency))

  /** Runs whose worker died, and which may be attempted again. The others are for the sweeper. */
  const lapsed = (claimant: Claimant, limit: number, only: Statement.Fragment) => sql`
    lapsed AS MATERIALIZED (
      SELECT id FROM operation_runs
      WHERE status = 'running' AND lease_until < now() AND attempt + 1 < max_attempts
        AND (deadline IS NULL OR deadline > now()) AND cancel_requested_at IS NULL AND type = ANY(${names(claimant)}::text[]) AND ${only}
      ORDER BY lease_until LIMIT ${limit}::int FOR UPDATE SKIP LOCKED
    )`

  /** Gives what was picked to the worker: a place in its lane where places are limited, fence, lease and event. */
  const handOver = (claimant: Claimant, limit: number) => sql`
    fresh AS MATERIALIZED (
      SELECT o.id, o.type, o.lane, p.places, p.turn, p.place FROM picks p JOIN operation_runs o ON o.id = p.id
      WHERE o.status = 'queued' AND o.available_at <= now()
      ORDER BY p.priority, p.place, p.turn, p.type
      LIMIT ${limit}::int - (SELECT count(*) FROM lapsed) FOR UPDATE OF o SKIP LOCKED
    ), placed AS (
      SELECT f.id, f.turn, f.places, CASE WHEN f.places > 0 THEN (ARRAY(
        SELECT s FROM generate_series(1, f.places) s WHERE NOT EXISTS (
          SELECT FROM operation_runs b
          WHERE b.status = 'running' AND b.type = f.type AND b.lane = f.lane AND b.lane_slot = s)
        ORDER BY s
      ))[row_number() OVER (PARTITION BY f.type, f.lane ORDER BY f.place, f.id)] END AS lane_slot
      FROM fresh f
    ), due AS (
      SELECT id, 0 AS turn, NULL::int AS lane_slot FROM lapsed
      UNION ALL SELECT id, turn, lane_slot FROM placed WHERE places = 0 OR lane_slot IS NOT NULL
    ), r AS (
      UPDATE operation_runs o SET status = 'running', fence = o.fence + 1, version = o.version + 1,
        attempt = o.attempt + (o.status = 'running')::int, last_event = o.last_event + 1,
        started_at = coalesce(o.started_at, clock_timestamp()), worker = ${claimant.worker},
        deadline = coalesce(o.deadline, clock_timestamp() + o.time_limit_millis * interval '1 millisecond'),
        lane_slot = coalesce(due.lane_slot, CASE WHEN o.status = 'running' THEN o.lane_slot END),
        lease_until = clock_timestamp() + ${claimant.leaseMillis} * interval '1 millisecond'
      FROM due WHERE o.id = due.id
      RETURNING o.*, due.turn
    ), noted AS (
      INSERT INTO operation_run_events (run_id, seq, kind, data)
      SELECT r.id, r.last_event, CASE WHEN r.turn = 0 THEN 'rescued' ELSE 'started' END,
        jsonb_build_object('worker', ${claimant.worker}::text, 'attempt', r.attempt + 1)
      FROM r
    )
    SELECT ${columns}, r.priority, r.lane, r.turn,
      (extract(epoch FROM r.deadline - clock_timestamp()) * 1000)::float8 AS "remainingMillis"
    FROM r`

  const due = sql.literal(`q.status = 'queued' AND q.priority = g.priority AND q.type = g.type`)

  // Walks the lanes with queued runs from one to the next on the index, beginning behind the one that was served last and
  // around to it, and stops when it has enough: the cost is of what is taken, not of what is queued.
  const walk = (limit: number) => sql`
    WITH RECURSIVE walk (lane, turn, wrapped) AS (
      SELECT g.after COLLATE "C", 0, false
      UNION ALL
      SELECT next.lane, walk.turn + 1, next.wrapped FROM walk, LATERAL (
        (SELECT q.lane, walk.wrapped, 0 AS half FROM operation_runs q
          WHERE ${due} AND q.lane > walk.lane AND (NOT walk.wrapped OR q.lane <= g.after) ORDER BY q.lane LIMIT 1)
        UNION ALL
        (SELECT q.lane, true, 1 FROM operation_runs q
          WHERE ${due} AND NOT walk.wrapped AND q.lane <= g.after ORDER BY q.lane LIMIT 1)
        ORDER BY half LIMIT 1
      ) next
    )
    SELECT walk.lane, walk.turn, free.places AS free FROM walk, LATERAL (
      SELECT CASE WHEN g.places = 0 THEN ${limit}::int ELSE g.places - (
        SELECT count(*)::int FROM operation_runs b
        WHERE b.status = 'running' AND b.type = g.type AND b.lane = walk.lane AND b.lane_slot IS NOT NULL) END AS places
    ) free
    WHERE walk.turn > 0 AND free.places > 0 AND CASE
      WHEN NOT EXISTS (SELECT FROM operation_runs q WHERE ${due} AND q.lane = walk.lane AND q.available_at <= now())
        THEN false
      WHEN g.places = 0 THEN true
      ELSE pg_try_advisory_xact_lock(hashtextextended(g.type || ' ' || walk.lane, 0)) END
    LIMIT ${limit}::int`

  const claim = (claimant: Claimant, limit: number, turns: ReadonlyMap<string, string>) => {
    const groups = [0, 1].flatMap((priority) => claimant.types.map(({ name }) => [priority, name] as const))
    const after = groups.map(([priority, name]) => turns.get(turnKey(priority, name)) ?? "")
    // More than are taken, because another worker may be taking the same ones at this moment.
    return sql<ClaimedRow>`
      WITH ${lapsed(claimant, limit, sql`true`)}, lanes AS MATERIALIZED (
        SELECT g.priority, g.type, g.places, l.lane, l.turn, l.free
        FROM unnest(${groups.map(([priority]) => priority)}::smallint[], ${groups.map(([, name]) => name)}::text[],
          ${[...places(claimant), ...places(claimant)]}::int[], ${after}::text[]) AS g (priority, type, places, after)
        CROSS JOIN LATERAL (${walk(limit)}) l
      ), picks AS MATERIALIZED (
        SELECT l.priority, l.type, l.places, l.turn, head.id, head.place FROM lanes l CROSS JOIN LATERAL (
          SELECT q.id, row_number() OVER (ORDER BY q.available_at, q.id)::int AS place FROM (
            SELECT id, available_at FROM operation_runs
            WHERE status = 'queued' AND priority = l.priority AND type = l.type AND lane = l.lane
              AND available_at <= now()
            ORDER BY available_at, id LIMIT CASE WHEN l.places = 0 THEN 4 * ${limit}::int ELSE l.free END
          ) q
        ) head
        ORDER BY l.priority, head.place, l.turn, l.type LIMIT 4 * ${limit}::int
      ), ${handOver(claimant, limit)}`
  }

  const claimOne = (claimant: Claimant, { id, type, workspaceId, tenantId, fence }: Assignment) => {
    const assigned = sql`id = ${id}::uuid AND type = ${type} AND workspace_id = ${workspaceId}
      AND tenant_id IS NOT DISTINCT FROM ${tenantId}::text AND fence = coalesce(${fence ?? null}::bigint, fence)`
    return sql<ClaimedRow>`
      WITH ${lapsed(claimant, 1, assigned)}, picks AS (
        SELECT q.id, q.priority, q.type, t.places, 1 AS turn, 1 AS place
        FROM (SELECT id, priority, type FROM operation_runs WHERE ${assigned}) q
        JOIN unnest(${names(claimant)}::text[], ${places(claimant)}::int[]) AS t (type, places) ON t.type = q.type
      ), ${handOver(claimant, 1)}`
  }

  return { claim, claimOne }
}
