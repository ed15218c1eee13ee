/**
 * Copies a remote collection into Postgres exactly. A package describes its tables as a `Collection` and its pages as a
 * `Source`. `copy` fills the tables, inside the handler of an operation; `makeFreshness` says how old the copy is. Nothing is
 * removed without proof, and `RemovalGuard` limits what is removed without a person.
 *
 * @module
 */

export { type Collection, type Property, Removal, unset } from "./Collection.ts"
export { type Copy, copy, resultOf, type Tally } from "./copy.ts"
export { Freshness, makeFreshness, StaleAfter } from "./Freshness.ts"
export { ConfirmedRemovals, RemovalGuard } from "./removals.ts"
export { makeReplicaStore, type ReplicaState, type ReplicaStore } from "./ReplicaStore.ts"
export type { RoundEnd, RoundOwner } from "./Round.ts"
export type { Change, Page, Source } from "./Source.ts"
