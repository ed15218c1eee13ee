/**
 * The operation that compares two states of a tenant, policy by policy, and its handler. It changes nothing in the tenant. It
 * compares the kinds of policies that both states have. These and the counts are the run's report; `PolicyDrift` reads the
 * differences. People and programs start it through `Runs`.
 *
 * @module
 */

import { type Capability, Operation, type Run, RunFailure, RunHandler, StartGate } from "@atlas/operations"
import { Effect, Option, Schema, Stream } from "effect"
import { BackupId } from "../backups/BackupSet.ts"
import { differenceOf } from "../policies/PolicyDiff.ts"
import { pairPolicies } from "../policies/PolicyPairs.ts"
import { readPolicies } from "../policies/PolicyObject.ts"
import { pageFailures, recordOf } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { PolicySelection, readContracts, sourceLabel, sourcesOf, typesIn } from "../policies/PolicyType.ts"
import type { DriftItem } from "./DriftItem.ts"
import { makeDriftStore, type StatePolicy } from "./DriftStore.ts"
import { namesOfBackup, namesOfInventory, namesOfTenant } from "./referenceNames.ts"
import { differingTexts, type Names } from "./differingTexts.ts"

/** A state of a tenant: as the last sync saw it, as a backup has it, or as it is now. */
export const PolicyState = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("inventory") }),
  Schema.Struct({ kind: Schema.Literal("backup"), id: BackupId }),
  Schema.Struct({ kind: Schema.Literal("live") })
])
export type PolicyState = typeof PolicyState.Type

const sideKey = (side: PolicyState) => (side.kind === "backup" ? `backup ${side.id}` : side.kind)

const viewOfSide = ({ kind }: PolicyState): Capability =>
  kind === "backup" ? "tenant.backups.view" : "tenant.inventory.view"

/** The operation `drift.compare`. Viewing its run takes the capability to view each of the two states. */
export const operation = Operation.make({
  name: "drift.compare",
  label: "Compare policies",
  description: "Compares two of the inventory, a backup and the tenant as it is now. Changes nothing.",
  category: "Intune",
  input: Schema.Struct({
    from: PolicyState,
    to: PolicyState,
    /** Only these kinds and those that share their collections; all by default. */
    types: Schema.optionalKey(PolicySelection)
  }),
  capabilities: {
    start: "tenant.inventory.sync",
    view: "tenant.inventory.view",
    viewOf: ({ from, to }) => [viewOfSide(from), viewOfSide(to)]
  },
  identity: {
    rule: "while_active",
    key: ({ from, to, types }) => [sideKey(from), sideKey(to), types === undefined ? null : [...types].sort()]
  },
  gates: [StartGate.providerConnection],
  contracts: readContracts
})

const decodeReport = Schema.decodeUnknownOption(
  Schema.Struct({ kind: Schema.Literal("drift"), types: Schema.Array(Schema.String) })
)

const decodeCounts = Schema.decodeUnknownOption(
  Schema.Struct({ kind: Schema.Literal("drift"), added: Schema.Int, removed: Schema.Int, changed: Schema.Int })
)

/** Whether a comparison has ended with a result. What another one has found is a part of the differences at best. */
export const hasResult = ({ outcome }: Pick<Run, "outcome">): boolean =>
  outcome === "succeeded" || outcome === "partially_succeeded"

/** How many policies differ by a comparison; null if it has no result. */
export const differenceCount = (run: Pick<Run, "outcome" | "report">): number | null =>
  hasResult(run)
    ? Option.match(decodeCounts(run.report), {
        onNone: () => null,
        onSome: ({ added, changed, removed }) => added + changed + removed
      })
    : null

/** The names of the kinds of policies that a comparison has compared; none if it has not ended, or if it failed. */
export const comparedTypes = ({ report }: Pick<Run, "report">): ReadonlyArray<string> =>
  Option.match(decodeReport(report), { onNone: () => [], onSome: ({ types }) => types })

type DriftRun = RunHandler.RunContext<Operation.Input<typeof operation>>

