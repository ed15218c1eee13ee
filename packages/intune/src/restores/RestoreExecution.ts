import { type GraphError, reportOf, RunFailure, RunHandler } from "@atlas/operations"
import { Effect, Result } from "effect"
import type { PolicySource, PolicyWrites } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { makeNewNamesakes, type NewNamesake } from "./NewNamesakes.ts"
import { type ItemResult, makeRestoreItemStore, type UnwrittenItem } from "./RestoreItemStore.ts"
import { execute } from "./RestoreOperations.ts"
import { isDefault } from "./RestorePlan.ts"
import { restoreOrder } from "./restoreOrder.ts"
import { assignmentsWith, contentWith, referredCollections, replacing, requireMade } from "./RestoreReferences.ts"
import { assignPolicy, createPolicy, currentPolicy, type RestoringPolicy, updatePolicy } from "./RestoreWrites.ts"
import { keepSafe, overwrittenReferences } from "./SafetyBackup.ts"
import { makeRestoreState } from "./state.ts"

type ExecuteRun = RunHandler.RunContext<{ readonly restore: string }>

const restoreOf = ({ input, scope }: ExecuteRun) => ({ tenant: scope, id: input.restore })

const notConfirmed = () =>
  new RunFailure({
    reasonCode: "ext.restore.not_confirmed",
    message: "The restore does not exist, is not confirmed, or is over: confirm it, or plan another one."
  })

const begin = Effect.fnUntraced(function* (run: ExecuteRun) {
  const state = yield* makeRestoreState
  return (yield* state.begin(restoreOf(run), run.run.id)) ?? (yield* notConfirmed())
})

/** How an execution writes. */
interface Writing {
  readonly withAssignments: boolean
  readonly newNamesakes: Effect.Success<ReturnType<typeof makeNewNamesakes>>
  /** Records that the write of the policy begins. */
  readonly announce: Effect.Effect<void>
}

const conflict = (message: string): ItemResult => ({ result: "skipped", id: null, message })
const done = (id: string): ItemResult => ({ result: "done", id, message: null })

const partlyWritten =
  "An earlier attempt of this restore began to change the policy, or somebody else changed it: plan another restore."
const changed = "The policy was changed after the restore was planned, so nothing was written: plan another restore."

const appeared =
  "The tenant has got a policy with this title since the restore was planned, so nothing was created: plan another restore."
const halfCreated =
  "An earlier attempt of this restore may have created the policy that the tenant has with this title, and which says something else: look at it, then plan another restore."

/** Whether somebody else has assigned a policy that this restore creates. */
const isForeign = ({ assignmentCount, assignmentsHash }: NewNamesake, wanted: RestoringPolicy) =>
  assignmentCount !== null && assignmentCount > 0 && assignmentsHash !== wanted.assignments?.hash

/**
 * Never repeats a write whose answer was lost, but reads whether it took effect.
 *
 * @param written the id of the policy that was written; null if nothing was
 */
const certainly = <R1, R2>(
  write: Effect.Effect<string, GraphError, R1>,
  written: Effect.Effect<string | null, GraphError, R2>
) =>
  write.pipe(
    Effect.catchIf(
      ({ reasonCode }) => reasonCode === "provider_outcome_unknown",
      (error) => Effect.flatMap(written, (id) => (id === null ? Effect.fail(error) : Effect.succeed(id)))
    )
  )

/** Whether the plan leaves out assignments, since what they refer to does not exist. */
const leavesOut = ({ references }: UnwrittenItem) => references.some(({ made, to }) => to === null && !made)

/** The policy is as the backup has it, but not its assignments: another plan finishes it. */
const unassigned = ({ action }: UnwrittenItem, id: string, error: GraphError): ItemResult => ({
  result: "failed",
  id,
  message: `${action === "create" ? "Created" : "Updated"}, but not assigned: plan another restore to assign it. ${error.message}`
})

/** Creates one policy, unless the tenant has got it since the restore was planned. */
const createOne = Effect.fnUntraced(function* (
  run: ExecuteRun,
  row: UnwrittenItem,
  wanted: RestoringPolicy,
  { announce, newNamesakes }: Writing
) {
  const found = yield* newNamesakes(wanted)
  if (found.length > 0) {
    // An earlier attempt began to create it, and may have done so.
    const own = row.result === "writing" ? found.find(({ isAsWanted }) => isAsWanted) : undefined
    if (own === undefined) return conflict(row.result === "writing" ? halfCreated : appeared)
    return isForeign(own, wanted) ? { ...conflict(changed), id: own.id } : done(own.id)
  }
  yield* announce
  const written = Effect.map(
    newNamesakes(wanted, true),
    (made) => made.find(({ isAsWanted }) => isAsWanted)?.id ?? null
  )
  return done(yield* certainly(createPolicy(run.scope, wanted), written))
})

