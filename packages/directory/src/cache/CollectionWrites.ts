import type { TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type {
  CacheChange,
  CachePage,
  Collection,
  PageWritten,
  Round,
  RoundEnd,
  RoundKind,
  RoundOwner
} from "./Collection.ts"

/** What has to hold before anything is removed. */
export interface RemovalProof {
  /** The size of the collection according to the provider, where it tells. */
  readonly expected: number | null
  /** The largest share of the collection, from 0 to 1, that may vanish at once. */
  readonly share: number
  /** How many a person has confirmed, beyond that share. */
  readonly confirmed: number
}

/** Where the next round begins, and what the history tells of. */
export interface History {
  readonly cursor: string
  /** Names what is selected: the history of another selection is of no use. */
  readonly contract: string
}

/**
 * The statements that fill a cached collection. They belong inside the run's transaction, and change nothing but what is of
 * one workspace and tenant. Database failures are defects.
 */
export interface CollectionWrites {
  /** The history that the last complete round ended with. */
  history(tenant: TenantScope): Effect.Effect<History | null>
  /** The round that this run has begun, unless it was lost. */
  resume(owner: RoundOwner): Effect.Effect<Round | null>
  /** Begins a round anew; what another one had seen is forgotten. */
  begin(owner: RoundOwner, kind: RoundKind): Effect.Effect<void>
  /** Stores a page and how far the round is. Rows that do not change are not rewritten; nothing is removed yet. */
  writePage(owner: RoundOwner, page: CachePage): Effect.Effect<PageWritten>
  /** Ends the round after its last page: removes what is proved to be gone, and keeps the history. */
  complete(owner: RoundOwner, proof: RemovalProof, history: History | null): Effect.Effect<RoundEnd>
}

// A listing may be a little shorter than the count, since objects come and go meanwhile. A small directory has to be
// exact: there, a few are many.
const tolerance = 0.01

const lostRound = Effect.die("Another run has begun a round of this collection")

/** One statement may write a row only once: of what a page tells of one object, the later part wins. */
const combined = (changes: ReadonlyArray<CacheChange>): ReadonlyArray<CacheChange> => {
  const byId = new Map<string, CacheChange>()
  for (const { id, removal, set } of changes) {
    const before = byId.get(id)?.set
    const both = before === undefined ? set : { ...before, ...set }
    byId.set(id, { id, ...(both === undefined ? {} : { set: both }), ...(removal === undefined ? {} : { removal }) })
  }
  return [...byId.values()]
}

const encode = (changes: ReadonlyArray<CacheChange>) =>
  JSON.stringify(
    changes.map(({ id, removal, set }) => ({ ...set, id, removal, given: set === undefined ? null : Object.keys(set) }))
  )

/**
 * The statements that fill one collection.
 *
 * @param sql the database
 * @param collection which one
 */
export const makeCollectionWrites = (
  sql: SqlClient.SqlClient,
  collection: Pick<Collection<never, never>, "infixIndex" | "name" | "properties" | "table">
): CollectionWrites => {
  const table = sql(collection.table)
  const properties = Object.entries(collection.properties)
  const list = sql.join(", ", false)
  const listed = (write: (name: Statement.Identifier) => Statement.Fragment) =>
    list(properties.map(([name]) => write(sql(name))))
  // Of a patch, what it does not tell stays as it was.
  const merged = list(
    properties.map(([name, { unset }]) => {
      const column = sql(name)
      return sql`coalesce(CASE WHEN whole AND first OR ${name}::text = ANY (given) THEN ${column} ELSE (old).${column} END,
        ${unset}) AS ${column}`
    })
  )
  const typeOf = { text: sql.literal("text"), boolean: sql.literal("boolean") }
  const columns = list(properties.map(([name, { type }]) => sql`${sql(name)} ${typeOf[type]}`))
  const tenantIs = ({ workspaceId, tenantId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  const collectionIs = (tenant: TenantScope) => sql`${tenantIs(tenant)} AND collection = ${collection.name}`
  const owned = ({ run, tenant }: RoundOwner) => sql`${collectionIs(tenant)} AND round_run = ${run}::uuid`

  const history = Effect.fn("CollectionWrites.history")(function* (tenant: TenantScope) {
    const [row] = yield* sql<History>`
      SELECT delta_cursor AS cursor, delta_contract AS contract FROM directory_syncs
      WHERE ${collectionIs(tenant)} AND delta_cursor IS NOT NULL`
    return row ?? null
  }, Effect.orDie)

  const resume = Effect.fn("CollectionWrites.resume")(function* (owner: RoundOwner) {
    const [row] = yield* sql<Round>`
      SELECT round_kind AS kind, round_cursor AS cursor FROM directory_syncs
      WHERE ${owned(owner)} AND round_staged = (
        SELECT count(*) FROM directory_sightings WHERE ${collectionIs(owner.tenant)})`
    return row ?? null
  }, Effect.orDie)

  const begin = Effect.fn("CollectionWrites.begin")(
    ({ run, tenant }: RoundOwner, kind: RoundKind) => sql`
      WITH forgotten AS (DELETE FROM directory_sightings WHERE ${collectionIs(tenant)})
      INSERT INTO directory_syncs (workspace_id, tenant_id, collection, round_run, round_kind, round_seen,
        round_staged)
      VALUES (${tenant.workspaceId}, ${tenant.tenantId}, ${collection.name}, ${run}::uuid, ${kind}, 0, 0)
      ON CONFLICT (workspace_id, tenant_id, collection) DO UPDATE SET round = directory_syncs.round + 1,
        round_run = excluded.round_run, round_kind = excluded.round_kind, round_cursor = NULL, round_seen = 0,
        round_staged = 0`,
    Effect.orDie,
    Effect.asVoid
  )

  // OFFSET 0 keeps each lookup a probe of a primary key. As joins, planned without statistics on tables just filled, they
  // would compare every object with every row. The first that a full round tells of an object is all there is of it; what
  // follows, and all that a round of changes tells, are patches. A page's commit does not wait for the disk: the last one
  // does, and none is durable before those that it follows; a round that a crash has shortened goes on from its cursor.
  const writePage = Effect.fn("CollectionWrites.writePage")(function* (owner: RoundOwner, page: CachePage) {
    const { tenant } = owner
    const [written] = yield* sql<PageWritten & { readonly held: boolean }>`
      WITH round AS MATERIALIZED (
        SELECT round AS number, round_kind = 'full' AS whole FROM directory_syncs WHERE ${owned(owner)}
      ), page AS MATERIALIZED (
        SELECT c.*, o.g AS old, s.id IS NOT NULL AS staged, s.removal AS staged_removal, round.number, round.whole,
          s.id IS NULL AND (o.g).seen_round IS DISTINCT FROM round.number AS first
        FROM round, json_to_recordset(${encode(combined(page.changes))}::json)
          AS c(id text, removal text, given text[], ${columns})
        LEFT JOIN LATERAL (
          SELECT id, removal FROM directory_sightings WHERE ${collectionIs(tenant)} AND id = c.id OFFSET 0
        ) s ON true
        LEFT JOIN LATERAL (SELECT g FROM ${table} g WHERE ${tenantIs(tenant)} AND id = c.id OFFSET 0) o ON true
      ), merged AS MATERIALIZED (
        SELECT id, removal, given, old, staged, staged_removal, number, first, ${merged} FROM page
      ), compared AS MATERIALIZED (
        SELECT *, (old).id IS NULL OR (old).removed_at IS NOT NULL AS is_new, given IS NOT NULL AND (
          (old).id IS NULL OR (old).removed_at IS NOT NULL
          OR (${listed((name) => sql`${name}`)}) IS DISTINCT FROM (${listed((name) => sql`(old).${name}`)})) AS differs
        FROM merged
      ), noted AS (
        INSERT INTO directory_sightings (workspace_id, tenant_id, collection, id, removal)
        SELECT ${tenant.workspaceId}, ${tenant.tenantId}, ${collection.name}, id, removal FROM compared
        WHERE CASE WHEN staged THEN staged_removal IS DISTINCT FROM removal
          ELSE removal IS NOT NULL OR first AND NOT differs END
        ON CONFLICT (workspace_id, tenant_id, collection, id) DO UPDATE SET removal = excluded.removal
        RETURNING xmax = 0 AS added
      ), stored AS (
        INSERT INTO ${table} (workspace_id, tenant_id, id, seen_round, ${listed((name) => sql`${name}`)})
        SELECT ${tenant.workspaceId}, ${tenant.tenantId}, id, number, ${listed((name) => sql`${name}`)}
        FROM compared WHERE differs
        ON CONFLICT (workspace_id, tenant_id, id) DO UPDATE SET ${listed((name) => sql`${name} = excluded.${name}`)},
          seen_round = excluded.seen_round, changed_at = now(), removed_at = NULL, removal = NULL
      ), held AS (
        UPDATE directory_syncs SET round_cursor = ${page.cursor}::text,
          round_seen = round_seen + (SELECT count(*) FROM compared WHERE first),
          round_staged = round_staged + (SELECT count(*) FROM noted WHERE added),
          size = size + (SELECT count(*) FROM compared WHERE differs AND is_new)
        WHERE ${owned(owner)} RETURNING true
      )
      SELECT count(*) FILTER (WHERE first)::int AS seen, EXISTS (SELECT FROM held) AS held,
        count(*) FILTER (WHERE differs AND (old).id IS NULL)::int AS created,
        count(*) FILTER (WHERE differs AND (old).id IS NOT NULL)::int AS updated,
        CASE WHEN ${page.cursor !== null} THEN set_config('synchronous_commit', 'off', true) END
      FROM compared`
    return written?.held ? written : yield* lostRound
  }, Effect.orDie)

  // New names wait in a list that every search reads, until somebody sorts them in: here who has just written them, if it
  // may; else it is left to autovacuum.
  const tidy = sql`
    SELECT gin_clean_pending_list(oid) FROM pg_class
    WHERE oid = ${collection.infixIndex}::regclass AND pg_has_role(relowner, 'USAGE')`

  // Rows are updated where they were found: joined by their keys, without statistics, all of the tenant's would be read.
  const complete = Effect.fn("CollectionWrites.complete")(function* (
    owner: RoundOwner,
    proof: RemovalProof,
    next: History | null
  ) {
    const { tenant } = owner
    const [end] = yield* sql<{ incomplete: boolean; existing: number; removals: number; size: number; apply: boolean }>`
      WITH round AS MATERIALIZED (
        SELECT round, round_kind, round_seen, round_staged, size FROM directory_syncs WHERE ${owned(owner)}
      ), staged AS MATERIALIZED (
        SELECT count(*) AS number, count(removal) AS removed FROM directory_sightings WHERE ${collectionIs(tenant)}
      ), gone AS MATERIALIZED (
        SELECT g.ctid AS place, g.removed_at IS NULL AS is_new, s.removal FROM directory_sightings s, LATERAL (
          SELECT g.ctid, removed_at FROM ${table} g
          WHERE ${tenantIs(tenant)} AND g.id = s.id AND g.removal IS DISTINCT FROM s.removal OFFSET 0) g
        WHERE ${collectionIs(tenant)} AND s.removal IS NOT NULL
        UNION ALL
        SELECT g.ctid, true, 'unknown' FROM (SELECT round FROM round WHERE round_kind = 'full' OFFSET 0) AS whole, LATERAL (
          SELECT g.ctid FROM ${table} g
          WHERE ${tenantIs(tenant)} AND g.removed_at IS NULL AND g.seen_round IS DISTINCT FROM whole.round AND NOT EXISTS (
            SELECT FROM directory_sightings s WHERE ${collectionIs(tenant)} AND s.id = g.id OFFSET 0)
          OFFSET 0) g
      ), decided AS MATERIALIZED (
        SELECT round.size, existing, removals, incomplete,
          NOT incomplete AND removals <= greatest(round.size * ${proof.share}::float8, ${proof.confirmed}::int) AS apply
        FROM round, staged, (SELECT count(*) FILTER (WHERE is_new) AS removals FROM gone) AS counted,
          LATERAL (SELECT round.round_seen - staged.removed) AS left_over (existing),
          LATERAL (
            SELECT staged.number <> round.round_staged OR round.round_kind = 'full'
              AND ${proof.expected}::int - existing > floor(${proof.expected}::int * ${tolerance}::float8) IS TRUE
          ) AS judged (incomplete)
      ), removed AS (
        UPDATE ${table} g SET removed_at = coalesce(g.removed_at, now()), changed_at = now(), removal = gone.removal
        FROM gone, decided WHERE decided.apply AND g.ctid = gone.place
      ), forgotten AS (
        DELETE FROM directory_sightings WHERE ${collectionIs(tenant)}
      ), ended AS (
        UPDATE directory_syncs s SET round_run = NULL, round_kind = NULL, round_cursor = NULL, round_seen = NULL,
          round_staged = NULL,
          withheld = CASE WHEN decided.incomplete THEN s.withheld WHEN NOT decided.apply THEN decided.removals END,
          size = CASE WHEN decided.apply THEN s.size - decided.removals ELSE s.size END,
          run_id = CASE WHEN decided.apply THEN s.round_run ELSE s.run_id END,
          completed_at = CASE WHEN decided.apply THEN now() ELSE s.completed_at END,
          delta_cursor = CASE WHEN decided.apply THEN ${next?.cursor ?? null}::text ELSE s.delta_cursor END,
          delta_contract = CASE WHEN decided.apply THEN ${next?.contract ?? null}::text ELSE s.delta_contract END
        FROM decided WHERE ${owned(owner)}
      )
      SELECT incomplete, existing::int, removals::int, size, apply FROM decided`
    if (end === undefined) return yield* lostRound
    yield* tidy
    if (end.incomplete) {
      return { _tag: "Incomplete" as const, existing: end.existing, expected: proof.expected ?? undefined }
    }
    return end.apply
      ? { _tag: "Applied" as const, removed: end.removals }
      : { _tag: "Withheld" as const, removals: end.removals, size: end.size }
  }, Effect.orDie)

  return { history, resume, begin, writePage, complete }
}
