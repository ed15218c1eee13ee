/**
 * The references of a restore: resolved when it is planned, and written as the plan says when it is executed.
 *
 * @module
 */

import { ExactJson, type Graph, GraphError, reportOf, type RunHandler, Storable } from "@atlas/operations"
import { Effect, Predicate, Result, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { canonicalAssignments, canonicalContent, type PolicyContent } from "../policies/PolicyContent.ts"
import type { GraphObject } from "../policies/PolicySource.ts"
import { type DirectoryKind, DirectoryObjects } from "../policies/references/DirectoryObjects.ts"
import {
  kindLabels,
  type NamedReference,
  nameInstead,
  type Reference,
  type ReferenceKind,
  referenceKey,
  referencesIn,
  type Replace,
  withReferences
} from "../policies/references/Reference.ts"
import { makeReferenceStore } from "../backups/ReferenceStore.ts"
import {
  isListed,
  type ListedKind,
  listTargets,
  type ReferenceTarget
} from "../policies/references/referenceTargets.ts"
import {
  type Candidates,
  isUsable,
  type Resolutions,
  resolveReference,
  unresolvedReason
} from "../policies/references/resolveReferences.ts"
import type { ResolvedReference } from "./ResolvedReference.ts"
import { makeRestoreItemStore } from "./RestoreItemStore.ts"

/** The collections that hold what a kind refers to, for those that a restore may create. */
const collections: Readonly<Partial<Record<ReferenceKind, string>>> = {
  assignment_filter: "assignment_filters",
  scope_tag: "scope_tags",
  named_location: "named_locations"
}

/** The collections whose policies others refer to. */
export const referredCollections: ReadonlyArray<string> = Object.values(collections)

const parseContent = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown), { reviver: ExactJson.reviver })
)
const parseAssignments = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Array(Schema.Record(Schema.String, Schema.Unknown)), { reviver: ExactJson.reviver })
)

/** A policy's content with the references as a plan has decided. */
export const contentWith = (text: string, replace: Replace) =>
  canonicalContent(withReferences(parseContent(text), replace) as GraphObject)

/** An assignment that keeps a policy from a group. */
const isExclusion = ({ target }: GraphObject) =>
  Predicate.hasProperty(target, "@odata.type") && /exclusionGroupAssignmentTarget$/i.test(String(target["@odata.type"]))

/**
 * Whether what is left of assignments may be written without those that are lost. Without an exclusion, a policy would apply to
 * more than before; without any that includes, it would apply to nobody.
 */
const isWritable = (all: ReadonlyArray<GraphObject>, lost: ReadonlyArray<GraphObject>) =>
  lost.length === 0 ||
  (!lost.some(isExclusion) && all.some((assignment) => !isExclusion(assignment) && !lost.includes(assignment)))

/**
 * A policy's assignments with the references as a plan has decided, without those that would be for nobody. Null if none is
 * written: the tenant's stay as they are.
 */
export const assignmentsWith = (text: string, replace: Replace): PolicyContent | null => {
  const all = parseAssignments(text)
  const isLost = (assignment: GraphObject) => referencesIn(assignment).some((reference) => replace(reference) === null)
  if (!isWritable(all, all.filter(isLost))) return null
  return canonicalAssignments(
    all
      .filter((assignment) => !isLost(assignment))
      .map((assignment) => withReferences(assignment, replace) as GraphObject)
  )
}

/** How a plan's references are written. `made` gives the ids of what the restore has created, by collection and id. */
export const replacing = (resolved: ReadonlyArray<ResolvedReference>, made: ReadonlyMap<string, string>): Replace => {
  const byKey = new Map(resolved.map((reference) => [referenceKey(reference), reference]))
  return (reference) => {
    const decided = byKey.get(referenceKey(reference))
    if (decided === undefined) return reference.id
    return decided.made ? (made.get(`${collections[reference.kind]} ${reference.id}`) ?? null) : decided.to
  }
}

/** In a plan, what stands for the ids of what the restore is to create. */
export const toBeMade = (resolved: ReadonlyArray<ResolvedReference>): ReadonlyMap<string, string> =>
  new Map(
    resolved.flatMap(({ id, kind, made }) =>
      made ? [[`${collections[kind]} ${id}`, `${id} (made anew)`] as const] : []
    )
  )

/** Fails if the restore could not create what a policy refers to. */
export const requireMade = (resolved: ReadonlyArray<ResolvedReference>, made: ReadonlyMap<string, string>) => {
  const missing = resolved.find(({ id, kind, made: isMade }) => isMade && !made.has(`${collections[kind]} ${id}`))
  return missing === undefined
    ? Effect.void
    : Effect.fail(
        new GraphError({
          reasonCode: "ext.restore.reference_missing",
          message: `It refers to the ${kindLabels[missing.kind]} ${missing.id}, which this restore could not create.`
        })
      )
}

/** The references of one policy of a restore, resolved. */
export interface PolicyReferences {
  /** Why the content cannot be written; null if it can. */
  readonly contentProblem: string | null
  /** What is not assigned, as a sentence; null if everything is. */
  readonly warning: string | null
  readonly resolved: ReadonlyArray<ResolvedReference>
}

const decided = (resolutions: Resolutions): ReadonlyArray<ResolvedReference> =>
  [...resolutions.values()].flatMap(({ reference: { id, kind }, resolution }): ResolvedReference | [] => {
    if (resolution._tag === "Unchecked" || (resolution._tag === "Found" && resolution.id === id)) return []
    return { kind, id, to: resolution._tag === "Found" ? resolution.id : null, made: resolution._tag === "Made" }
  })