/** Changes one policy, unless somebody else has since the restore was planned. */
const updateOne = Effect.fnUntraced(function* (
  run: ExecuteRun,
  row: UnwrittenItem,
  wanted: RestoringPolicy,
  { announce, withAssignments }: Writing
) {
  const { seenHash, seenId } = row
  if (seenId === null || seenHash === null) return conflict(changed)
  const policy = yield* currentPolicy(run.scope, wanted.source, seenId)
  if (policy === null) return conflict("The policy is gone: plan another restore.")
  const now = policy.record
  const isReassigned =
    now.assignmentsHash !== row.seenAssignmentsHash && now.assignmentsHash !== wanted.assignments?.hash
  if (withAssignments && isReassigned) return conflict(changed)
  if (now.contentHash === wanted.content.hash) return done(seenId)
  if (now.contentHash !== seenHash) return conflict(row.result === "writing" ? partlyWritten : changed)
  yield* announce
  const written = Effect.map(currentPolicy(run.scope, wanted.source, seenId), (after) =>
    after?.record.contentHash === wanted.content.hash ? seenId : null
  )
  return done(yield* certainly(Effect.as(updatePolicy(run.scope, wanted, seenId, seenHash), seenId), written))
})

/** What the restore has created so far of what others refer to: ids in the tenant, by collection and id. */
const madeSoFar = Effect.fnUntraced(function* (restore: string) {
  const policies = yield* makeRestoreItemStore
  const made = yield* Effect.forEach(referredCollections, (source) =>
    Effect.map(policies.listCreated(restore, source), (rows) =>
      rows.map(({ id, to }) => [`${source} ${id}`, to] as const)
    )
  )
  return new Map(made.flat())
})

/** What a policy is to say in this tenant, as the plan has decided about its references. */
const restoringOf = Effect.fnUntraced(function* (
  run: ExecuteRun,
  row: UnwrittenItem,
  source: PolicySource,
  writes: PolicyWrites
) {
  const store = yield* PolicyStore
  const made = yield* madeSoFar(run.input.restore)
  yield* requireMade(row.references, made)
  const replace = replacing(row.references, made)
  const { assignmentsHash, contentHash } = row
  const texts = yield* store.texts(run.scope, [contentHash, ...(assignmentsHash === null ? [] : [assignmentsHash])])
  const textOf = (hash: string) => {
    const text = texts.get(hash)
    return text === undefined ? Effect.die(new Error("A content of a backup is gone")) : Effect.succeed(text)
  }
  const restoring: RestoringPolicy = {
    ...row,
    source,
    writes,
    content: contentWith(yield* textOf(contentHash), replace),
    assignments: assignmentsHash === null ? null : assignmentsWith(yield* textOf(assignmentsHash), replace)
  }
  return restoring
})

/**
 * The handler that executes a confirmed plan, policy by policy. It records that a write begins before it sends it. After a
 * crash, it reads what had begun before it writes anything.
 */
export const executeHandler = execute.toLayer(
  Effect.fn("RestoreExecution")(function* (run) {
    const policies = yield* makeRestoreItemStore
    const { backupName, hasSafety, withAssignments } = yield* run.transaction(begin(run))
    if (!hasSafety) {
      // Names are read before: no transaction waits for Graph.
      const references = yield* overwrittenReferences(run)
      yield* run.transaction(keepSafe(run, backupName, references))
    }
    const newNamesakes = yield* makeNewNamesakes(run)
    const pending = yield* policies.listUnwritten(run.input.restore)
    const place = ({ source }: UnwrittenItem) => restoreOrder.findIndex((each) => each.name === source)
    const rows = [...pending].sort((a, b) => place(a) - place(b))
    const total = run.run.summaryCounts.total ?? rows.length
    let { failed = 0, processed = 0, skipped = 0, succeeded = 0 } = run.run.summaryCounts
    const counts = () => ({ total, processed, succeeded, failed, skipped })
    const note = (row: UnwrittenItem, result: ItemResult) =>
      run.transaction(policies.noteResult(run.input.restore, row, result), counts)
    for (const row of rows) {
      const source = restoreOrder.find(({ name }) => name === row.source)
      const writes = source?.writes ?? null
      if (source === undefined || writes === null) continue
      const announce = note(row, { result: "writing", id: null, message: null })
      const outcome: ItemResult = yield* Effect.gen(function* () {
        const wanted = yield* restoringOf(run, row, source, writes)
        const write = row.action === "create" ? createOne : updateOne
        const written = yield* write(run, row, wanted, { withAssignments, newNamesakes, announce })
        if (written.result !== "done" || written.id === null || !withAssignments || isDefault(source, row.id))
          return written
        const assigned = yield* Effect.result(assignPolicy(run.scope, wanted, written.id))
        if (Result.isSuccess(assigned)) return { ...written, message: leavesOut(row) ? row.reason : null }
        yield* run.failed({ ...reportOf(assigned.failure), item: row.title })
        return unassigned(row, written.id, assigned.failure)
      }).pipe(
        Effect.catchTag("GraphError", (error) =>
          Effect.as(run.failed({ ...reportOf(error), item: row.title }), {
            result: "failed" as const,
            id: null,
            message: error.message
          })
        )
      )
      processed++
      if (outcome.result === "done") succeeded++
      else if (outcome.result === "failed") failed++
      else {
        skipped++
        yield* run.failed({ reasonCode: "ext.restore.conflict", message: outcome.message ?? changed, item: row.title })
      }
      yield* note(row, outcome)
    }
    const state = yield* makeRestoreState
    if (!(yield* run.transaction(state.finish(restoreOf(run)), counts))) return yield* notConfirmed()
    return RunHandler.succeeded
  })
)
