/**
 * The backup that an execution makes before it writes: of what it will overwrite, as the plan saw it, with the names of what that
 * refers to.
 *
 * @module
 */

import { ExactJson, type RunHandler } from "@atlas/operations"
import { Array, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { makeBackupStore, type OpenBackup } from "../backups/BackupStore.ts"
import { lookUpNames } from "../backups/nameReferences.ts"
import { makeReferenceStore } from "../backups/ReferenceStore.ts"
import { policyFacts } from "../policies/PolicyFacts.ts"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { policyTypeNamed } from "../policies/PolicyType.ts"
import { type NamedReference, type Reference, referenceKey, referencesIn } from "../policies/references/Reference.ts"
import { makeRestoreItemStore, type OverwrittenItem } from "./RestoreItemStore.ts"
import { makeRestoreStore } from "./RestoreStore.ts"

type ExecuteRun = RunHandler.RunContext<{ readonly restore: string }>

const seenAtOnce = 200
const bodyOf = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown), { reviver: ExactJson.reviver })
)

const recordOf = (item: OverwrittenItem, texts: ReadonlyMap<string, string>): PolicyRecord => {
  const policy = { ...item, body: bodyOf(texts.get(item.contentHash) ?? "{}"), assignments: null }
  const facts = policyFacts(policyTypeNamed(item.type ?? "") ?? null, policy)
  return { ...item, ...facts, finding: null, lastModified: null, assignmentCount: null }
}

/** What the policies that will be overwritten refer to, by the names that it has now. */
export const overwrittenReferences = Effect.fnUntraced(function* (run: ExecuteRun) {
  const store = yield* PolicyStore
  const overwritten = yield* Effect.flatMap(makeRestoreItemStore, (all) => all.listOverwritten(run.input.restore))
  const found = new Map<string, Reference>()
  for (const part of Array.chunksOf(overwritten, seenAtOnce)) {
    const hashes = part.flatMap(({ assignmentsHash, contentHash }) => [contentHash, assignmentsHash ?? contentHash])
    for (const text of (yield* store.texts(run.scope, hashes)).values()) {
      for (const reference of referencesIn(ExactJson.parse(text))) found.set(referenceKey(reference), reference)
    }
  }
  const { failures, named } = yield* lookUpNames(run.scope, [...found.values()])
  yield* Effect.forEach(failures, (failure) => run.failed(failure), { discard: true })
  const names = new Map(named.map((each) => [referenceKey(each), each]))
  return [...found].map(([key, reference]): NamedReference => names.get(key) ?? { ...reference, name: null })
})

/** Backs up what will be overwritten, if anything, as the plan saw it. What has changed since is not overwritten. */
export const keepSafe = Effect.fnUntraced(function* (
  run: ExecuteRun,
  name: string,
  references: ReadonlyArray<NamedReference>
) {
  const store = yield* PolicyStore
  const restores = yield* makeRestoreStore
  const policies = yield* makeRestoreItemStore
  const writes = makeBackupStore(yield* SqlClient.SqlClient)
  const referred = yield* makeReferenceStore
  const { restore } = run.input
  const tenant = run.scope
  const overwritten = yield* policies.listOverwritten(restore)
  if (overwritten.length === 0) return
  const backup: OpenBackup = yield* writes.open(tenant, `Before restoring “${name}”`.slice(0, 200), { kind: "restore" })
  for (const part of Array.chunksOf(overwritten, seenAtOnce)) {
    const hashes = part.map(({ contentHash }) => contentHash)
    const texts = yield* store.texts(tenant, hashes)
    for (const [source, items] of Map.groupBy(part, (item) => item.source)) {
      const records = items.map((item) => recordOf(item, texts))
      yield* writes.add(tenant, backup, source, records)
    }
  }
  yield* referred.add(backup.id, references)
  yield* writes.seal(backup)
  yield* restores.noteSafety(restore, backup)
})