/** Reads a collection from the tenant, and stores what it says, so that pages can show it. */
const readLive = Effect.fnUntraced(function* (run: DriftRun, source: PolicySource) {
  const store = yield* PolicyStore
  const salt = yield* store.salt(run.scope)
  const found: Array<StatePolicy> = []
  const unread: Array<string> = []
  yield* Stream.runForEach(
    readPolicies(run.scope, source),
    Effect.fnUntraced(function* (page) {
      yield* Effect.forEach(pageFailures(source, page), (failure) => run.failed(failure), { discard: true })
      unread.push(...page.unread.map(({ id }) => id))
      const recorded = page.policies.map((policy) => recordOf(source, policy, salt))
      const contents = recorded.flatMap((each) => each.contents)
      yield* run.transaction(store.put(run.scope, contents))
      found.push(...recorded.map(({ record }) => record))
    })
  )
  return { policies: found, unread }
})

/** Reads a collection in one of the states. */
const readSide = Effect.fnUntraced(function* (run: DriftRun, source: PolicySource, side: PolicyState) {
  const drift = yield* makeDriftStore
  if (side.kind === "live") return yield* readLive(run, source)
  if (side.kind === "inventory") return { policies: yield* drift.listInventory(run.scope, source.name), unread: [] }
  const policies = yield* drift.listBackup(run.scope, source.name, side.id)
  return { policies, unread: yield* drift.listUnread(run.scope, side.id) }
})

/** How what the policies of a state refer to is called. */
const namesOf = (run: DriftRun, side: PolicyState) =>
  side.kind === "backup"
    ? namesOfBackup(side.id)
    : Effect.succeed(side.kind === "live" ? namesOfTenant(run.scope) : namesOfInventory(run.scope))

const isImport = Effect.fnUntraced(function* (run: DriftRun, side: PolicyState) {
  if (side.kind !== "backup") return false
  const drift = yield* makeDriftStore
  return yield* drift.isImported(run.scope, side.id)
})

/** How the two states call what their policies refer to. */
const namesOfBoth = Effect.fnUntraced(function* (run: DriftRun) {
  const { from, to } = run.input
  const names: Names = {
    from: yield* namesOf(run, from),
    to: yield* namesOf(run, to),
    isForeign: sideKey(from) !== sideKey(to) && ((yield* isImport(run, from)) || (yield* isImport(run, to)))
  }
  return names
})

/** A policy that differs. */
interface Drift {
  readonly from: StatePolicy | null
  readonly to: StatePolicy | null
}

const isSame = (from: StatePolicy, to: StatePolicy) =>
  from.contentHash === to.contentHash &&
  // A state without assignments says nothing about them.
  (from.assignmentsHash === null || to.assignmentsHash === null || from.assignmentsHash === to.assignmentsHash)

/** The policies that differ, or that only one of the states has. In another tenant, the same text may say something else. */
const drifts = (
  from: ReadonlyArray<StatePolicy>,
  to: ReadonlyArray<StatePolicy>,
  { isNumbered }: PolicySource,
  { isForeign }: Names
): ReadonlyArray<Drift> => {
  const partners = pairPolicies(from, to, isForeign && isNumbered)
  const paired = new Set(partners.values())
  return [
    ...from.flatMap((policy): ReadonlyArray<Drift> => {
      const partner = partners.get(policy.id) ?? null
      return partner !== null && !isForeign && isSame(policy, partner) ? [] : [{ from: policy, to: partner }]
    }),
    ...to.flatMap((policy): ReadonlyArray<Drift> => (paired.has(policy) ? [] : [{ from: null, to: policy }]))
  ]
}

const comparedAtOnce = 100

type Texts = ReadonlyMap<string, string>

const differenceBetween = (texts: { readonly from: string; readonly to: string } | null) =>
  texts === null ? { fields: [], more: 0 } : differenceOf(texts.from, texts.to)

/** What a policy says differently in the two states, assignments among it if both have them; null if nothing. */
const differenceIn = Effect.fnUntraced(function* (texts: Texts, before: StatePolicy, after: StatePolicy, names: Names) {
  const differing = (from: string | null, to: string | null) =>
    // A state without assignments says nothing about them.
    from === null || to === null
      ? Effect.succeed(null)
      : differingTexts(texts.get(from) ?? "{}", texts.get(to) ?? "{}", names)
  const said = yield* differing(before.contentHash, after.contentHash)
  const assigned = yield* differing(before.assignmentsHash, after.assignmentsHash)
  if (said === null && assigned === null) return null
  const [content, assignments] = [differenceBetween(said), differenceBetween(assigned)]
  const fields = assignments.fields.map((field) => ({ ...field, path: `assignments/${field.path}` }))
  return { fields: [...content.fields, ...fields], more: content.more + assignments.more }
})

