/**
 * What the registry says of a collection: the types of its entries in `FakeResources`.
 *
 * @module
 */
import type { NeededPermissions } from "../metadata/Permissions.ts"
import type { FakeVersion } from "../metadata/TypeModel.ts"

/** What a request for a child collection gets: the objects, none although there are some, or a refusal. */
export type ChildAnswer = "told" | "empty" | "refused"

/** A collection below each object of another one, and the ways that lead to it. */
export interface FakeChildren {
  /** `GET {id}/{name}`. */
  readonly route: ChildAnswer
  /** `$expand={name}` on a listing. */
  readonly inList: ChildAnswer
  /** `$expand={name}` on one object. */
  readonly onOne: ChildAnswer
  /** Types of objects for which an expansion is empty, whatever the other answers are. */
  readonly neverExpandedOn: ReadonlyArray<string>
  /** Objects on a page of the route. */
  readonly pageSize: number
  /** What each child has inside that must be expanded as well. */
  readonly inside: string | undefined
  /** Children are made, changed and deleted one by one below the route. */
  readonly writable: boolean
}

/** How a collection is assigned. */
export interface FakeAssign {
  /** The parameter of the action `assign` that holds the assignments. */
  readonly parameter: string
  /** What an assignment may say besides its target. */
  readonly besides: ReadonlyArray<string>
  readonly status: 200 | 204
}

/** A collection of Graph, and its rules. */
export interface FakeResource {
  /** Below the version. */
  readonly path: string
  /** The type of its objects, which they may extend. */
  readonly type: string
  /** The path of the collection that has the objects, if it is another one that lists those of more types. */
  readonly home: string | undefined
  readonly versions: ReadonlyArray<FakeVersion>
  readonly read: NeededPermissions
  /** If there is none, the collection is read-only. */
  readonly write: NeededPermissions | undefined
  /** What a deletion needs, if that is not what other writes need. */
  readonly remove: NeededPermissions | undefined
  /** The ids that the service makes: UUIDs, or the numbers from 1 on, of which none comes back after a deletion. */
  readonly ids: "uuid" | "number"
  /** The verbs that change one object. */
  readonly updates: ReadonlyArray<"PATCH" | "PUT">
  /** The status of a successful creation and of a successful change. */
  readonly status: { readonly created: 200 | 201; readonly updated: 200 | 204 }
  /** Objects on a page: without `$top`, and at most. If both are equal, `$top` is refused. */
  readonly pageSize: { readonly standard: number; readonly most: number }
  readonly children: Readonly<Record<string, FakeChildren>>
  readonly assign: FakeAssign | undefined
  /** Properties that a listing shows as null. */
  readonly nullInLists: ReadonlyArray<string>
  /** Properties that a listing leaves out. */
  readonly notInLists: ReadonlyArray<string>
  /** Properties that are told only if they are selected. */
  readonly onlySelected: ReadonlyArray<string>
  /** What becomes of `$filter`. */
  readonly filter: "applied" | "ignored" | "refused"
  /** v1.0 leaves out an object that says something that only beta knows, wherever it says it. */
  readonly hidesPreviews: boolean
  /** It needs a licence for Intune, and refuses in Intune's words. */
  readonly intune: boolean
  /** Objects carry an `@odata.etag`, and `If-Match` may bind a write to it. */
  readonly etag: boolean
}
