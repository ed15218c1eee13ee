/**
 * Reads policies from Graph, each with its children and assignments. A policy that cannot be read completely is told apart: a
 * part of it would look like a change. It costs nobody the others.
 *
 * @module
 */

import { Graph, GraphContract, GraphError, type TenantScope } from "@atlas/operations"
import { Effect, Predicate, Result, Stream } from "effect"
import { nestsTooDeep, tooDeepReason } from "./content/Nesting.ts"
import { withPlainText } from "./encryptedValues.ts"
import type { GraphObject, ListedObject, PolicyChildren, PolicySource } from "./PolicySource.ts"

/** A policy as the tenant has it, with everything that belongs to it. */
export interface PolicyObject {
  readonly id: string
  readonly odataType: string | null
  /** As Graph sent it, with its children as properties, without its assignments. */
  readonly body: GraphObject
  /** To whom it applies; null if Graph did not say. */
  readonly assignments: ReadonlyArray<GraphObject> | null
}

/** A policy that was read just now. */
export interface ReadPolicy extends PolicyObject {
  /** Why encrypted values of it stay masked; null if none does. */
  readonly masked: GraphError | null
}

/** A policy that Graph lists and cannot give completely. */
export interface UnreadPolicy {
  readonly id: string
  /** As the listing has it. */
  readonly listed: GraphObject
  readonly error: GraphError
}

/** Policies that were listed together. */
export interface ListedPolicies {
  readonly policies: ReadonlyArray<ReadPolicy>
  readonly unread: ReadonlyArray<UnreadPolicy>
}

/** What became of reading an object; null if it was deleted after it was listed. */
type Read = Result.Result<GraphObject | null, GraphError>

// What the service says of one object. Everything else, such as a missing permission, concerns them all.
const ofOneObject: ReadonlySet<string> = new Set([
  "provider_request_invalid",
  "provider_conflict",
  "provider_unavailable",
  "provider_response_invalid",
  "provider_partial_result",
  "provider_unknown"
])

/** Keeps a failure that is the object's own; any other ends the reading. */
const settled = <A>(
  result: Result.Result<A, GraphError>
): Effect.Effect<Result.Result<A | null, GraphError>, GraphError> =>
  Result.match(result, {
    onSuccess: (value) => Effect.succeed(Result.succeed(value)),
    onFailure: (error) => {
      if (error.reasonCode === "provider_resource_not_found") return Effect.succeed(Result.succeed(null))
      return ofOneObject.has(error.reasonCode) ? Effect.succeed(Result.fail(error)) : Effect.fail(error)
    }
  })

const isObject = (value: unknown): value is GraphObject => Predicate.isObject(value) && !Array.isArray(value)
const idOf = (object: GraphObject) => ({ id: String(object["id"]) })

const incomplete = (
  { property }: PolicyChildren,
  object: GraphObject,
  found: number | null,
  expected: number | null
) => {
  const some = found === null ? "no" : `${found} of ${expected ?? "more"}`
  return new GraphError({
    reasonCode: "provider_partial_result",
    message: `Graph sent ${some} ${property} of the policy ${String(object["id"])}.`
  })
}

/** All children of an object: from its first page if that is all, else from every page. */
const allChildren = Effect.fnUntraced(function* (
  tenant: TenantScope,
  children: PolicyChildren,
  object: GraphObject,
  first: ReadonlyArray<GraphObject>,
  nextLink: unknown
) {
  if (!Predicate.isString(nextLink)) return first
  if (children.all === null) return yield* incomplete(children, object, first.length, null)
  const graph = yield* Graph
  return yield* Stream.runFold(
    graph.list(tenant, children.all, idOf(object)),
    (): ReadonlyArray<GraphObject> => [],
    (all, page) => [...all, ...page.items]
  )
})

type FirstPage = { readonly value: ReadonlyArray<GraphObject>; readonly "@odata.nextLink"?: string | null | undefined }

/** An object with its children of one kind. */
const withChildren = Effect.fnUntraced(function* (
  tenant: TenantScope,
  children: PolicyChildren,
  object: GraphObject,
  page: FirstPage | null
) {
  const { count, property } = children
  const expanded = object[property]
  const first = page?.value ?? (Array.isArray(expanded) ? expanded.filter(isObject) : null)
  if (first === null) {
    // Who a policy is assigned to may stay unsaid; what it says may not.
    return property === "assignments" ? object : yield* incomplete(children, object, null, null)
  }
  const nextLink = page === null ? object[`${property}@odata.nextLink`] : page["@odata.nextLink"]
  const items = yield* allChildren(tenant, children, object, first, nextLink)
  const expected = count === null ? null : object[count]
  // A policy without some of its settings would look like one whose settings were removed.
  if (Predicate.isNumber(expected) && items.length < expected) {
    return yield* incomplete(children, object, items.length, expected)
  }
  return { ...object, [property]: items }
})

