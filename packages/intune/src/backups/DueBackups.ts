/**
 * The scheduler of backups. About once a second it decides about the fire times that are due and starts their runs; about once
 * a minute it starts the retention of schedules with backups to expire. Any number of processes may run it: whoever decides
 * locks the schedule's row, and each fire time is decided once, for ever. Hosts run it as `Intune.scheduler`.
 *
 * @module
 */

import { Redaction, SystemRuns } from "@atlas/operations"
import { Cause, DateTime, Effect, Layer, Random, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { BackupSchedule } from "./BackupSchedule.ts"
import { retention } from "./BackupOperations.ts"
import { makeDecideDue } from "./DueDecision.ts"
import { makeRetentionStore } from "./RetentionStore.ts"
import { makeScheduleStore } from "./ScheduleStore.ts"

const tickMillis = 1_000
const retentionEveryMillis = 60_000

const decode = Schema.decodeUnknownEffect(BackupSchedule)

/** Makes the two steps of the scheduler. */
const makeDueBackups = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const schedules = yield* makeScheduleStore
  const backups = yield* makeRetentionStore
  const runs = yield* SystemRuns
  const decideDue = yield* makeDecideDue

  const decideAbout = Effect.fnUntraced(function* (row: { readonly now: Date }) {
    yield* decideDue(yield* decode(row), DateTime.fromDateUnsafe(row.now))
  })

  // A schedule that fails must not delay the others, so it is tried again later.
  const postpone = Effect.fnUntraced(function* (id: string, cause: Cause.Cause<unknown>) {
    if (Cause.hasInterrupts(cause)) return yield* Effect.failCause(cause)
    yield* Effect.logError(
      `The backup schedule ${id} failed; trying it again in five minutes`,
      Redaction.redactCause(cause)
    )
    yield* schedules.postpone(id)
  })

  /** Decides about one schedule that is due; false if none is, or others are deciding. */
  const decideNext = Effect.gen(function* () {
    const row = yield* schedules.lockDue()
    if (row === undefined) return false
    yield* decideAbout(row).pipe(Effect.catchCause((cause) => postpone(row.id, cause)))
    return true
  }).pipe(sql.withTransaction, Effect.orDie)

  /** Decides about every schedule that is due. */
  const tick = Effect.asVoid(Effect.repeat(decideNext, { while: (decided) => decided }))

  /** Starts the retention of some schedules; false if it is time for none. */
  const expireNext = Effect.gen(function* () {
    const looked = yield* backups.look()
    for (const { expires, id, tenantId, workspaceId } of looked) {
      if (expires)
        yield* runs.start("scheduler", retention, { scope: { workspaceId, tenantId }, input: { schedule: id } })
    }
    return looked.length > 0
  }).pipe(Effect.orDie)

  /** Starts the retention of every schedule that has backups to expire: failing ones must not starve the others. */
  const expire = Effect.asVoid(Effect.repeat(expireNext, { while: (found) => found }))

  return { tick, expire }
})

const repeatedly = (work: Effect.Effect<void>, everyMillis: number) =>
  work.pipe(
    Effect.catchCause((cause) =>
      Effect.logWarning("The backup scheduler failed; trying again", Redaction.redactCause(cause))
    ),
    // Jitter, so that processes do not look at the same moment.
    Effect.andThen(Effect.flatMap(Random.nextBetween(0.75, 1), (jitter) => Effect.sleep(everyMillis * jitter))),
    Effect.forever,
    Effect.forkScoped
  )

/** Runs the scheduler in this process, for as long as the layer lives. */
export const layer: Layer.Layer<never, never, SystemRuns | SqlClient.SqlClient> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { expire, tick } = yield* makeDueBackups
    yield* repeatedly(tick, tickMillis)
    yield* repeatedly(expire, retentionEveryMillis)
  })
)

/** Runs each step of the scheduler once: decides about every schedule that is due, then starts retention. */
export const tickOnce = Effect.flatMap(makeDueBackups, ({ expire, tick }) => Effect.andThen(tick, expire))