const pick = (resolutions: Resolutions, references: ReadonlyArray<Reference>): Resolutions =>
  new Map(
    references.flatMap((reference) => {
      const found = resolutions.get(referenceKey(reference))
      return found === undefined ? [] : [[referenceKey(reference), found] as const]
    })
  )

const warningOf = (resolutions: Resolutions, assignments: ReadonlyArray<GraphObject>): string | null => {
  const left = assignments.filter((assignment) => referencesIn(assignment).some((each) => !isUsable(resolutions, each)))
  const lost = new Map(
    left.flatMap(referencesIn).flatMap((reference) => {
      const found = isUsable(resolutions, reference) ? undefined : resolutions.get(referenceKey(reference))
      return found === undefined ? [] : [[referenceKey(reference), found] as const]
    })
  )
  const why = unresolvedReason(lost)
  if (why === null) return null
  if (left.some(isExclusion))
    return `No assignment is written: without one that excludes, it would apply to more. ${why}`
  if (!isWritable(assignments, left)) return `No assignment is written. ${why}`
  const count = left.length === 1 ? "One assignment is" : `${left.length} assignments are`
  return `${count} left out. ${why}`
}

/** What a plan makes of the policies that others refer to, by collection and id. */
export type RestoredTargets = ReadonlyMap<string, NonNullable<Candidates["restored"]>>

/** Resolves the references of the policies of a restore. */
export interface ReferenceResolver {
  /** The backup may be of another tenant. */
  readonly isForeign: boolean
  /** Resolves those of one policy. `restored` gives what the plan does with policies that others refer to. */
  resolve(
    content: string,
    assignments: string | null,
    restored: RestoredTargets
  ): Effect.Effect<PolicyReferences, never, Graph | SqlClient.SqlClient>
}

/** The objects of a kind, and the ids that are known to be gone. */
interface Targets extends Pick<Candidates, "isComplete" | "targets"> {
  readonly gone: ReadonlySet<string>
}

type Run = Pick<RunHandler.RunContext<{ readonly restore: string }>, "failed" | "input" | "scope">

/** Makes the function that resolves the references of the policies of a restore. */
export const makeReferenceResolver = Effect.fnUntraced(function* (run: Run) {
  const items = yield* makeRestoreItemStore
  const { backup, isForeign } = yield* items.readOrigin(run.input.restore)
  const known = yield* Effect.flatMap(makeReferenceStore, (store) => store.list(backup))
  const named = new Map(known.map((reference) => [referenceKey(reference), reference]))
  const targets = new Map<ReferenceKind, Targets>()

  const lookUp = Effect.fnUntraced(function* (kind: DirectoryKind, ofKind: ReadonlyArray<NamedReference>) {
    const names = ofKind.flatMap((reference) => nameInstead(reference) ?? reference.name ?? [])
    const ids = ofKind.filter((reference) => nameInstead(reference) === null).map(({ id }) => id)
    const directory = yield* DirectoryObjects
    const { isComplete, objects } = yield* directory.find(run.scope, { kind, ids, names })
    const existing = objects.filter(({ exists }) => exists)
    // What is known to be gone is missing, whether or not the cache is complete.
    const found: Targets = {
      isComplete,
      targets: existing.map(({ id, name }): ReferenceTarget => ({ id, name: Storable.nearest(name ?? id) })),
      gone: new Set(objects.filter(({ exists }) => !exists).map(({ id }) => id))
    }
    return found
  })

  const list = Effect.fnUntraced(function* (kind: ListedKind) {
    const listed = yield* Effect.result(listTargets(run.scope, kind))
    if (Result.isFailure(listed)) {
      yield* run.failed({ ...reportOf(listed.failure), item: `Names of each ${kindLabels[kind]}` })
    }
    const found: Targets = { isComplete: true, targets: Result.getOrElse(listed, () => null), gone: new Set() }
    return found
  })

  const targetsOf = Effect.fnUntraced(function* (kind: ReferenceKind) {
    const before = targets.get(kind)
    if (before !== undefined) return before
    const now = yield* isListed(kind)
      ? list(kind)
      : lookUp(
          kind,
          known.filter((reference) => reference.kind === kind)
        )
    targets.set(kind, now)
    return now
  })

  const resolve = Effect.fnUntraced(function* (reference: Reference, restored: RestoredTargets) {
    const { id, kind } = reference
    const one: NamedReference = named.get(referenceKey(reference)) ?? { kind, id, name: null }
    const shared = { isForeign, restored: restored.get(`${collections[kind]} ${id}`) }
    const isUnnamed = !isListed(kind) && !named.has(referenceKey(reference))
    const { gone, isComplete, targets: found } = yield* isUnnamed ? lookUp(kind, [one]) : targetsOf(kind)
    const candidates = { ...shared, targets: found, isComplete: isComplete || gone.has(id) }
    return { reference: one, resolution: resolveReference(one, candidates) }
  })

  const resolveAll: ReferenceResolver["resolve"] = Effect.fnUntraced(function* (content, assignments, restored) {
    const inContent = referencesIn(parseContent(content))
    const assigned = assignments === null ? [] : parseAssignments(assignments)
    const all = new Map([...inContent, ...referencesIn(assigned)].map((each) => [referenceKey(each), each]))
    const resolutions: Resolutions = new Map(
      yield* Effect.forEach(all, ([key, reference]) =>
        Effect.map(resolve(reference, restored), (found) => [key, found] as const)
      )
    )
    return {
      contentProblem: unresolvedReason(pick(resolutions, inContent)),
      warning: warningOf(resolutions, assigned),
      resolved: decided(resolutions)
    }
  })
  const resolver: ReferenceResolver = { isForeign, resolve: resolveAll }
  return resolver
})
