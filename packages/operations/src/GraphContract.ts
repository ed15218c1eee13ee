import type { Schema } from "effect"

/** Which of Graph's two surfaces an endpoint belongs to. */
export type GraphVersion = "v1.0" | "beta"

/** An application permission: the name that people grant, and the id of its app role on Microsoft Graph. */
export interface GraphPermission {
  readonly name: string
  readonly appRoleId: string
}

/** `"/groups/{groupId}"` needs `{ groupId: string }`. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & PathParams<Rest>
  : {}

interface ContractOptions<Path extends string, A> {
  /** Stable and unique, such as `groups.list`: the name in errors, spans and metrics. */
  readonly name: string
  readonly version: GraphVersion
  /** Path below the version, with `{name}` placeholders. */
  readonly path: Path
  /** `$select`: the properties asked for. Left out, the provider's default set. */
  readonly select?: ReadonlyArray<string>
  /** Decodes the body, or each item of a collection. Unknown properties are dropped unless the schema keeps them. */
  readonly schema: Schema.Decoder<A>
  /** The least application permissions that suffice; all are needed. */
  readonly permissions: ReadonlyArray<GraphPermission>
}

const TypeId: unique symbol = Symbol.for("@atlas/operations/GraphContract")

/** A registered way to read one resource. Only `GraphContract.get` makes one. */
export interface GraphGet<Path extends string, A> extends ContractOptions<Path, A> {
  readonly [TypeId]: "get"
}

/** A registered way to list one collection, page by page. Only `GraphContract.list` makes one. */
export interface GraphList<Path extends string, A> extends ContractOptions<Path, A> {
  readonly [TypeId]: "list"
  /** `$top`, where the endpoint takes one. */
  readonly pageSize?: number
  /** Ask for `$count` with the first page. Sends `ConsistencyLevel: eventual` with every page, as Graph demands. */
  readonly count: boolean
}

/** Any contract. The client takes nothing else, so an ad-hoc path does not compile. */
export type GraphContract<A = unknown> = GraphGet<string, A> | GraphList<string, A>

/**
 * Declares how one resource is read.
 *
 * @param options name, version, path template, `$select`, schema of the body and needed permissions
 * @returns the contract to hand to `Graph.get`
 */
export const get = <const Path extends string, A>(options: ContractOptions<Path, A>): GraphGet<Path, A> => ({
  ...options,
  [TypeId]: "get"
})

/**
 * Declares how one collection is listed.
 *
 * @param options as for `get`, with the schema of one item, the page size and whether to ask for the count
 * @returns the contract to hand to `Graph.list`
 */
export const list = <const Path extends string, A>(
  options: ContractOptions<Path, A> & { readonly pageSize?: number; readonly count?: boolean }
): GraphList<Path, A> => ({ ...options, count: options.count ?? false, [TypeId]: "list" })

/**
 * Whether a value was made by this module: what the live client checks before it sends anything.
 *
 * @param value anything
 */
export const isGraphContract = (value: unknown): value is GraphContract =>
  typeof value === "object" && value !== null && TypeId in value
