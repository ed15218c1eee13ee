/**
 * The inventory: what is configured in a tenant's Intune, as the last sync saw it. The service reads the database only, never
 * Graph, and authorises every call. Pages and the HTTP API call it.
 *
 * @module
 */

import {
  type Actor,
  Authorization,
  type Capability,
  Decoding,
  Problems,
  RunId,
  Runs,
  type TenantScope,
  Folding,
  Storable
} from "@atlas/operations"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import * as InventorySync from "./InventorySync.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"

/** The capability to read the inventory. Give it to every role. */
export const viewInventory: Capability = "tenant.inventory.view"

/** The largest page of a search. */
export const maxInventoryPage = 100

const Hash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
const Instant = Schema.DateTimeUtcFromDate

/** A policy of the inventory. */
export class InventoryItem extends Schema.Class<InventoryItem>("@atlas/intune/InventoryItem")({
  /** The collection that it is in. With the id, it identifies the policy in a tenant. */
  source: Schema.String,
  id: Schema.String,
  /** The kind of policy; null if there is a finding. */
  type: Schema.NullOr(Schema.String),
  /** No kind claims its `@odata.type`, or more than one does. */
  finding: Schema.NullOr(Schema.Literals(["unclaimed", "ambiguous"])),
  odataType: Schema.NullOr(Schema.String),
  title: Schema.String,
  platform: Schema.NullOr(Schema.String),
  scopeTags: Schema.Array(Schema.String),
  lastModified: Schema.NullOr(Instant),
  /** Null if Graph does not say. */
  assignmentCount: Schema.NullOr(Schema.Int),
  /** SHA-256 of what it says: equal hashes, equal settings. */
  contentHash: Hash,
  assignmentsHash: Schema.NullOr(Hash),
  /** The run that saw it last. */
  seenBy: RunId,
  seenAt: Instant,
  firstSeenAt: Instant,
  changedAt: Instant,
  /** Null while it exists. */
  removedAt: Schema.NullOr(Instant)
}) {}

/** What to search for. Without anything, the whole inventory. */
export const InventorySearch = Schema.Struct({
  /** Part of a title; accents and case do not matter. */
  query: Schema.optionalKey(Schema.String),
  /** Names of kinds of policies; any of them matches. */
  types: Schema.optionalKey(Schema.Array(Schema.String)),
  platform: Schema.optionalKey(Schema.String),
  /** Only policies with a finding. */
  findings: Schema.optionalKey(Schema.Boolean),
  /** `nextCursor` of the page before. */
  cursor: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** Default 50, at most 100. */
  limit: Schema.optionalKey(Decoding.pageLimit(maxInventoryPage))
})
export type InventorySearch = typeof InventorySearch.Type

const decodeSearch = Decoding.argumentsOf(Schema.Struct({ search: InventorySearch }))
const isText = Schema.is(Storable.Text)

/** A page of the inventory, by title. */
export interface PolicySearchResult {
  readonly items: ReadonlyArray<InventoryItem>
  /** Opaque; continues this search. Null on the last page. */
  readonly nextCursor: string | null
}

/** What a policy says: canonical JSON with references in place of secrets. */
export interface InventoryContent {
  readonly content: string
  /** Null if Graph does not say. */
  readonly assignments: string | null
}

/** The state of one collection of a tenant. */
export class InventorySourceState extends Schema.Class<InventorySourceState>("@atlas/intune/InventorySourceState")({
  source: Schema.String,
  completedAt: Schema.NullOr(Instant),
  /** Removals that wait for a person's confirmation. */
  withheld: Schema.NullOr(Schema.Int)
}) {}

const Counted = Schema.Struct({ type: Schema.NullOr(Schema.String), count: Schema.Int })

/** The inventory at a glance. */
export interface InventorySummary {
  readonly count: number
  /** By kind, null for findings; kinds without a policy are left out. */
  readonly types: ReadonlyArray<typeof Counted.Type>
  readonly platforms: ReadonlyArray<string>
  readonly sources: ReadonlyArray<InventorySourceState>
  /** When the collection that was read longest ago was read to its end; null if one never was. */
  readonly completedAt: DateTime.Utc | null
  readonly withheldRemovals: number
  /** The newest sync that is not completed. */
  readonly activeRunId: RunId | null
  readonly lastRunId: RunId | null
}

