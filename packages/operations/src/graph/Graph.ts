/**
 * Microsoft Graph as handlers see it: contracts instead of paths, tenants instead of tokens. Handlers require the port `Graph`
 * and know no adapter. Adapters live in `@atlas/graph` and `@atlas/fake-graph`; only hosts and tests choose one.
 *
 * @module
 */
import { Context, type Effect, type Result, Schema, type Stream } from "effect"
import type { GraphDelta, GraphGet, GraphList, GraphRequest, GraphWrite, PathParams } from "./GraphContract.ts"
import type { GraphError } from "./GraphError.ts"
import type { TenantScope } from "../run/OperationScope.ts"

/**
 * A place in a listing or in a collection's history from which to continue later. It is opaque text: store it together with
 * what was read up to it. It holds a provider's token, so neither log it nor send it to callers.
 */
export const GraphCursor = Schema.String.pipe(Schema.brand("GraphCursor"))
export type GraphCursor = typeof GraphCursor.Type

/** One page of a listing. */
export interface GraphPage<A> {
  readonly items: ReadonlyArray<A>
  /** The size of the whole collection, on the first page of a counted listing; otherwise `null`. */
  readonly count: number | null
  /** Where the next page begins; null on the last page. */
  readonly next: GraphCursor | null
}

/** What happened to one object of a collection. Changes may repeat and come in any order: the last one wins. */
export type GraphChange<A> =
  | { readonly _tag: "Upserted"; readonly id: string; readonly item: A }
  /** `changed`: soft-deleted, and may come back. `deleted`: gone for good. */
  | { readonly _tag: "Removed"; readonly id: string; readonly reason: "changed" | "deleted" }

/** One page of a collection's changes. */
export interface GraphDeltaPage<A> {
  readonly changes: ReadonlyArray<GraphChange<A>>
  /** Where to continue: at the next page or, after the last one, with later changes. */
  readonly cursor: GraphCursor
  /** Whether this is the round's last page. */
  readonly isLast: boolean
}

/** The results of a batch: for each request, in the same order, its answer or its own failure. */
export type GraphBatchResults<Requests extends ReadonlyArray<GraphRequest<unknown>>> = {
  readonly [K in keyof Requests]: Requests[K] extends GraphRequest<infer A> ? Result.Result<A, GraphError> : never
}

/**
 * The port to Microsoft Graph. Each call uses the tenant's default provider connection.
 *
 * @example
 * ```ts
 * const graph = yield* Graph
 * const pages = yield* Stream.runCollect(graph.list(tenant, listGroups, {}))
 * return pages.flatMap(({ items }) => items).flatMap(({ mail }) => mail ?? [])
 * ```
 */
export class Graph extends Context.Service<
  Graph,
  {
    /** Reads one resource of a tenant. */
    get<Path extends string, A>(
      tenant: TenantScope,
      contract: GraphGet<Path, A>,
      params: PathParams<Path>
    ): Effect.Effect<A, GraphError>

    /**
     * Lists one collection of a tenant as a stream of pages, of which at most two are in memory. The stream ends only after the
     * last page: a listing that cannot be completed fails.
     *
     * @param from the `next` of an earlier page of the same listing, to continue after it; fails with `provider_untrusted_link`
     * if it belongs to another listing, and with `provider_resync_required` if it belongs to another cloud
     */
    list<Path extends string, A>(
      tenant: TenantScope,
      contract: GraphList<Path, A>,
      params: PathParams<Path>,
      from?: GraphCursor
    ): Stream.Stream<GraphPage<A>, GraphError>

    /**
     * Reads one round of a collection's changes as a stream of pages. Without `from`, a round reads everything that exists now,
     * as the start of the history. The stream ends only with the round's last page, whose cursor begins the next round.
     *
     * @param from the `cursor` of an earlier page; fails with `provider_resync_required` if the provider has forgotten it or it
     * belongs to another cloud: then read a round without `from`
     */
    delta<Path extends string, A>(
      tenant: TenantScope,
      contract: GraphDelta<Path, A>,
      params: PathParams<Path>,
      from?: GraphCursor
    ): Stream.Stream<GraphDeltaPage<A>, GraphError>

    /**
     * Changes something in a tenant. A write whose answer was lost is sent again only if its contract allows it. Otherwise it
     * fails with `provider_outcome_unknown`.
     */
    write<Path extends string, Body, A>(
      tenant: TenantScope,
      contract: GraphWrite<Path, Body, A>,
      params: PathParams<Path>,
      body: Body
    ): Effect.Effect<A, GraphError>

    /**
     * Sends many reads and writes in few requests. Each is answered, retried or fails on its own. The batch fails as a whole
     * only if the tenant cannot be asked at all.
     *
     * @param requests any number from `GraphContract.reading` and `GraphContract.writing`; they must not depend on each other,
     * because they may be executed in any order
     */
    batch<const Requests extends ReadonlyArray<GraphRequest<unknown>>>(
      tenant: TenantScope,
      requests: Requests
    ): Effect.Effect<GraphBatchResults<Requests>, GraphError>
  }
>()("@atlas/operations/Graph") {}
