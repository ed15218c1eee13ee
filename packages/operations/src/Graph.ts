import { Context, type Effect, type Stream } from "effect"
import type { GraphGet, GraphList, PathParams } from "./GraphContract.ts"
import type { GraphError } from "./GraphError.ts"
import type { TenantScope } from "./OperationScope.ts"

/** One page of a listing. */
export interface GraphPage<A> {
  readonly items: ReadonlyArray<A>
  /** The size of the whole collection, as the first page of a counted listing tells it; else `null`. */
  readonly count: number | null
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
     * Lists one collection of a tenant as a stream of pages. The stream ends only when the last page was read: a listing
     * that cannot be completed fails.
     *
     * @param tenant whose directory; its default provider connection is used
     * @param contract from `GraphContract.list`
     * @param params the path's placeholders
     */
    list<Path extends string, A>(
      tenant: TenantScope,
      contract: GraphList<Path, A>,
      params: PathParams<Path>
    ): Stream.Stream<GraphPage<A>, GraphError>
  }
>()("@atlas/operations/Graph") {}
