/**
 * A collection of Graph that holds policies: the contracts that list, read and change its objects, with the permissions that
 * they need. `policySources` declares each one; whatever reads or writes a policy does it by them.
 *
 * @module
 */

import { GraphContract } from "@atlas/operations"
import { Schema } from "effect"
import { type PermissionName, permissionNamed } from "./permissions.ts"

/** An object as Graph sends it. Nothing of it is dropped, whatever Graph adds. */
export type GraphObject = Readonly<Record<string, unknown>>

const Identified = GraphContract.raw(
  Schema.Struct({
    // Not always a UUID: scope tag "0", or the defaults of enrollment.
    id: Schema.NonEmptyString,
    "@odata.type": Schema.NullishOr(Schema.String).pipe(Schema.optionalKey)
  })
)
/** An object of a collection: its id and type, and everything that Graph sent. */
export type ListedObject = typeof Identified.Type

const Child = Schema.Record(Schema.String, Schema.Unknown)
const FirstChildren = Schema.Struct({
  value: Schema.Array(Child),
  "@odata.nextLink": Schema.NullishOr(Schema.String).pipe(Schema.optionalKey)
})

type ChildPath = `/${string}/{id}/${string}`

/** A collection below each object that is part of the object. All its pages are read with the object. */
export interface PolicyChildren {
  /** The property of the object that they become. */
  readonly property: "assignments" | "settings" | "scheduledActionsForRule"
  /** The property of the object that holds their number; null if none does. */
  readonly count: string | null
  /**
   * The first page, which is all of it for most objects: one batch reads those of many. Null where the object's own request
   * brings them along, by `$expand`.
   */
  readonly first: GraphContract.GraphGet<ChildPath, typeof FirstChildren.Type> | null
  /** Every page; null where Graph has no route to them. */
  readonly all: GraphContract.GraphList<ChildPath, GraphObject> | null
}

const PlainText = Schema.Struct({ value: Schema.String })

const Created = Schema.Struct({ id: Schema.NonEmptyString })
const Body = Schema.Record(Schema.String, Schema.Unknown)

/** A part of an object that is written by an action of its own. */
export interface PolicyAction {
  readonly contract: GraphContract.GraphWrite<ChildPath, GraphObject, unknown>
  /** The name under which the action takes it. */
  readonly property: string
}

/** The contracts that change the objects of a collection. */
export interface PolicyWrites {
  readonly create: GraphContract.GraphWrite<string, GraphObject, typeof Created.Type>
  readonly update: GraphContract.GraphWrite<`/${string}/{id}`, GraphObject, unknown>
  readonly assign: PolicyAction | null
  /** The children that an update does not take, and the action that does. */
  readonly children: (PolicyAction & { readonly of: PolicyChildren["property"] }) | null
}

/** A collection of Graph that holds policies, of one type or of several. */
export interface PolicySource {
  /** Stable; used in addresses and records. */
  readonly name: string
  /** The collection's path below the version. */
  readonly path: string
  readonly list: GraphContract.GraphList<string, ListedObject>
  /** Ids are numbers, which other tenants give to other objects. */
  readonly isNumbered: boolean
  /** Reads one object completely. */
  readonly one: GraphContract.GraphGet<`/${string}/{id}`, ListedObject>
  /** The listing leaves parts out, so each object is read by itself. */
  readonly isBrief: boolean
  readonly children: ReadonlyArray<PolicyChildren>
  /** Hands out a value that the object itself shows masked; null if no object has any. */
  readonly plainText: GraphContract.GraphGet<
    `/${string}/{id}/${string}(secretReferenceValueId='{reference}')`,
    typeof PlainText.Type
  > | null
  /** Null if Atlas does not change the objects. */
  readonly writes: PolicyWrites | null
}

/** How a collection differs from most. */
export interface PolicySourceOptions {
  /** The permission to read. */
  readonly permission: PermissionName
  /**
   * How assignments are read. `expanded`: Graph brings them along. `listed`: each object is asked for its own, since `$expand`
   * answers an empty list or is refused. Absent: there are none.
   */
  readonly assignments?: "expanded" | "listed"
  /** The listing leaves parts out. */
  readonly isBrief?: boolean
  /** Ids are numbers, which other tenants give to other objects. */
  readonly isNumbered?: boolean
  /** The permission to change objects, and what differs from most collections. */
  readonly writes?: {
    readonly permission: PermissionName
    /** An update replaces the whole object. */
    readonly replaces?: boolean
    /** The name under which the action takes assignments. */
    readonly assignments?: string
    readonly children?: { readonly of: PolicyChildren["property"]; readonly action: string; readonly property: string }
  }
  /** The function that hands out a value that the object itself shows masked. */
  readonly plainText?: string
  /** Children with a route of their own, and the property that holds their number. */
  readonly listed?: { readonly property: PolicyChildren["property"]; readonly count: string | null }
  /** Children without one, and what to expand within them. */
  readonly expanded?: { readonly property: PolicyChildren["property"]; readonly within: string }
}

