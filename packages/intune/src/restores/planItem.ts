/**
 * The plan for one policy of a restore: its references resolved, its secrets checked, compared with what the tenant has.
 * `RestorePlan` decides; this finds out what it decides about.
 *
 * @module
 */

import { ExactJson, type GraphError, type RunHandler } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { hidesSecrets, type PolicyContent } from "../policies/PolicyContent.ts"
import { differenceOf } from "../policies/PolicyDiff.ts"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { type PolicyType, policyTypeNamed } from "../policies/PolicyType.ts"
import type { ItemPlan, UnplannedItem } from "./RestoreItemStore.ts"
import { planPolicy } from "./RestorePlan.ts"
import { assignmentsWith, contentWith, type ReferenceResolver, replacing } from "./RestoreReferences.ts"

/** A policy of the tenant. */
export interface Live {
  readonly record: PolicyRecord
  readonly contents: ReadonlyArray<PolicyContent>
}

/** What is planned for one policy, and whatever of the tenant it may be compared with. */
export interface Planned {
  readonly row: UnplannedItem
  readonly source: PolicySource
  /** The policy with the same id. */
  readonly same: Live | undefined
  /** Another policy with the same type and title. */
  readonly namesake: Live | undefined
  /** Why the policy with the same id could not be read. */
  readonly unread: GraphError | undefined
}

/** What a plan has for all policies. */
export interface Planning {
  readonly withAssignments: boolean
  readonly resolve: ReferenceResolver
  readonly restored: ReadonlyMap<string, string | null>
}

/** Whether a policy says what is wanted, and is assigned so. */
export const isEqual = (
  wanted: Pick<UnplannedItem, "assignmentsHash" | "contentHash">,
  { assignmentsHash, contentHash }: PolicyRecord
): boolean => wanted.contentHash === contentHash && wanted.assignmentsHash === assignmentsHash

const membersOf = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown), { reviver: ExactJson.reviver }))

/** The fixed properties in which the tenant's policy differs from the wanted one. */
const fixedDifferences = (type: PolicyType | null, seen: string | null, wanted: string) => {
  if (seen === null || type === null) return []
  const [before, after] = [membersOf(seen), membersOf(wanted)]
  return type.fixed.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

const textOf = (live: Live | undefined, hash: string | null | undefined) =>
  live?.contents.find((content) => content.hash === hash)?.text ?? null

/** What the policy is to say in this tenant: the backup's content, with references that mean the same here. */
const wantedOf = Effect.fnUntraced(function* (
  { scope }: Pick<RunHandler.RunContext<unknown>, "scope">,
  row: UnplannedItem,
  { resolve, restored, withAssignments }: Planning
) {
  const store = yield* PolicyStore
  const texts = yield* store.texts(scope, [
    row.contentHash,
    ...(row.assignmentsHash === null ? [] : [row.assignmentsHash])
  ])
  const content = texts.get(row.contentHash) ?? "{}"
  const assignments = row.assignmentsHash === null ? null : (texts.get(row.assignmentsHash) ?? null)
  const references = yield* resolve(content, withAssignments ? assignments : null, restored)
  if (references.resolved.length === 0) return { ...references, ...row, content, assignments }
  // What the restore itself creates has no id yet.
  const found = references.resolved.filter(({ made }) => !made)
  const replace = replacing(found, new Map())
  const [here, assigned] = [
    contentWith(content, replace),
    assignments === null ? null : assignmentsWith(assignments, replace)
  ]
  return {
    ...references,
    contentHash: here.hash,
    assignmentsHash: assigned?.hash ?? null,
    content: here.text,
    assignments: assigned?.text ?? null
  }
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
  { namesake, row, same, source, unread }: Planned,
  planning: Planning
) {
  const store = yield* PolicyStore
  const found = same ?? namesake
  const wanted = yield* wantedOf(run, row, planning)
  const isAsWanted = found !== undefined && isEqual(wanted, found.record)
  const { content, contentProblem } = wanted
  const type = row.type === null ? null : (policyTypeNamed(row.type) ?? null)
  const planned = planPolicy(
    {
      ...row,
      contentHash: wanted.contentHash,
      assignmentsHash: wanted.assignmentsHash,
      source,
      type,
      lacksSecrets: !isAsWanted && (hidesSecrets(content) || !(yield* store.knowsSecrets(run.scope, content))),
      fixed: fixedDifferences(type, textOf(found, found?.record.contentHash), content),
      unresolved: contentProblem
    },
    same?.record ?? null,
    namesake?.record ?? null,
    planning.withAssignments,
    unread?.message ?? null
  )
  const live = planned.seen === null ? undefined : found
  const writes = planned.action === "create" || planned.action === "update"
  const plan: ItemPlan = {
    id: row.id,
    action: planned.action,
    reason: sentences(planned.reason, writes ? wanted.warning : null),
    difference:
      planned.action === "create" || isAsWanted ? null : differenceBetween(live, wanted, planning.withAssignments),
    seenId: planned.seen?.id ?? null,
    seenHash: planned.seen?.contentHash ?? null,
    seenAssignmentsHash: planned.seen?.assignmentsHash ?? null,
    references: writes ? wanted.resolved : []
  }
  return { contents: live?.contents ?? [], plan }
})
