import { Schema, SchemaGetter } from "effect"

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
  /** Decodes the answer's body, or each item of a collection. Unknown properties are dropped unless it is `raw`. */
  readonly schema: Schema.Decoder<A>
  /** The least application permissions that suffice; all are needed. */
  readonly permissions: ReadonlyArray<GraphPermission>
  /** What one request costs in Graph's resource units. Default 1. https://learn.microsoft.com/graph/throttling-limits */
  readonly cost?: number
}

interface ReadOptions<Path extends string, A> extends ContractOptions<Path, A> {
  /** `$select`: all that is ever asked for. Left out, the provider's default set. */
  readonly select?: ReadonlyArray<string>
  /** `$expand`: the relations that come along. */
  readonly expand?: ReadonlyArray<string>
  /** Sends `ConsistencyLevel: eventual`, which Graph demands of counts and some filters. */
  readonly eventual?: boolean
}

const TypeId: unique symbol = Symbol.for("@atlas/operations/GraphContract")

/** A registered way to read one resource. Only `GraphContract.get` makes one. */
export interface GraphGet<Path extends string, A> extends ReadOptions<Path, A> {
  readonly [TypeId]: "get"
}

/** A registered way to list one collection, page by page. Only `GraphContract.list` makes one. */
export interface GraphList<Path extends string, A> extends ReadOptions<Path, A> {
  readonly [TypeId]: "list"
  /** `$top`, where the endpoint takes one. */
  readonly pageSize?: number
  /** Ask for `$count` with the first page. Sends `ConsistencyLevel: eventual` with every page, as Graph demands. */
  readonly count: boolean
}

/** A registered way to follow a collection's changes. Only `GraphContract.delta` makes one. */
export interface GraphDelta<Path extends string, A> extends Omit<ReadOptions<Path, A>, "expand"> {
  readonly [TypeId]: "delta"
  /** Ask for changed properties only, to be merged as a patch (`Prefer: return=minimal`). */
  readonly minimal: boolean
}

/** The methods that change something. */
export type GraphWriteMethod = "POST" | "PATCH" | "PUT" | "DELETE"

/**
 * What may be done when the answer to a write was lost. `idempotent`: sent again, since doing it twice is doing it once.
 * `never`: not sent again; the write fails with `provider_outcome_unknown`, and a person or a flow reconciles by reading.
 */
export type GraphReplay = "idempotent" | "never"

/** A registered way to change something. Only `GraphContract.write` makes one. */
export interface GraphWrite<Path extends string, Body, A> extends ContractOptions<Path, A> {
  readonly [TypeId]: "write"
  readonly method: GraphWriteMethod
  /** Encodes what is sent. `Schema.Undefined` where nothing is. */
  readonly body: Schema.Codec<Body, unknown>
  readonly replay: GraphReplay
}

/** Any contract. The client takes nothing else, so an ad-hoc path does not compile. */
export type GraphContract =
  | GraphGet<string, unknown>
  | GraphList<string, unknown>
  | GraphDelta<string, unknown>
  | GraphWrite<string, any, unknown>

/** A request that may be one item of a batch. */
export interface GraphRequest<A> {
  readonly contract: GraphGet<string, A> | GraphWrite<string, any, A>
  readonly params: Readonly<Record<string, string>>
  /** Not encoded yet. */
  readonly body: unknown
}

const made = new WeakSet<object>()

// A contract that could be changed afterwards would not be what was registered.
const register = <Contract extends object>(contract: Contract): Contract => {
  made.add(Object.freeze(contract))
  return contract
}

/**
 * Declares how one resource is read.
 *
 * @param options name, version, path template, `$select`, `$expand`, schema of the body and needed permissions
 * @returns the contract to hand to `Graph.get`
 * @throws TypeError when a name in `select` or `expand` is no property's
 */
export const get = <const Path extends string, A>(options: ReadOptions<Path, A>): GraphGet<Path, A> =>
  register({ ...checked(options), [TypeId]: "get" })

/**
 * Declares how one collection is listed.
 *
 * @param options as for `get`, with the schema of one item, the page size and whether to ask for the count
 * @returns the contract to hand to `Graph.list`
 * @throws TypeError as for `get`
 */
export const list = <const Path extends string, A>(
  options: ReadOptions<Path, A> & { readonly pageSize?: number; readonly count?: boolean }
): GraphList<Path, A> => register({ ...checked(options), count: options.count ?? false, [TypeId]: "list" })

/**
 * Declares how a collection's changes are followed.
 *
 * @param options as for `get`, with the schema of one item as far as it changed: everything but `id` may be missing
 * @returns the contract to hand to `Graph.delta`
 * @throws TypeError as for `get`
 * @see https://learn.microsoft.com/graph/delta-query-overview
 */
export const delta = <const Path extends string, A>(
  options: ReadOptions<Path, A> & { readonly minimal?: boolean; readonly expand?: never }
): GraphDelta<Path, A> => register({ ...checked(options), minimal: options.minimal ?? false, [TypeId]: "delta" })

/**
 * Declares how something is changed.
 *
 * @param options name, version, method, path template, schemas of body and answer, needed permissions, and whether it may
 * be repeated when the answer was lost
 * @returns the contract to hand to `Graph.write`
 */
export const write = <const Path extends string, Body, A>(
  options: Omit<GraphWrite<Path, Body, A>, typeof TypeId>
): GraphWrite<Path, Body, A> => register({ ...options, [TypeId]: "write" })

/**
 * One item of a batch.
 *
 * @param contract from `GraphContract.get`
 * @param params the path's placeholders
 */
export const reading = <Path extends string, A>(
  contract: GraphGet<Path, A>,
  params: PathParams<Path>
): GraphRequest<A> => ({ contract, params, body: undefined })

/**
 * One item of a batch that changes something.
 *
 * @param contract from `GraphContract.write`
 * @param params the path's placeholders
 * @param body what to send
 */
export const writing = <Path extends string, Body, A>(
  contract: GraphWrite<Path, Body, A>,
  params: PathParams<Path>,
  body: Body
): GraphRequest<A> => ({ contract, params, body })

const PropertyName = /^[A-Za-z_@][\w.@/]*$/

const checked = <Options extends Partial<ReadOptions<string, unknown>> & { readonly name: string }>(
  options: Options
): Options => {
  const bad = [...(options.select ?? []), ...(options.expand ?? [])].find((name) => !PropertyName.test(name))
  if (bad !== undefined)
    throw new TypeError(`The contract "${options.name}" cannot ask for "${bad}": it is no property.`)
  return options
}

/**
 * An item of which nothing is lost: what the schema knows of it, and the whole object as it came.
 *
 * @param known decodes the properties that the flow works with
 * @returns a schema of `{ known, raw }`; an unknown `@odata.type`, or an unknown property, is no failure
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
 * Whether a value was made by this module, and not altered or copied since: what clients check before they send anything.
 *
 * @param value anything
 */
export const isGraphContract = (value: unknown): value is GraphContract =>
  typeof value === "object" && value !== null && made.has(value)

/**
 * How a contract is used.
 *
 * @param contract any contract
 */
export const kindOf = (contract: GraphContract): "get" | "list" | "delta" | "write" => contract[TypeId]

/**
 * The HTTP method that a contract is asked with.
 *
 * @param contract any contract
 */
export const methodOf = (contract: GraphContract): "GET" | GraphWriteMethod =>
  contract[TypeId] === "write" ? contract.method : "GET"