type Refused = Problems.Refusal

const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&")

/** Reads the inventory. Outsiders get `NotFound`; members without `tenant.inventory.view` get `Forbidden`. */
export class Inventory extends Context.Service<
  Inventory,
  {
    /** The policies that exist, by title. */
    search(
      actor: Actor,
      tenantId: string,
      search?: InventorySearch
    ): Effect.Effect<PolicySearchResult, Refused | Problems.InvalidCursor>
    /** One policy, even if it was removed. */
    get(actor: Actor, tenantId: string, source: string, id: string): Effect.Effect<InventoryItem, Refused>
    /** What a policy said when it was last seen. */
    content(actor: Actor, tenantId: string, source: string, id: string): Effect.Effect<InventoryContent, Refused>
    summary(actor: Actor, tenantId: string): Effect.Effect<InventorySummary, Refused>
  }
>()("@atlas/intune/Inventory") {
  static readonly layer: Layer.Layer<Inventory, never, Authorization | PolicyStore | Runs | SqlClient.SqlClient> =
    Layer.effect(
      Inventory,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const door = yield* Authorization
        const store = yield* PolicyStore
        const runs = yield* Runs

        const tenantIs = ({ workspaceId, tenantId }: TenantScope) =>
          sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
        const columns = sql.literal(`source, id, type, finding, odata_type AS "odataType", title, platform,
          scope_tags AS "scopeTags", last_modified AS "lastModified", assignment_count AS "assignmentCount",
          encode(content_hash, 'hex') AS "contentHash", encode(assignments_hash, 'hex') AS "assignmentsHash",
          seen_run::text AS "seenBy", seen_at AS "seenAt", first_seen_at AS "firstSeenAt", changed_at AS "changedAt",
          removed_at AS "removedAt"`)
        const decode = Schema.decodeUnknownEffect(Schema.Array(InventoryItem))

        const search = Effect.fn("Inventory.search")(function* (
          actor: Actor,
          tenantId: string,
          given: InventorySearch = {}
        ) {
          const { search: options } = yield* decodeSearch({ search: given })
          const tenant = yield* door.tenant(actor, tenantId, viewInventory, "policy")
          const { cursor = null, findings = false, platform, query = "", types = [] } = options
          const question = JSON.stringify([query, [...types].sort(), platform ?? null, findings])
          const after = cursor === null ? null : yield* readCursor(cursor, question)
          if (![query, platform ?? "", ...types].every(Storable.is)) return { items: [], nextCursor: null }
          const limit = options.limit ?? 50
          const folded = Folding.foldName(query)
          const conditions = [
            tenantIs(tenant),
            sql`removed_at IS NULL`,
            ...(folded === "" ? [] : [sql`folded_title LIKE ${`%${escapeLike(folded)}%`}`]),
            ...(types.length === 0 ? [] : [sql.in("type", types)]),
            ...(platform === undefined ? [] : [sql`platform = ${platform}`]),
            ...(findings ? [sql`type IS NULL`] : []),
            ...(after === null
              ? []
              : [sql`(folded_title, source, id) > (${after.title} COLLATE "C", ${after.source}, ${after.id})`])
          ]
          const rows = yield* sql<{ foldedTitle: string }>`
            SELECT ${columns}, folded_title AS "foldedTitle" FROM policies WHERE ${sql.and(conditions)}
            ORDER BY folded_title, source, id LIMIT ${limit + 1}`.pipe(Effect.orDie)
          const items = yield* Effect.orDie(decode(rows.slice(0, limit)))
          const last = items.at(-1)
          const title = rows[limit - 1]?.foldedTitle
          const more = rows.length > limit && last !== undefined && title !== undefined
          return {
            items,
            nextCursor: more ? writeCursor({ title, source: last.source, id: last.id }, question) : null
          }
        })

        const find = Effect.fnUntraced(function* (tenant: TenantScope, source: string, id: string) {
          const rows = [source, id].every(isText)
            ? yield* sql`SELECT ${columns} FROM policies WHERE ${tenantIs(tenant)} AND source = ${source} AND id = ${id}`.pipe(
                Effect.orDie
              )
            : []
          const [item] = yield* Effect.orDie(decode(rows))
          return item ?? (yield* new Problems.NotFound({}))
        })

        const get = Effect.fn("Inventory.get")(function* (actor: Actor, tenantId: string, source: string, id: string) {
          return yield* find(yield* door.tenant(actor, tenantId, viewInventory, "policy"), source, id)
        })

        const content = Effect.fn("Inventory.content")(function* (
          actor: Actor,
          tenantId: string,
          source: string,
          id: string
        ) {
          const tenant = yield* door.tenant(actor, tenantId, viewInventory, "policy")
          const { assignmentsHash, contentHash } = yield* find(tenant, source, id)
          const texts = yield* store.texts(tenant, [
            contentHash,
            ...(assignmentsHash === null ? [] : [assignmentsHash])
          ])
          return {
            content: texts.get(contentHash) ?? "",
            assignments: assignmentsHash === null ? null : (texts.get(assignmentsHash) ?? "")
          }
        })

        const counts = SqlSchema.findAll({
          Request: Schema.Any,
          Result: Schema.Struct({ ...Counted.fields, platform: Schema.NullOr(Schema.String) }),
          execute: (tenant: TenantScope) => sql`
            SELECT type, platform, count(*)::int AS count FROM policies WHERE ${tenantIs(tenant)} AND removed_at IS NULL
            GROUP BY type, platform ORDER BY type`
        })
        const states = SqlSchema.findAll({
          Request: Schema.Any,
          Result: InventorySourceState,
          execute: (tenant: TenantScope) => sql`
            SELECT collection AS source, completed_at AS "completedAt", withheld FROM inventory_sources
            WHERE ${tenantIs(tenant)} AND (completed_at IS NOT NULL OR withheld IS NOT NULL) ORDER BY collection`
        })

        const summary = Effect.fn("Inventory.summary")(function* (actor: Actor, tenantId: string) {
          const tenant = yield* door.tenant(actor, tenantId, viewInventory, "policy")
          const [counted, sources, latest] = yield* Effect.all([
            Effect.orDie(counts(tenant)),
            Effect.orDie(states(tenant)),
            runs.latest(actor, tenantId, [InventorySync.operation.name])
          ])
          const byType = Map.groupBy(counted, (row) => row.type)
          const totals = [...byType].map(([type, rows]) => ({
            type,
            count: rows.reduce((sum, { count }) => sum + count, 0)
          }))
          const completions = sources.map(({ completedAt }) => completedAt)
          const known = completions.filter((at) => at !== null)
          return {
            count: totals.reduce((sum, { count }) => sum + count, 0),
            types: totals,
            platforms: [...new Set(counted.flatMap(({ platform }) => platform ?? []))].sort(),
            sources,
            completedAt: known.length === 0 || known.length < completions.length ? null : known.reduce(DateTime.min),
            withheldRemovals: sources.reduce((sum, { withheld }) => sum + (withheld ?? 0), 0),
            activeRunId: latest.find(({ status }) => status !== "completed")?.id ?? null,
            lastRunId: latest.find(({ status }) => status === "completed")?.id ?? null
          }
        })

        return Inventory.of({ search, get, content, summary })
      })
    )
}

// A cursor carries its question, so that it cannot continue another search.
const Cursor = Schema.StringFromBase64Url.pipe(
  Schema.decodeTo(Schema.fromJsonString(Schema.Tuple([Storable.Text, Storable.Text, Storable.Text, Schema.String])))
)
interface Position {
  readonly title: string
  readonly source: string
  readonly id: string
}
const writeCursor = ({ id, source, title }: Position, question: string) =>
  Schema.encodeSync(Cursor)([title, source, id, question])
const readCursor = Effect.fnUntraced(function* (cursor: string, question: string) {
  const [title, source, id, of] = yield* Schema.decodeUnknownEffect(Cursor)(cursor).pipe(
    Effect.mapError(() => new Problems.InvalidCursor({}))
  )
  if (of !== question) return yield* new Problems.InvalidCursor({})
  return { title, source, id }
})
