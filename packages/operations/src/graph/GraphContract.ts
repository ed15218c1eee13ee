/**
 * Contracts: requests to Microsoft Graph as values. A contract declares method, path template, fields, schema and permissions
 * once, next to the operation that uses it. The client takes nothing else, so an ad-hoc path does not compile, and the
 * permissions that an operation needs follow from its `contracts`.
 *
 * @module
 */
import { Schema, SchemaGetter } from "effect"

/** Which of Graph's two versions an endpoint belongs to. */
export type GraphVersion = "v1.0" | "beta"

/** An application permission: its name, which people grant, and the id of its app role on Microsoft Graph. */
export interface GraphPermission {
  readonly name: string
  readonly appRoleId: string
}

/** `"/groups/{groupId}"` needs `{ groupId: string }`. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & PathParams<Rest>
  : {}

interface ContractOptions<Path extends string, A> {
  /** Stable and unique, such as `groups.list`. Errors, spans and metrics show it. */
  readonly name: string
  readonly version: GraphVersion
  /** The path below the version, with `{name}` placeholders. */
  readonly path: Path
  /** Decodes the answer's body, or each item of a collection. It drops unknown properties unless it is `raw`. */
  readonly schema: Schema.Decoder<A>
  /** The least application permissions that suffice. All of them are needed. */
  readonly permissions: ReadonlyArray<GraphPermission>
  /** What one request costs in Graph's resource units; 1 by default. https://learn.microsoft.com/graph/throttling-limits */
  readonly cost?: number
}

interface ReadOptions<Path extends string, A> extends ContractOptions<Path, A> {
  /** `$select`: the only properties that are asked for. If absent, the provider decides. */
  readonly select?: ReadonlyArray<string>
  /** `$expand`: the relations to include. */
  readonly expand?: ReadonlyArray<string>
  /** Sends `ConsistencyLevel: eventual`, which Graph demands of counts and some filters. */
  readonly eventual?: boolean
}

const TypeId: unique symbol = Symbol.for("@atlas/operations/GraphContract")

/** A contract to read one resource. Only `GraphContract.get` makes one. */
export interface GraphGet<Path extends string, A> extends ReadOptions<Path, A> {
  readonly [TypeId]: "get"
}

/** A contract to list one collection, page by page. Only `GraphContract.list` makes one. */
export interface GraphList<Path extends string, A> extends ReadOptions<Path, A> {
  readonly [TypeId]: "list"
  /** `$top`, if the endpoint takes one. */
  readonly pageSize?: number
  /** Whether to ask for `$count` with the first page. Sends `ConsistencyLevel: eventual` with every page, as Graph demands. */
  readonly count: boolean
}

/** A contract to follow a collection's changes. Only `GraphContract.delta` makes one. */
export interface GraphDelta<Path extends string, A> extends Omit<ReadOptions<Path, A>, "expand"> {
  readonly [TypeId]: "delta"
  /** Whether to ask for changed properties only, to be merged as a patch (`Prefer: return=minimal`). */
  readonly minimal: boolean
}

/** The HTTP methods that change something. */
export type GraphWriteMethod = "POST" | "PATCH" | "PUT" | "DELETE"

/**
 * What to do when the answer to a write was lost. `idempotent`: send it again, because doing it twice is doing it once.
 * `never`: fail with `provider_outcome_unknown`, so that a person or a flow reconciles by reading.
 */
export type GraphReplay = "idempotent" | "never"

/** A contract to change something. Only `GraphContract.write` makes one. */
export interface GraphWrite<Path extends string, Body, A> extends ContractOptions<Path, A> {
  readonly [TypeId]: "write"
  readonly method: GraphWriteMethod
  /** Encodes the request's body; `Schema.Undefined` for none. */
  readonly body: Schema.Codec<Body, unknown>
  readonly replay: GraphReplay
}

/** Any contract. */
export type GraphContract =
  | GraphGet<string, unknown>
  | GraphList<string, unknown>
  | GraphDelta<string, unknown>
  | GraphWrite<string, any, unknown>

/** One request of a batch. */
export interface GraphRequest<A> {
  readonly contract: GraphGet<string, A> | GraphWrite<string, any, A>
  readonly params: Readonly<Record<string, string>>
  /** Not encoded yet. */
  readonly body: unknown
}

const made = new WeakSet<object>()

// Frozen, so that a contract stays what was declared.
const register = <Contract extends object>(contract: Contract): Contract => {
  made.add(Object.freeze(contract))
  return contract
}

/**
 * Declares how one resource is read, for `Graph.get`.
 *
 * @throws TypeError if a name in `select` or `expand` cannot be the name of a property
 *
 * @example
 * ```ts
 * const group = GraphContract.get({
 *   name: "groups.get",
 *   version: "v1.0",
 *   path: "/groups/{groupId}",
 *   select: ["id", "displayName"],
 *   schema: Schema.Struct({ id: Schema.String, displayName: Schema.String }),
 *   permissions: [readGroups]
 * })
 * ```
 */
export const get = <const Path extends string, A>(options: ReadOptions<Path, A>): GraphGet<Path, A> =>
  register({ ...checked(options), [TypeId]: "get" })