/** Refuses an object that nobody may walk through by recursion. */
const measured = (read: Read): Read =>
  Result.flatMap(read, (object) =>
    object !== null && nestsTooDeep(object)
      ? Result.fail(
          new GraphError({ reasonCode: "provider_response_invalid", message: tooDeepReason(String(object["id"])) })
        )
      : Result.succeed(object)
  )

const whole = (read: Read): ReadonlyArray<GraphObject> => {
  const object = Result.getOrElse(read, () => null)
  return object === null ? [] : [object]
}

/** Reads the children of one kind of many objects: their first pages in few requests, more pages only where there are more. */
const readChildren = Effect.fnUntraced(function* (
  tenant: TenantScope,
  children: PolicyChildren,
  reads: ReadonlyArray<Read>
) {
  const graph = yield* Graph
  const { first } = children
  const objects = reads.flatMap(whole)
  const pages =
    first === null || objects.length === 0
      ? []
      : yield* graph.batch(
          tenant,
          objects.map((object) => GraphContract.reading(first, idOf(object)))
        )
  const pageOf = new Map(objects.map((object, index) => [object, pages[index]]))
  return yield* Effect.forEach(
    reads,
    Effect.fnUntraced(function* (read): Effect.fn.Return<Read, GraphError, Graph> {
      const [object] = whole(read)
      if (object === undefined) return read
      const page = yield* settled<FirstPage | null>(pageOf.get(object) ?? Result.succeed(null))
      if (Result.isFailure(page)) return Result.fail(page.failure)
      if (first !== null && page.success === null) return Result.succeed(null)
      return yield* settled(yield* Effect.result(withChildren(tenant, children, object, page.success)))
    }),
    { concurrency: 4 }
  )
})

const readDetails = Effect.fnUntraced(function* (
  tenant: TenantScope,
  source: PolicySource,
  listed: ReadonlyArray<ListedObject>
): Effect.fn.Return<ReadonlyArray<Read>, GraphError, Graph> {
  const { isBrief, one: contract } = source
  if (!isBrief || listed.length === 0) return listed.map(({ raw }) => Result.succeed(raw))
  const graph = yield* Graph
  const details = yield* graph.batch(
    tenant,
    listed.map(({ known: { id } }) => GraphContract.reading(contract, { id }))
  )
  const found = yield* Effect.forEach(details, settled)
  // The details repeat the listing, except for what only the listing has.
  return found.map((read, index) =>
    Result.map(read, (one) => (one === null ? null : { ...listed[index]?.raw, ...one.raw }))
  )
})

const toPolicy = (source: PolicySource, object: GraphObject, masked: GraphError | null): ReadPolicy => {
  const { "@odata.type": odataType } = object
  const assignments = source.children.some(({ property }) => property === "assignments") ? object["assignments"] : null
  return {
    id: String(object["id"]),
    odataType: Predicate.isString(odataType) ? odataType : null,
    body: Object.fromEntries(Object.entries(object).filter(([name]) => !name.startsWith("assignments"))),
    assignments: Array.isArray(assignments) ? assignments.filter(isObject) : null,
    masked
  }
}

/** Completes objects that were listed or read. */
const complete = Effect.fnUntraced(function* (tenant: TenantScope, source: PolicySource, found: ReadonlyArray<Read>) {
  let reads = found
  for (const children of source.children) reads = yield* readChildren(tenant, children, reads)
  reads = reads.map(measured)
  const objects = reads.flatMap(whole)
  const plain = yield* withPlainText(tenant, source, objects)
  return { reads, policies: plain.map(({ masked, object }) => toPolicy(source, object, masked)) }
})

/** Reads all policies of a collection, a page at a time. The stream ends only when the listing was read to its end. */
export const readPolicies = (
  tenant: TenantScope,
  source: PolicySource
): Stream.Stream<ListedPolicies, GraphError, Graph> =>
  Stream.unwrap(
    Effect.map(Graph, (graph) =>
      graph.list(tenant, source.list, {}).pipe(
        Stream.mapEffect(
          Effect.fnUntraced(function* ({ items }) {
            const { policies, reads } = yield* complete(tenant, source, yield* readDetails(tenant, source, items))
            const unread = reads.flatMap((read, index): ReadonlyArray<UnreadPolicy> => {
              const listed = items[index]
              if (listed === undefined || Result.isSuccess(read)) return []
              return [{ id: listed.known.id, listed: listed.raw, error: read.failure }]
            })
            return { policies, unread }
          })
        )
      )
    )
  )

/** Reads one policy; null if there is none with this id. */
export const readPolicy = Effect.fn("readPolicy")(function* (tenant: TenantScope, source: PolicySource, id: string) {
  const graph = yield* Graph
  const found = yield* settled(yield* Effect.result(graph.get(tenant, source.one, { id })))
  const read = Result.map(found, (one) => one?.raw ?? null)
  const { policies, reads } = yield* complete(tenant, source, [read])
  yield* Effect.forEach(reads, Effect.fromResult, { discard: true })
  return policies[0] ?? null
})
