/**
 * Reads policies from Graph, each with its children and assignments. A policy that cannot be read completely fails: a part of
 * it would look like a change.
 *
 * @module
 */

import { Graph, GraphContract, GraphError, type TenantScope } from "@atlas/operations"
import { Effect, Predicate, Result, Stream } from "effect"
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

const isObject = (value: unknown): value is GraphObject => Predicate.isObject(value) && !Array.isArray(value)

/** An object that was deleted between the listing and its details is absent, which is no failure. */
const present = <A>(result: Result.Result<A, GraphError>): Effect.Effect<A | null, GraphError> =>
  Result.match(result, {
    onSuccess: (value) => Effect.succeed(value),
    onFailure: (error) =>
      error.reasonCode === "provider_resource_not_found" ? Effect.succeed(null) : Effect.fail(error)
  })

const countIn = (body: GraphObject, property: string | null): number | null => {
  const count = property === null ? null : body[property]
  return Predicate.isNumber(count) ? count : null
}

const incomplete = (children: PolicyChildren, body: GraphObject, found: number) =>
  new GraphError({
    reasonCode: "provider_partial_result",
    message: `Graph sent ${found} of ${countIn(body, children.count)} ${children.property} of the policy ${String(body["id"])}.`,
    contract: children.all.name
  })

/** Reads the first pages of many objects in few requests, and more pages only of those that have more. */
const withChildren = Effect.fnUntraced(function* (
  tenant: TenantScope,
  children: PolicyChildren,
  objects: ReadonlyArray<GraphObject>
) {
  const graph = yield* Graph
  const idOf = (object: GraphObject) => ({ id: String(object["id"]) })
  const firsts = yield* graph.batch(
    tenant,
    objects.map((object) => GraphContract.reading(children.first, idOf(object)))
  )
  const whole = yield* Effect.forEach(
    objects,
    Effect.fnUntraced(function* (object, index) {
      const first = yield* present(firsts[index] ?? Result.succeed(null))
      if (first === null) return []
      const isAll = first["@odata.nextLink"] === undefined || first["@odata.nextLink"] === null
      const items = isAll
        ? first.value
        : yield* Stream.runFold(
            graph.list(tenant, children.all, idOf(object)),
            (): ReadonlyArray<GraphObject> => [],
            (all, page) => [...all, ...page.items]
          )
      const expected = countIn(object, children.count)
      // A policy without some of its settings would look like one whose settings were removed.
      if (expected !== null && items.length < expected) return yield* incomplete(children, object, items.length)
      return [{ ...object, [children.property]: items }]
    }),
    { concurrency: 4 }
  )
  return whole.flat()
})

const withDetails = Effect.fnUntraced(function* (
  tenant: TenantScope,
  source: PolicySource,
  listed: ReadonlyArray<ListedObject>
) {
  const { isBrief, one: contract } = source
  if (!isBrief || listed.length === 0) return listed.map(({ raw }) => raw)
  const graph = yield* Graph
  const details = yield* graph.batch(
    tenant,
    listed.map(({ known: { id } }) => GraphContract.reading(contract, { id }))
  )
  const found = yield* Effect.forEach(details, (result) => present(result))
  // The details repeat the listing, except for what only the listing has.
  return found.flatMap((one, index) => (one === null ? [] : [{ ...listed[index]?.raw, ...one.raw }]))
})

const assignmentsOf = Effect.fnUntraced(function* (tenant: TenantScope, source: PolicySource, object: GraphObject) {
  if (source.assignments === null) return null
  const { assignments } = object
  const hasMore = Predicate.isString(object["assignments@odata.nextLink"])
  if (!hasMore) return Array.isArray(assignments) ? assignments.filter(isObject) : null
  const graph = yield* Graph
  return yield* Stream.runFold(
    graph.list(tenant, source.assignments, { id: String(object["id"]) }),
    (): ReadonlyArray<GraphObject> => [],
    (all, page) => [...all, ...page.items]
  )
})

const toPolicy = Effect.fnUntraced(function* (tenant: TenantScope, source: PolicySource, object: GraphObject) {
  const assignments = yield* assignmentsOf(tenant, source, object)
  const body = Object.fromEntries(Object.entries(object).filter(([name]) => !name.startsWith("assignments")))
  const odataType = object["@odata.type"]
  const policy: PolicyObject = {
    id: String(object["id"]),
    odataType: Predicate.isString(odataType) ? odataType : null,
    body,
    assignments
  }
  return policy
})

/** Reads all policies of a collection, a page at a time. The stream ends only when everything was read. */
export const readPolicies = (
  tenant: TenantScope,
  source: PolicySource
): Stream.Stream<ReadonlyArray<PolicyObject>, GraphError, Graph> =>
  Stream.unwrap(
    Effect.map(Graph, (graph) =>
      graph.list(tenant, source.list, {}).pipe(
        Stream.mapEffect(
          Effect.fnUntraced(function* ({ items }) {
            let objects = yield* withDetails(tenant, source, items)
            for (const children of source.children) {
              if (objects.length > 0) objects = yield* withChildren(tenant, children, objects)
            }
            return yield* Effect.forEach(objects, (object) => toPolicy(tenant, source, object))
          })
        )
      )
    )
  )

/** Reads one policy; null if there is none with this id. */
export const readPolicy = Effect.fn("readPolicy")(function* (tenant: TenantScope, source: PolicySource, id: string) {
  const graph = yield* Graph
  const found = yield* graph.get(tenant, source.one, { id }).pipe(
    Effect.catchIf(
      ({ reasonCode }) => reasonCode === "provider_resource_not_found",
      () => Effect.succeed(null)
    )
  )
  let objects: ReadonlyArray<GraphObject> = found === null ? [] : [found.raw]
  for (const children of source.children) {
    if (objects.length > 0) objects = yield* withChildren(tenant, children, objects)
  }
  const [object] = objects
  return object === undefined ? null : yield* toPolicy(tenant, source, object)
})
