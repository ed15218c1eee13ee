/**
 * The plan for one policy of a restore: its references resolved, its secrets checked, compared with what the tenant has.
 * `RestorePlan` decides; this finds out what it decides about.
 *
 * @module
 */

import { ExactJson, type GraphError, type RunHandler } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { lackingSecrets, type PolicyContent } from "../policies/PolicyContent.ts"
import { differenceOf } from "../policies/PolicyDiff.ts"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { type PolicyType, policyTypeNamed } from "../policies/PolicyType.ts"
import type { ItemPlan, UnplannedItem } from "./RestoreItemStore.ts"
import { planPolicy, valuesMissing } from "./RestorePlan.ts"
import {
  assignmentsWith,
  contentWith,
  type PolicyReferences,
  type ReferenceResolver,
  replacing,
  type RestoredTargets,
  toBeMade
} from "./RestoreReferences.ts"

/** A policy of the tenant. */
export interface Live {
  readonly record: PolicyRecord
  readonly contents: ReadonlyArray<PolicyContent>
}

/** A policy of the backup, as it is to be in this tenant. */
export interface WantedHere extends UnplannedItem {
  readonly references: PolicyReferences
  /** Its content and assignments in canonical JSON; null if the tenant's policy equals the backup's. */
  readonly texts: { readonly content: string; readonly assignments: string | null } | null
}

/** What is planned for one policy, and the policy of the tenant that it is paired with. */
export interface Planned {
  readonly wanted: WantedHere
  readonly source: PolicySource
  readonly live: Live | undefined
  /** Why the policy with the same id could not be read. */
  readonly unread: GraphError | undefined
}

/** What a plan has for all policies. */
export interface Planning {
  readonly withAssignments: boolean
  readonly resolver: ReferenceResolver
  readonly restored: RestoredTargets
}

/** Whether a policy says what is wanted, and is assigned so. */
export const isEqual = (
  wanted: Pick<UnplannedItem, "assignmentsHash" | "contentHash">,
  { assignmentsHash, contentHash }: PolicyRecord
): boolean => wanted.contentHash === contentHash && wanted.assignmentsHash === assignmentsHash

const membersOf = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown), { reviver: ExactJson.reviver })
)

/** The fixed properties in which the tenant's policy differs from the wanted one. */
const fixedDifferences = (type: PolicyType | null, seen: string | null, wanted: string) => {
  if (seen === null || type === null) return []
  const [before, after] = [membersOf(seen), membersOf(wanted)]
  return type.fixed.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

const textOf = (live: Live | undefined, hash: string | null | undefined) =>
  live?.contents.find((content) => content.hash === hash)?.text ?? null

// Nobody enters more by hand.
const mostAskedFor = 100

const nothingReferred: PolicyReferences = { contentProblem: null, warning: null, resolved: [] }

/** What a policy is to say in this tenant: the backup's content, with references that mean the same here. */
export const wantedHere = Effect.fnUntraced(function* (
  { scope }: Pick<RunHandler.RunContext<unknown>, "scope">,
  row: UnplannedItem,
  same: Live | undefined,
  { resolver, restored, withAssignments }: Planning
) {
  const unchanged: WantedHere = { ...row, references: nothingReferred, texts: null }
  // What the restore makes anew has another id: a policy that names the old one says nothing any more.
  const isMoved = [...restored].some(([key, { id }]) => id === null || !key.endsWith(` ${id}`))
  if (same !== undefined && isEqual(row, same.record) && !resolver.isForeign && !isMoved) return unchanged
  const store = yield* PolicyStore
  const hashes = [row.contentHash, ...(row.assignmentsHash === null ? [] : [row.assignmentsHash])]
  const stored = yield* store.texts(scope, hashes)
  const content = stored.get(row.contentHash) ?? "{}"
  const assignments = row.assignmentsHash === null ? null : (stored.get(row.assignmentsHash) ?? null)
  const references = yield* resolver.resolve(content, withAssignments ? assignments : null, restored)
  if (references.resolved.length === 0)
    return { ...row, references, texts: { content, assignments } } satisfies WantedHere
  const replace = replacing(references.resolved, toBeMade(references.resolved))
  const here = contentWith(content, replace)
  const assigned = assignments === null ? null : assignmentsWith(assignments, replace)
  return {
    ...row,
    references,
    contentHash: here.hash,
    assignmentsHash: assigned?.hash ?? null,
    texts: { content: here.text, assignments: assigned?.text ?? null }
  } satisfies WantedHere
})

/** The difference between what a policy says and what it is to say; null where there is nothing to compare. */
const differenceBetween = (
  live: Live | undefined,
  wanted: { readonly content: string; readonly assignments: string | null },
  withAssignments: boolean
) => {
  const content = differenceOf(textOf(live, live?.record.contentHash), wanted.content)
  if (!withAssignments || wanted.assignments === null) return content
  const assigned = differenceOf(textOf(live, live?.record.assignmentsHash), wanted.assignments)
  const fields = assigned.fields.map((field) => ({ ...field, path: `assignments/${field.path}` }))
  return { fields: [...content.fields, ...fields], more: content.more + assigned.more }
}

const sentences = (...parts: ReadonlyArray<string | null>): string | null => {
  const said = parts.filter((part) => part !== null)
  return said.length === 0 ? null : said.join(" ")
}

/** Plans one policy, and returns what was seen of the tenant with the plan. */
export const planItem = Effect.fn("planItem")(function* (
  run: Pick<RunHandler.RunContext<unknown>, "scope">,
  { live: partner, source, unread, wanted }: Planned,
  { withAssignments }: Planning
) {
  const store = yield* PolicyStore
  const { references, texts, ...row } = wanted
  const isAsWanted = texts === null || (partner !== undefined && isEqual(wanted, partner.record))
  const content = texts?.content ?? "{}"
  const type = row.type === null ? null : (policyTypeNamed(row.type) ?? null)
  const lacking = isAsWanted ? [] : lackingSecrets(content, yield* store.knownSecrets(run.scope, content))
  const planned = planPolicy(
    {
      ...row,
      source,
      type,
      lacking,
      fixed: isAsWanted ? [] : fixedDifferences(type, textOf(partner, partner?.record.contentHash), content),
      unresolved: references.contentProblem,
      unassigned: references.warning
    },
    partner?.record ?? null,
    withAssignments,
    unread?.message ?? null
  )
  const live = planned.seen === null ? undefined : partner
  const writes = planned.action === "create" || planned.action === "update"
  const isCompared = texts !== null && !isAsWanted && planned.action !== "create"
  const plan: ItemPlan = {
    id: row.id,
    action: planned.action,
    // What Atlas cannot write for another reason asks for nothing.
    lacking: planned.reason === valuesMissing(lacking) ? lacking.slice(0, mostAskedFor) : [],
    reason: sentences(planned.reason, writes ? references.warning : null),
    difference: isCompared ? differenceBetween(live, texts, withAssignments) : null,
    seenId: planned.seen?.id ?? null,
    seenHash: planned.seen?.contentHash ?? null,
    seenAssignmentsHash: planned.seen?.assignmentsHash ?? null,
    references: writes ? references.resolved : []
  }
  return { contents: live?.contents ?? [], plan }
})
