import { Backups, BackupSchedules, BackupOperations, DriftCompare, Restores, RestoreOperations } from "@atlas/intune"
import { type Actor, type Run } from "@atlas/operations"
import { Effect, Option } from "effect"
import { Host } from "../shell/Host.ts"
import type { RunRecord } from "../shell/Part.ts"

const scheduleTypes: ReadonlyArray<string> = [...BackupOperations.backupOperations, BackupOperations.retention].map(
  ({ name }) => name
)

const restoreTypes: ReadonlyArray<string> = [RestoreOperations.preview.name, RestoreOperations.execute.name]

/** The records of a run that the actor may see: its schedule, backup, restore or comparison. From the database only. */
export const makeRunRecords = Effect.gen(function* () {
  const { links } = yield* Host
  const schedules = yield* BackupSchedules
  const backups = yield* Backups
  const restores = yield* Restores
  return Effect.fnUntraced(function* (actor: Actor, run: Run) {
    const { context, id, tenantId, type } = run
    if (tenantId === null) return []
    const section = links.tenant(tenantId)
    if (type === DriftCompare.operation.name) {
      return [{ title: "Comparison", name: "What it found", href: `${section}/drift/${id}` }]
    }
    if (restoreTypes.includes(type)) {
      const restore = yield* Effect.option(restores.get(actor, tenantId, context["restore"] ?? ""))
      return Option.match(restore, {
        onNone: (): ReadonlyArray<RunRecord> => [],
        onSome: (found) => [
          { title: "Restore", name: "What is restored", href: `${section}/restores/${found.id}` },
          { title: "Backup", name: "What it is restored from", href: `${section}/backups/${found.backupId}` }
        ]
      })
    }
    if (!scheduleTypes.includes(type)) return []
    const schedule = yield* Effect.option(schedules.get(actor, tenantId, context["schedule"] ?? ""))
    const backup = Option.flatten(yield* Effect.option(backups.ofRun(actor, tenantId, id)))
    const records: ReadonlyArray<RunRecord> = [
      ...Option.match(schedule, {
        onNone: () => [],
        onSome: (found) => [
          { title: "Backup schedule", name: found.name, href: `${section}/backup-schedules/${found.id}` }
        ]
      }),
      ...Option.match(backup, {
        onNone: () => [],
        onSome: (found) =>
          found.state === "open" ? [] : [{ title: "Backup", name: found.name, href: `${section}/backups/${found.id}` }]
      })
    ]
    return records
  })
})