// v1.0 leaves out, without a word, whatever only beta has: types, properties, whole policies.
const version = "beta"

const writesOf = (path: string, { assignments, writes }: PolicySourceOptions): PolicyWrites | null => {
  if (writes === undefined) return null
  const shared = { version, permissions: [permissionNamed(writes.permission)], body: Body } as const
  const one = `/${path}/{id}` as const
  const action = (name: string, property: string): PolicyAction => ({
    property,
    contract: GraphContract.write({
      ...shared,
      name: `${path}.${name}`,
      method: "POST",
      path: `${one}/${name}` as const,
      schema: Schema.Unknown,
      // The action replaces what was there.
      replay: "idempotent"
    })
  })
  const { children } = writes
  return {
    create: GraphContract.write({
      ...shared,
      name: `${path}.create`,
      method: "POST",
      path: `/${path}`,
      schema: Created,
      replay: "never"
    }),
    update: GraphContract.write({
      ...shared,
      name: `${path}.update`,
      method: writes.replaces === true ? "PUT" : "PATCH",
      path: one,
      schema: Schema.Unknown,
      // Reading tells what Graph did: somebody else may have changed the object since.
      replay: "never"
    }),
    assign: assignments === undefined ? null : action("assign", writes.assignments ?? "assignments"),
    children: children === undefined ? null : { ...action(children.action, children.property), of: children.of }
  }
}

const childrenOf = (path: string, options: PolicySourceOptions): ReadonlyArray<PolicyChildren> => {
  const shared = { version, permissions: [permissionNamed(options.permission)] } as const
  const routes = (property: PolicyChildren["property"]) => {
    const contract = { ...shared, path: `/${path}/{id}/${property}` as const }
    return {
      first: GraphContract.get({ ...contract, name: `${path}.${property}.first`, schema: FirstChildren }),
      all: GraphContract.list({ ...contract, name: `${path}.${property}.list`, schema: Child })
    }
  }
  const { assignments, expanded, listed } = options
  return [
    ...(listed === undefined ? [] : [{ ...listed, ...routes(listed.property) }]),
    ...(expanded === undefined ? [] : [{ property: expanded.property, count: null, first: null, all: null }]),
    ...(assignments === "listed" ? [{ property: "assignments", count: null, ...routes("assignments") } as const] : []),
    ...(assignments === "expanded"
      ? [{ property: "assignments", count: null, ...routes("assignments"), first: null } as const]
      : [])
  ]
}

/**
 * Declares a collection of policies with its contracts.
 *
 * @param path below the version, without a slash at its beginning
 */
export const policySource = (name: string, path: string, options: PolicySourceOptions): PolicySource => {
  const { assignments, expanded, isBrief = false, isNumbered = false, permission, plainText } = options
  const expand = [
    ...(assignments === "expanded" ? ["assignments"] : []),
    ...(expanded === undefined ? [] : [`${expanded.property}($expand=${expanded.within})`])
  ]
  const shared = { version, permissions: [permissionNamed(permission)], schema: Identified } as const
  const whole = expand.length === 0 ? shared : { ...shared, expand }
  return {
    name,
    path,
    list: GraphContract.list({ ...(isBrief ? shared : whole), name: `${path}.list`, path: `/${path}` }),
    one: GraphContract.get({ ...whole, name: `${path}.get`, path: `/${path}/{id}` as const }),
    isBrief,
    isNumbered,
    children: childrenOf(path, options),
    plainText:
      plainText === undefined
        ? null
        : GraphContract.get({
            ...shared,
            name: `${path}.${plainText}`,
            path: `/${path}/{id}/${plainText}(secretReferenceValueId='{reference}')` as const,
            schema: PlainText
          }),
    writes: writesOf(path, options)
  }
}

/** The contracts that read a collection. */
export const contractsOf = ({
  children,
  isBrief,
  list,
  one,
  plainText
}: PolicySource): ReadonlyArray<GraphContract.GraphContract> => [
  list,
  ...(isBrief ? [one] : []),
  ...children.flatMap(({ all, first }) => [first, all].filter((contract) => contract !== null)),
  ...(plainText === null ? [] : [plainText])
]

/** The contracts that read and change the objects of a collection; without writes, only those that read. */
export const writeContractsOf = (from: PolicySource): ReadonlyArray<GraphContract.GraphContract> => {
  const { one, writes } = from
  const changing =
    writes === null ? [] : [writes.create, writes.update, writes.assign?.contract, writes.children?.contract]
  return [...new Set([...contractsOf(from), one]), ...changing.filter((contract) => contract !== undefined)]
}