/** What is stored of a policy that differs by its hashes; null if it says the same. */
const itemOf = Effect.fnUntraced(function* (
  texts: Texts,
  { from, to }: Drift,
  names: Names
): Effect.fn.Return<Omit<DriftItem, "source"> | null, never, Effect.Services<ReturnType<typeof differingTexts>>> {
  const side = to ?? from
  if (side === null) return null
  const { id, title, type } = side
  const item = { id, type, title }
  if (from === null) return { ...item, change: "added", difference: null }
  if (to === null) return { ...item, change: "removed", difference: null }
  const difference = yield* differenceIn(texts, from, to, names)
  return difference === null ? null : { ...item, change: "changed", difference }
})

const compareSource = Effect.fnUntraced(function* (run: DriftRun, source: PolicySource, names: Names) {
  const store = yield* PolicyStore
  const drift = yield* makeDriftStore
  const [one, other] = [yield* readSide(run, source, run.input.from), yield* readSide(run, source, run.input.to)]
  // Of a policy that cannot be read, nobody knows whether it differs.
  const unread = new Set([...one.unread, ...other.unread])
  const [from, to] = [one, other].map(({ policies }) => policies.filter(({ id }) => !unread.has(id))) as [
    Array<StatePolicy>,
    Array<StatePolicy>
  ]
  const found = drifts(from, to, source, names)
  const counts = { compared: Math.max(from.length, to.length), added: 0, removed: 0, changed: 0 }
  // An attempt that died may have stored some of the differences.
  yield* run.transaction(drift.restart(run.run.id, source.name))
  for (let at = 0; at < found.length; at += comparedAtOnce) {
    const part = found.slice(at, at + comparedAtOnce)
    const sides = part.flatMap((each) => [each.from, each.to].filter((side) => side !== null))
    const hashes = sides.flatMap(({ assignmentsHash, contentHash }) => [contentHash, assignmentsHash ?? contentHash])
    const texts = yield* store.texts(run.scope, hashes)
    const items = (yield* Effect.forEach(part, (each) => itemOf(texts, each, names))).filter((item) => item !== null)
    for (const { change } of items) counts[change]++
    yield* run.transaction(drift.add(run.run.id, run.scope, source.name, items))
  }
  return counts
})

const requireBackup = Effect.fnUntraced(function* (run: DriftRun, side: PolicyState) {
  if (side.kind !== "backup") return
  const drift = yield* makeDriftStore
  if (yield* drift.hasBackup(run.scope, side.id)) return
  const message = "The tenant has no such backup, or it has expired."
  return yield* new RunFailure({ reasonCode: "ext.drift.backup_missing", message })
})

/** Those of some collections that a state has; the tenant itself has all of them. */
const covered = Effect.fnUntraced(function* (run: DriftRun, side: PolicyState, sources: ReadonlyArray<PolicySource>) {
  if (side.kind === "live") return sources
  const drift = yield* makeDriftStore
  const names = yield* side.kind === "inventory"
    ? drift.inventorySources(run.scope)
    : drift.backupSources(
        run.scope,
        side.id,
        sources.map((source) => [source.name, sourceLabel(source)] as const)
      )
  return sources.filter(({ name }) => names.includes(name))
})

/** The collections that both states have. What one of them never looked at would be a difference of every policy. */
const sharedSources = Effect.fnUntraced(function* (run: DriftRun) {
  const { from, to, types } = run.input
  const shared = yield* covered(run, to, yield* covered(run, from, sourcesOf(types)))
  if (shared.length > 0) return shared
  const message =
    "The two states have none of these kinds of policies in common: sync the inventory, or choose another backup."
  return yield* new RunFailure({ reasonCode: "ext.drift.nothing_in_common", message })
})

/** The handler: compares collection after collection and stores each difference. */
export const handler = operation.toLayer(
  Effect.fn("DriftCompare")(function* (run) {
    yield* requireBackup(run, run.input.from)
    yield* requireBackup(run, run.input.to)
    const total = { compared: 0, added: 0, removed: 0, changed: 0 }
    const sources = yield* sharedSources(run)
    const names = yield* namesOfBoth(run)
    for (const source of sources) {
      const found = yield* compareSource(run, source, names)
      for (const name of ["compared", "added", "removed", "changed"] as const) total[name] += found[name]
      yield* run.progress({
        processed: total.compared,
        created: total.added,
        updated: total.changed,
        removed: total.removed
      })
    }
    yield* run.report({ kind: "drift", version: 1, ...total, types: typesIn(sources).map(({ name }) => name) })
    return RunHandler.succeeded
  })
)
