import {
  Access,
  type Actor,
  type Capability,
  Problems,
  requireCapability,
  RunQueries,
  type TenantScope,
  isStorable
} from "@atlas/operations"
import { Context, DateTime, Duration, Effect, Layer, Option, Schema } from "effect"
import type { DirectoryGroup } from "./DirectoryGroup.ts"
import { Freshness } from "./Freshness.ts"
import { GroupCache, type GroupPosition } from "./GroupCache.ts"
import * as GroupsSync from "./GroupsSync.ts"

/** A page of groups, and how old the cache is that it comes from. */
export interface GroupPage {
  readonly groups: ReadonlyArray<DirectoryGroup>
  /** Opaque; continues this search. Null on the last page. */
  readonly nextCursor: string | null
  readonly freshness: Freshness
}

/** The right to read cached groups; every role should have it. */
export const viewDirectory: Capability = "tenant.directory.view"

/** How old a complete listing may be before the cache is called stale. Hosts override it. */
export const StaleAfter = Context.Reference<Duration.Duration>("@atlas/directory/StaleAfter", {
  defaultValue: () => Duration.hours(24)
})

/** The largest page of a search. */
export const maxGroupPage = 100

/**
 * Groups for selectors: from the cache only, never from Graph, with the age of what is shown. Outsiders get `NotFound`,
 * members without `tenant.directory.view` get `Forbidden`.
 */
export class DirectoryGroups extends Context.Service<
  DirectoryGroups,
  {
    /**
     * Existing groups whose name begins with the query, then those that contain it; accents and case do not matter. An
     * empty query lists all.
     */
    search(
      actor: Actor,
      tenantId: string,
      query: string,
      page: { readonly cursor: string | null; readonly limit: number }
    ): Effect.Effect<GroupPage, Problems.NotFound | Problems.Forbidden | Problems.InvalidCursor>
    /** Groups by id, removed ones included; ids that were never cached are absent. At most 200 ids are looked up. */
    byIds(
      actor: Actor,
      tenantId: string,
      ids: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyArray<DirectoryGroup>, Problems.NotFound | Problems.Forbidden>
  }
>()("@atlas/directory/DirectoryGroups") {
  static readonly layer: Layer.Layer<DirectoryGroups, never, Access | GroupCache | RunQueries> = Layer.effect(
    DirectoryGroups,
    Effect.gen(function* () {
      const access = yield* Access
      const cache = yield* GroupCache
      const runs = yield* RunQueries
      const staleAfter = yield* StaleAfter

      const authorize = Effect.fnUntraced(function* (actor: Actor, tenantId: string) {
        const found = isStorable(tenantId) ? yield* access.tenant(actor, tenantId) : Option.none()
        const grant = Option.getOrUndefined(found)
        if (!grant) return yield* new Problems.NotFound({})
        yield* requireCapability(grant, viewDirectory)
        return grant.scope
      })

      const freshness = Effect.fnUntraced(function* (tenant: TenantScope) {
        const [state, latest, now] = yield* Effect.all([
          cache.state(tenant),
          runs.latest(tenant, [GroupsSync.type.name]),
          DateTime.now
        ])
        const last = latest.find(({ status }) => status === "completed")
        const completedAt = state.completedAt === null ? null : DateTime.fromDateUnsafe(state.completedAt)
        return new Freshness({
          completedAt,
          count: state.size,
          activeRunId: latest.find(({ status }) => status !== "completed")?.id ?? null,
          lastRunId: last?.id ?? null,
          lastOutcome: last?.outcome ?? null,
          lastReasonCode: last?.reasonCode ?? null,
          stale: completedAt === null || DateTime.isLessThan(DateTime.addDuration(completedAt, staleAfter), now)
        })
      })

      const search = Effect.fn("DirectoryGroups.search")(function* (
        actor: Actor,
        tenantId: string,
        query: string,
        page: { readonly cursor: string | null; readonly limit: number }
      ) {
        const tenant = yield* authorize(actor, tenantId)
        const after = page.cursor === null ? null : yield* readCursor(page.cursor, query)
        const limit = Math.min(Math.max(page.limit, 1), maxGroupPage)
        const found = yield* cache.search(tenant, query, { after, limit: limit + 1 })
        const groups = found.slice(0, limit)
        const last = groups.at(-1)
        return {
          groups,
          nextCursor: found.length > limit && last ? writeCursor(last, query) : null,
          freshness: yield* freshness(tenant)
        }
      })

      const byIds = Effect.fn("DirectoryGroups.byIds")(function* (
        actor: Actor,
        tenantId: string,
        ids: ReadonlyArray<string>
      ) {
        const tenant = yield* authorize(actor, tenantId)
        return ids.length === 0 ? [] : yield* cache.byIds(tenant, ids.filter(isStorable).slice(0, 200))
      })

      return DirectoryGroups.of({ search, byIds })
    })
  )
}

const Storable = Schema.String.check(Schema.makeFilter(isStorable))

// A cursor carries its query, so that it cannot continue another search.
const Cursor = Schema.StringFromBase64Url.pipe(
  Schema.decodeTo(Schema.fromJsonString(Schema.Tuple([Schema.Literals([0, 1]), Storable, Storable, Schema.String])))
)
const writeCursor = ({ tier, foldedName, id }: GroupPosition, query: string) =>
  Schema.encodeSync(Cursor)([tier, foldedName, id, query])
const readCursor = Effect.fnUntraced(function* (cursor: string, query: string) {
  const [tier, foldedName, id, of] = yield* Schema.decodeUnknownEffect(Cursor)(cursor).pipe(
    Effect.mapError(() => new Problems.InvalidCursor({}))
  )
  if (of !== query) return yield* new Problems.InvalidCursor({})
  return { tier, foldedName, id }
})
