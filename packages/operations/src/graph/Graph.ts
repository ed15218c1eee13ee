import { Context, type Effect, type Result, Schema, type Stream } from "effect"
import type { GraphDelta, GraphGet, GraphList, GraphRequest, GraphWrite, PathParams } from "./GraphContract.ts"
import type { GraphError } from "./GraphError.ts"
import type { TenantScope } from "../run/OperationScope.ts"

/**
 * A place in a listing or in a collection's history, to go on from later: opaque text, to be stored with what was read up
 * to it. It holds a provider's token, so it belongs neither into logs nor into answers.
 */
export const GraphCursor = Schema.String.pipe(Schema.brand("GraphCursor"))
export type GraphCursor = typeof GraphCursor.Type

/** One page of a listing. */
export interface GraphPage<A> {
  readonly items: ReadonlyArray<A>
  /** The size of the whole collection, as the first page of a counted listing tells it; else `null`. */
  readonly count: number | null
  /** Where the next page begins; null on the last. */
  readonly next: GraphCursor | null
}

/** What happened to one object of a collection. Repetitions and any order are legal: the last one wins. */
export type GraphChange<A> =
  | { readonly _tag: "Upserted"; readonly id: string; readonly item: A }
  /** `changed`: soft-deleted, so it may come back. `deleted`: for good. */
  | { readonly _tag: "Removed"; readonly id: string; readonly reason: "changed" | "deleted" }

/** One page of a collection's changes. */
export interface GraphDeltaPage<A> {
  readonly changes: ReadonlyArray<GraphChange<A>>
  /** Where to go on: the next page or, after the last one, the changes from then on. */
  readonly cursor: GraphCursor
  /** Whether this is the round's last page. */
  readonly isLast: boolean
}

/** What a batch answers: for each request, in the same order, its answer or its own failure. */
export type GraphBatchResults<Requests extends ReadonlyArray<GraphRequest<unknown>>> = {
  readonly [K in keyof Requests]: Requests[K] extends GraphRequest<infer A> ? Result.Result<A, GraphError> : never
}

/**
 * Microsoft Graph as flows see it: contracts instead of paths, tenants instead of tokens. Adapters live in
 * `@atlas/graph`; only hosts and tests choose one.
 */
export class Graph extends Context.Service<
  Graph,
  {
    /**
     * Reads one resource of a tenant.
     *
     * @param tenant whose directory; its default provider connection is used
     * @param contract from `GraphContract.get`
     * @param params the path's placeholders
     */
    get<Path extends string, A>(
      tenant: TenantScope,
      contract: GraphGet<Path, A>,
      params: PathParams<Path>
    ): Effect.Effect<A, GraphError>

    /**
     * Lists one collection of a tenant as a stream of pages, of which at most two are in memory. The stream ends only when
     * the last page was read: a listing that cannot be completed fails.
     *
     * @param tenant whose directory; its default provider connection is used
     * @param contract from `GraphContract.list`
     * @param params the path's placeholders
     * @param from the `next` of an earlier page of the same listing, to go on after it; fails with
     * `provider_untrusted_link` where it does not belong to it, and with `provider_resync_required` where it is another cloud's
     */
    list<Path extends string, A>(
      tenant: TenantScope,
      contract: GraphList<Path, A>,
      params: PathParams<Path>,
      from?: GraphCursor
    ): Stream.Stream<GraphPage<A>, GraphError>

    /**
     * Reads one round of a collection's changes as a stream of pages. Without `from`, everything that exists now, as the
     * start of its history. The stream ends only with the round's last page, whose cursor begins the next round.
     *
     * @param tenant whose directory; its default provider connection is used
     * @param contract from `GraphContract.delta`
     * @param params the path's placeholders
     * @param from the `cursor` of an earlier page; fails with `provider_resync_required` where the provider has forgotten
     * it, or it is another cloud's: then a round without `from` follows
     */
    delta<Path extends string, A>(
      tenant: TenantScope,
      contract: GraphDelta<Path, A>,
      params: PathParams<Path>,
      from?: GraphCursor
    ): Stream.Stream<GraphDeltaPage<A>, GraphError>

    /**
     * Changes something in a tenant. A write whose answer was lost is repeated only where its contract says so; otherwise
     * it fails with `provider_outcome_unknown`.
     *
     * @param tenant whose directory; its default provider connection is used
     * @param contract from `GraphContract.write`
     * @param params the path's placeholders
     * @param body what to send
     * @returns the decoded answer
     */
    write<Path extends string, Body, A>(
      tenant: TenantScope,
      contract: GraphWrite<Path, Body, A>,
      params: PathParams<Path>,
      body: Body
    ): Effect.Effect<A, GraphError>

    /**
     * Sends many requests in few: each is answered or fails for itself, and is repeated for itself.
     *
     * @param tenant whose directory; its default provider connection is used
     * @param requests from `GraphContract.reading` and `GraphContract.writing`, in any number; they are independent of
     * each other, and may be executed in any order
     * @returns for each request, in order, its answer or failure; fails as a whole where the tenant cannot be asked at all
     */
    batch<const Requests extends ReadonlyArray<GraphRequest<unknown>>>(
      tenant: TenantScope,
      requests: Requests
    ): Effect.Effect<GraphBatchResults<Requests>, GraphError>
  }
>()("@atlas/operations/Graph") {}
