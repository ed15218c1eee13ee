import { type GraphError, type Operation, reportOf, type RunCounts, RunFailure, RunHandler } from "@atlas/operations"
import { Effect, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { retry, runNow, scheduled } from "./BackupOperations.ts"
import type { MissingPart } from "./BackupSet.ts"
import { makeBackupStore, type OpenBackup } from "./BackupStore.ts"
import { makeScheduleStore } from "./ScheduleStore.ts"
import { nameReferences } from "./nameReferences.ts"
import { makeReferenceStore } from "./ReferenceStore.ts"
import type { NamedReference } from "../policies/references/Reference.ts"
import { readPolicies, type UnreadPolicy } from "../policies/PolicyObject.ts"
import { pageFailures, type RecordedPolicy, recordOf, listedFacts } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { sourceLabel, sourcesOf } from "../policies/PolicyType.ts"

type BackupRun = RunHandler.RunContext<Operation.Input<typeof runNow>>

const scheduleOf = Effect.fnUntraced(function* (run: BackupRun) {
  const schedules = yield* makeScheduleStore
  return yield* Effect.catchTag(
    schedules.findEvenDeleted(run.scope, run.input.schedule),
    "NotFound",
    () =>
      new RunFailure({
        reasonCode: "ext.backup.schedule_missing",
        message: "The tenant has no such backup schedule."
      })
  )
})

/** How far the attempt is. */
interface Progress {
  counts: RunCounts
}

const missingPolicy = (source: PolicySource, policy: UnreadPolicy): MissingPart => {
  const { message, reasonCode } = policy.error
  const { title } = listedFacts(source, policy)
  return { label: sourceLabel(source), policy: { id: policy.id, title }, reasonCode, message }
}

const mostNamed = 100

/** The first of what is missing by name, and a sentence for the rest. */
const named = (missing: ReadonlyArray<MissingPart>): ReadonlyArray<MissingPart> => {
  const [first, ...rest] = missing.slice(mostNamed)
  if (first === undefined) return missing
  const message = `${rest.length + 1} more policies could not be read.`
  return [...missing.slice(0, mostNamed), { ...first, policy: null, message }]
}

const unnamed = (recorded: ReadonlyArray<RecordedPolicy>) =>
  recorded.flatMap(({ references }) => references.map((reference): NamedReference => ({ ...reference, name: null })))

/** Copies one collection into the backup, page by page, from its beginning. */
const backUpSource = Effect.fnUntraced(function* (
  run: BackupRun,
  backup: OpenBackup,
  source: PolicySource,
  progress: Progress
) {
  const store = yield* PolicyStore
  const writes = makeBackupStore(yield* SqlClient.SqlClient)
  const references = yield* makeReferenceStore
  const salt = yield* store.salt(run.scope)
  const missing: Array<MissingPart> = []
  yield* run.transaction(writes.restart(backup, source.name))
  yield* Stream.runForEach(
    readPolicies(run.scope, source),
    Effect.fnUntraced(function* (page) {
      yield* Effect.forEach(pageFailures(source, page), (failure) => run.failed(failure), { discard: true })
      missing.push(...page.unread.map((policy) => missingPolicy(source, policy)))
      const recorded = page.policies.map((policy) => recordOf(source, policy, salt))
      const contents = recorded.flatMap((each) => each.contents)
      const records = recorded.map(({ record }) => record)
      const processed = (progress.counts.processed ?? 0) + records.length
      progress.counts = yield* run.transaction(
        store
          .put(run.scope, contents)
          .pipe(
            Effect.andThen(writes.add(run.scope, backup, source.name, records)),
            Effect.andThen(references.add(backup.id, unnamed(recorded))),
            Effect.as({ processed })
          ),
        (counts) => counts
      )
    })
  )
  yield* run.transaction(writes.conclude(backup, source.name, named(missing)))
})

/**
 * Makes one backup for each run, whichever attempt finishes it. The backup records every collection that could not be read. If
 * none could be read, the run fails.
 */
const backUp = Effect.fn("BackupRun")(function* (run: BackupRun) {
  const schedule = yield* scheduleOf(run)
  const writes = makeBackupStore(yield* SqlClient.SqlClient)
  const origin = { kind: "schedule", schedule: schedule.id, run: run.run.id } as const
  const backup = yield* run.transaction(writes.open(run.scope, schedule.name, origin))
  const pending = sourcesOf(schedule.types ?? undefined).filter(({ name }) => !backup.done.has(name))
  const progress: Progress = { counts: run.run.summaryCounts }
  const failed: Array<readonly [PolicySource, GraphError]> = []
  for (const source of pending) {
    yield* backUpSource(run, backup, source, progress).pipe(
      Effect.catchTag("GraphError", (error) => Effect.sync(() => failed.push([source, error])))
    )
  }
  const [first] = failed
  if (first !== undefined && failed.length === pending.length && backup.done.size === 0) {
    return yield* new RunFailure({ reasonCode: first[1].reasonCode, message: "No kind of policy could be read." })
  }
  for (const [source, error] of failed) {
    const { message, reasonCode } = error
    const label = sourceLabel(source)
    yield* run.failed({ ...reportOf(error), item: label })
    yield* run.transaction(
      Effect.andThen(
        writes.restart(backup, source.name),
        writes.conclude(backup, source.name, [{ label, policy: null, reasonCode, message }])
      )
    )
  }
  for (const failure of yield* nameReferences(run.scope, backup.id)) yield* run.failed(failure)
  yield* run.transaction(writes.seal(backup), ({ items }) => ({ processed: items }))
  return RunHandler.succeeded
})

/** The handlers that make backups, for `Worker.layer`. */
export const backupHandlers = [runNow.toLayer(backUp), retry.toLayer(backUp), scheduled.toLayer(backUp)] as const
