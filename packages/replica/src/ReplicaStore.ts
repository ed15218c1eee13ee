/**
 * The statements that fill a copy, for one collection of any tenant. `copy` calls those that write, inside the run's
 * transaction; readers call `state`.
 *
 * @module
 */
import type { GraphCursor, RunFailure, TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Collection } from "./Collection.ts"
import { makeCompleteRound } from "./completeRound.ts"
import { makeLayout } from "./layout.ts"
import type { History, PageStored, RemovalProof, RoundEnd, RoundKind, RoundOwner, Standing } from "./Round.ts"
import type { Page } from "./Source.ts"
import { makeStorePage } from "./storePage.ts"

/** The state of a tenant's copy. */
export interface ReplicaState {
  /** When the last complete round ended. */
  readonly completedAt: Date | null
  /** Objects that exist. */
  readonly size: number
  /** The number of removals that wait for a person's confirmation. */
  readonly withheld: number | null
}

/**
 * The statements of one collection. Those that write belong inside the run's transaction and change only rows of the owner's
 * workspace and tenant. `storePage` and `complete` fail with `operation_busy` if another run has begun a round of the
 * collection. Database failures are defects.
 */
export interface ReplicaStore {
  /** The state of a tenant's copy. */
  state(tenant: TenantScope): Effect.Effect<ReplicaState>
  /** Where a run stands before it copies the collection. */
  standing(owner: RoundOwner): Effect.Effect<Standing>
  /** Begins a round, and forgets what another one had seen. */
  begin(owner: RoundOwner, kind: RoundKind): Effect.Effect<void>
  /** Stores a page and the round's progress. Rewrites no row that is unchanged, and removes nothing yet. */
  storePage(owner: RoundOwner, page: Pick<Page, "changes" | "cursor" | "isLast">): Effect.Effect<PageStored, RunFailure>
  /** Ends the round after its last page: removes what is proved to be gone, and stores the history. */
  complete(owner: RoundOwner, proof: RemovalProof, history: History | null): Effect.Effect<RoundEnd, RunFailure>
}

interface StandingRow {
  readonly isDone: boolean
  readonly historyCursor: GraphCursor | null
  readonly contract: string | null
  readonly seen: number
  readonly kind: RoundKind | null
  readonly cursor: GraphCursor | null
}

const standingOf = ({ contract, cursor, historyCursor, isDone, kind, seen }: StandingRow): Standing => ({
  isDone,
  history: historyCursor === null || contract === null ? null : { cursor: historyCursor, contract },
  seen,
  interrupted: kind === null || cursor === null ? null : { kind, cursor }
})

/**
 * Makes the statements of one collection.
 *
 * @example
 * ```ts
 * const graph = yield* Graph
 * const store = makeReplicaStore(yield* SqlClient.SqlClient, tags)
 * ```
 */
export const makeReplicaStore = (sql: SqlClient.SqlClient, collection: Collection): ReplicaStore => {
  const layout = makeLayout(sql, collection)
  const { collectionOf, rounds, sightings } = layout

  const state = Effect.fn("ReplicaStore.state")(function* (tenant: TenantScope) {
    const [row] = yield* sql<ReplicaState>`
      SELECT completed_at AS "completedAt", size, withheld FROM ${rounds} WHERE ${collectionOf(tenant)}`
    return row ?? { completedAt: null, size: 0, withheld: null }
  }, Effect.orDie)

  const standing = Effect.fn("ReplicaStore.standing")(function* ({ run, tenant }: RoundOwner) {
    const [row] = yield* sql<StandingRow>`
      SELECT coalesce(run_id = ${run}::uuid, false) AS "isDone", delta_cursor AS "historyCursor",
        delta_contract AS contract, CASE WHEN own THEN round_seen ELSE 0 END AS seen,
        CASE WHEN own THEN round_kind END AS kind, CASE WHEN own AND round_staged = (
          SELECT count(*) FROM ${sightings} WHERE ${collectionOf(tenant)}) THEN round_cursor END AS cursor
      FROM (SELECT *, coalesce(round_run = ${run}::uuid, false) AS own FROM ${rounds} WHERE ${collectionOf(tenant)}) AS r`
    return row === undefined ? { isDone: false, history: null, seen: 0, interrupted: null } : standingOf(row)
  }, Effect.orDie)

  const begin = Effect.fn("ReplicaStore.begin")(
    ({ run, tenant }: RoundOwner, kind: RoundKind) => sql`
      WITH forgotten AS (DELETE FROM ${sightings} WHERE ${collectionOf(tenant)})
      INSERT INTO ${rounds} AS r (workspace_id, tenant_id, collection, round_run, round_kind, round_seen, round_staged)
      VALUES (${tenant.workspaceId}, ${tenant.tenantId}, ${collection.name}, ${run}::uuid, ${kind}, 0, 0)
      ON CONFLICT (workspace_id, tenant_id, collection) DO UPDATE SET round = r.round + 1,
        round_run = excluded.round_run, round_kind = excluded.round_kind, round_cursor = NULL, round_seen = 0,
        round_staged = 0`,
    Effect.orDie,
    Effect.asVoid
  )

  const storePage = makeStorePage(sql, collection, layout)
  const complete = makeCompleteRound(sql, collection, layout)
  return { state, standing, begin, storePage, complete }
}