/**
 * Declares how one collection is listed, for `Graph.list`.
 *
 * @param options as for `get`, with the schema of one item; by default no count
 * @throws TypeError as `get` does
 *
 * @example
 * ```ts
 * const listTags = GraphContract.list({
 *   name: "scope_tags.list",
 *   version: "beta",
 *   path: "/deviceManagement/roleScopeTags",
 *   select: ["id", "displayName"],
 *   schema: Schema.Struct({ id: Schema.String, displayName: Schema.String }),
 *   permissions: [{ name: "DeviceManagementRBAC.Read.All", appRoleId: "58ca0d9a-1575-47e1-a3cb-007ef2e4583b" }]
 * })
 * ```
 */
export const list = <const Path extends string, A>(
  options: ReadOptions<Path, A> & { readonly pageSize?: number; readonly count?: boolean }
): GraphList<Path, A> => register({ ...checked(options), count: options.count ?? false, [TypeId]: "list" })

/**
 * Declares how a collection's changes are followed, for `Graph.delta`.
 *
 * @param options as for `get`, with the schema of one changed item: everything but `id` may be missing
 * @throws TypeError as `get` does
 * @see https://learn.microsoft.com/graph/delta-query-overview
 *
 * @example
 * ```ts
 * const groupChanges = GraphContract.delta({
 *   name: "groups.delta",
 *   version: "v1.0",
 *   path: "/groups/delta",
 *   select: ["displayName"],
 *   schema: Schema.Struct({ id: Schema.String, displayName: Schema.optionalKey(Schema.NullOr(Schema.String)) }),
 *   permissions: [readGroups]
 * })
 * ```
 */
export const delta = <const Path extends string, A>(
  options: ReadOptions<Path, A> & { readonly minimal?: boolean; readonly expand?: never }
): GraphDelta<Path, A> => register({ ...checked(options), minimal: options.minimal ?? false, [TypeId]: "delta" })

/**
 * Declares how something is changed, for `Graph.write`.
 *
 * @example
 * ```ts
 * const createFilter = GraphContract.write({
 *   name: "assignmentFilters.create",
 *   version: "beta",
 *   method: "POST",
 *   path: "/deviceManagement/assignmentFilters",
 *   body: Schema.Struct({ displayName: Schema.String, platform: Schema.String, rule: Schema.String }),
 *   schema: Schema.Struct({ id: Schema.String }),
 *   permissions: [configure],
 *   replay: "never"
 * })
 * ```
 */
export const write = <const Path extends string, Body, A>(
  options: Omit<GraphWrite<Path, Body, A>, typeof TypeId>
): GraphWrite<Path, Body, A> => register({ ...options, [TypeId]: "write" })

/**
 * A read as one request of a batch.
 *
 * @example
 * ```ts
 * const answers = yield* graph.batch(
 *   contoso,
 *   ids.map((groupId) => GraphContract.reading(group, { groupId }))
 * )
 * ```
 */
export const reading = <Path extends string, A>(
  contract: GraphGet<Path, A>,
  params: PathParams<Path>
): GraphRequest<A> => ({ contract, params, body: undefined })

/** A write as one request of a batch. */
export const writing = <Path extends string, Body, A>(
  contract: GraphWrite<Path, Body, A>,
  params: PathParams<Path>,
  body: Body
): GraphRequest<A> => ({ contract, params, body })

// A relation may say what to expand within it.
const PropertyName = /^[A-Za-z_@][\w.@/]*(\(\$expand=[A-Za-z_][\w.]*\))?$/

const checked = <Options extends Partial<ReadOptions<string, unknown>> & { readonly name: string }>(
  options: Options
): Options => {
  const bad = [...(options.select ?? []), ...(options.expand ?? [])].find((name) => !PropertyName.test(name))
  if (bad !== undefined)
    throw new TypeError(`The contract "${options.name}" cannot ask for "${bad}": it is not the name of a property.`)
  return options
}

/**
 * A schema that loses nothing: it gives the properties that `known` decodes, and the whole object as it came. An unknown
 * property or `@odata.type` is no failure.
 *
 * @param known decodes the properties that the flow works with
 */
export const raw = <A>(
  known: Schema.Codec<A, unknown>
): Schema.Decoder<{ readonly known: A; readonly raw: Readonly<Record<string, unknown>> }> =>
  Schema.Record(Schema.String, Schema.Unknown).pipe(
    Schema.decodeTo(Schema.Struct({ known, raw: Schema.Record(Schema.String, Schema.Unknown) }), {
      decode: SchemaGetter.transform((whole) => ({ known: whole, raw: whole })),
      encode: SchemaGetter.transform(({ raw: whole }) => whole)
    })
  )

/**
 * Whether this module made a value, and nobody has altered or copied it since. Clients check this before they send anything.
 */
export const isGraphContract = (value: unknown): value is GraphContract =>
  typeof value === "object" && value !== null && made.has(value)

/** How a contract is used. */
export const kindOf = (contract: GraphContract): "get" | "list" | "delta" | "write" => contract[TypeId]

/** The HTTP method of a contract. */
export const methodOf = (contract: GraphContract): "GET" | GraphWriteMethod =>
  contract[TypeId] === "write" ? contract.method : "GET"
