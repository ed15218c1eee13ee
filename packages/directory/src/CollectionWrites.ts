import type { TenantScope } from "@atlas/operations"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
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

/**
 * The statements that fill one collection.
 *
 * @param sql the database
 * @param collection which one
 */
export const makeCollectionWrites = (
  sql: SqlClient.SqlClient,
  collection: Pick<Collection<never, never>, "name" | "properties" | "table">
): CollectionWrites => {
  const table = sql.literal(collection.table)
  const properties = Object.entries(collection.properties)
  const names = properties.map(([name]) => name)
  const listed = (write: (name: string) => string) => sql.literal(names.map(write).join(", "))
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
      WHERE ${owned(owner)} AND round_seen = (
        SELECT count(*) FROM directory_sightings WHERE ${collectionIs(owner.tenant)})`
    return row ?? null
  }, Effect.orDie)

  const begin = Effect.fn("CollectionWrites.begin")(
    ({ run, tenant }: RoundOwner, kind: RoundKind) => sql`
      WITH forgotten AS (DELETE FROM directory_sightings WHERE ${collectionIs(tenant)})
      INSERT INTO directory_syncs (workspace_id, tenant_id, collection, round_run, round_kind, round_seen)
      VALUES (${tenant.workspaceId}, ${tenant.tenantId}, ${collection.name}, ${run}::uuid, ${kind}, 0)
      ON CONFLICT (workspace_id, tenant_id, collection) DO UPDATE SET round_run = excluded.round_run,
        round_kind = excluded.round_kind, round_cursor = NULL, round_seen = 0`,
    Effect.orDie,
    Effect.asVoid
  )

  // OFFSET 0 keeps each lookup a probe of a primary key. As joins, planned without statistics on tables just filled, they
  // would compare every object with every row. The first that a full round tells of an object is all there is of it; what
  // follows, and all that a round of changes tells, are patches.
  const writePage = Effect.fn("CollectionWrites.writePage")(function* (owner: RoundOwner, page: CachePage) {
    const { tenant } = owner
    const [written] = yield* sql<PageWritten & { readonly held: boolean }>`
      WITH round AS MATERIALIZED (
        SELECT round_kind = 'full' AS whole FROM directory_syncs WHERE ${owned(owner)}
      ), page AS MATERIALIZED (
        SELECT c ->> 'id' AS id, c ->> 'removal' AS removal, c -> 'set' AS given, s.id IS NULL AS first,
          s.removal AS known_removal, o.g AS old, round.whole
        FROM round, jsonb_array_elements(${JSON.stringify(combined(page.changes))}::jsonb) AS c
        LEFT JOIN LATERAL (
          SELECT id, removal FROM directory_sightings WHERE ${collectionIs(tenant)} AND id = c ->> 'id' OFFSET 0
        ) s ON true
        LEFT JOIN LATERAL (SELECT g FROM ${table} g WHERE ${tenantIs(tenant)} AND id = c ->> 'id' OFFSET 0) o ON true
      ), seen AS (
        INSERT INTO directory_sightings (workspace_id, tenant_id, collection, id, removal)
        SELECT ${tenant.workspaceId}, ${tenant.tenantId}, ${collection.name}, id, removal FROM page
        WHERE first OR known_removal IS DISTINCT FROM removal
        ON CONFLICT (workspace_id, tenant_id, collection, id) DO UPDATE SET removal = excluded.removal
      ), merged AS MATERIALIZED (
        SELECT p.id, p.old, ${sql.literal(properties.map(([name, unset]) => `coalesce(n.${name}, ${unset}) AS ${name}`).join(", "))}
        FROM page p, jsonb_populate_record(CASE WHEN p.whole AND p.first THEN NULL::${table} ELSE p.old END, p.given) n
        WHERE p.given IS NOT NULL
      ), changed AS MATERIALIZED (
        SELECT *, (old).id IS NULL OR (old).removed_at IS NOT NULL AS is_new FROM merged
        WHERE (old).id IS NULL OR (old).removed_at IS NOT NULL
          OR (${listed((name) => name)}) IS DISTINCT FROM (${listed((name) => `(old).${name}`)})
      ), stored AS (
        INSERT INTO ${table} (workspace_id, tenant_id, id, ${listed((name) => name)})
        SELECT ${tenant.workspaceId}, ${tenant.tenantId}, id, ${listed((name) => name)} FROM changed
        ON CONFLICT (workspace_id, tenant_id, id) DO UPDATE SET ${listed((name) => `${name} = excluded.${name}`)},
          changed_at = now(), removed_at = NULL, removal = NULL
      ), held AS (
        UPDATE directory_syncs SET round_cursor = ${page.cursor}::text,
          round_seen = round_seen + (SELECT count(*) FROM page WHERE first),
          size = size + (SELECT count(*) FROM changed WHERE is_new)
        WHERE ${owned(owner)} RETURNING true
      )
      SELECT (SELECT count(*) FROM page WHERE first)::int AS seen, EXISTS (SELECT FROM held) AS held,
        count(*) FILTER (WHERE (old).id IS NULL)::int AS created,
        count(*) FILTER (WHERE (old).id IS NOT NULL)::int AS updated
      FROM changed`
    return written?.held ? written : yield* lostRound
  }, Effect.orDie)

  const complete = Effect.fn("CollectionWrites.complete")(function* (
    owner: RoundOwner,
    proof: RemovalProof,
    next: History | null
  ) {
    const { tenant } = owner
    const [end] = yield* sql<{ incomplete: boolean; existing: number; removals: number; size: number; apply: boolean }>`
      WITH round AS MATERIALIZED (
        SELECT round_kind, round_seen, size FROM directory_syncs WHERE ${owned(owner)}
      ), staged AS MATERIALIZED (
        SELECT count(*) AS seen, count(*) FILTER (WHERE removal IS NULL) AS existing
        FROM directory_sightings WHERE ${collectionIs(tenant)}
      ), gone AS MATERIALIZED (
        SELECT s.id, s.removal FROM directory_sightings s, LATERAL (
          SELECT FROM ${table} g WHERE ${tenantIs(tenant)} AND g.id = s.id AND g.removed_at IS NULL OFFSET 0) g
        WHERE ${collectionIs(tenant)} AND s.removal IS NOT NULL
        UNION ALL
        SELECT g.id, 'unknown' FROM round, ${table} g
        WHERE round.round_kind = 'full' AND ${tenantIs(tenant)} AND g.removed_at IS NULL AND NOT EXISTS (
          SELECT FROM directory_sightings s WHERE ${collectionIs(tenant)} AND s.id = g.id OFFSET 0)
      ), decided AS MATERIALIZED (
        SELECT round.size, existing, removals, incomplete,
          NOT incomplete AND removals <= greatest(round.size * ${proof.share}::float8, ${proof.confirmed}::int) AS apply
        FROM round, staged, (SELECT count(*) AS removals FROM gone) AS counted, LATERAL (
          SELECT staged.seen <> round.round_seen OR round.round_kind = 'full'
            AND ${proof.expected}::int - staged.existing > floor(${proof.expected}::int * ${tolerance}::float8) IS TRUE
        ) AS judged (incomplete)
      ), removed AS (
        UPDATE ${table} g SET removed_at = now(), changed_at = now(), removal = gone.removal FROM gone, decided
        WHERE decided.apply AND ${tenantIs(tenant)} AND g.id = gone.id
      ), buried AS (
        UPDATE ${table} g SET removal = s.removal FROM directory_sightings s, decided
        WHERE decided.apply AND g.workspace_id = s.workspace_id AND g.tenant_id = s.tenant_id AND g.id = s.id
          AND s.workspace_id = ${tenant.workspaceId} AND s.tenant_id = ${tenant.tenantId}
          AND s.collection = ${collection.name} AND s.removal IS NOT NULL
          AND g.removed_at IS NOT NULL AND g.removal <> s.removal
      ), forgotten AS (
        DELETE FROM directory_sightings WHERE ${collectionIs(tenant)}
      ), ended AS (
        UPDATE directory_syncs s SET round_run = NULL, round_kind = NULL, round_cursor = NULL, round_seen = NULL,
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
    if (end.incomplete) {
      return { _tag: "Incomplete" as const, existing: end.existing, expected: proof.expected ?? undefined }
    }
    return end.apply
      ? { _tag: "Applied" as const, removed: end.removals }
      : { _tag: "Withheld" as const, removals: end.removals, size: end.size }
  }, Effect.orDie)

  return { history, resume, begin, writePage, complete }
}
