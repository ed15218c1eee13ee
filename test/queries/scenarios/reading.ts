import { LegacyMappings, LegacyRuns, legacyKinds } from "@atlas/legacy"
import { AuditLog, type RunFilter, RunOutcome, Runs, SystemRuns } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import { ada, ben, powerless, tenant } from "../Host.ts"
import { Elsewhere, goOn, Limited } from "../Kinds.ts"
import { as } from "../Watched.ts"
import { ended, start, until } from "./Runs.ts"

const { tenantId, workspaceId } = tenant
const type = "inventory.sync"
const limit = 50

const listing = Effect.gen(function* () {
  const runs = yield* Runs
  const list = (name: string, filter: RunFilter) => runs.list(ada, filter, { cursor: null, limit }).pipe(as(name))
  const { nextCursor } = yield* list("of a workspace", {})
  yield* runs.list(ada, {}, { cursor: nextCursor, limit }).pipe(as("of a workspace, the next page"))
  yield* runs.list(ben, {}, { cursor: null, limit }).pipe(as("of some tenants"))
  yield* list("of a tenant", { tenant: tenantId })
  yield* list("of an operation", { type })
  yield* list("of an operation in a tenant", { type, tenant: tenantId })
  for (const status of ["queued", "running", "active", "completed"] as const) yield* list(status, { status })
  for (const outcome of RunOutcome.literals) yield* list(outcome, { outcome })
  yield* list("for a reason of one spelling", { reasonCode: "operation_cancelled" })
  yield* list("for a reason of several spellings", { reasonCode: "provider_permission_denied" })
  yield* list("of a person", { actor: ada.id })
  yield* list("of a record", { record: { name: "schedule", id: "s100" } })
  const now = yield* DateTime.now
  const [from, to] = [DateTime.subtract(now, { days: 2 }), DateTime.subtract(now, { days: 1 })]
  yield* list("of a time", { from, to })
})

const system = Effect.gen(function* () {
  const runs = yield* SystemRuns
  const page = { before: null, limit }
  const list = (name: string, filter: Parameters<typeof runs.list>[0]) => runs.list(filter, page).pipe(as(name))
  const [newest] = yield* list("of all workspaces", {})
  yield* runs.list({}, { before: newest!.id, limit }).pipe(as("of all workspaces, the next page"))
  yield* list("of all workspaces, active", { status: "active" })
  yield* list("of all workspaces, of an outcome", { outcome: "succeeded" })
  yield* list("of all workspaces, of a time", { to: DateTime.subtract(yield* DateTime.now, { days: 1 }) })
  yield* list("of all workspaces, of a tenant", { tenant: tenantId })
  yield* list("of a workspace", { workspace: workspaceId })
  yield* list("of a tenant", { workspace: workspaceId, tenant: tenantId })
})

const one = Effect.gen(function* () {
  const runs = yield* Runs
  const first = yield* start(Limited, { key: "reading", does: "waits" })
  yield* until(first, "running")
  const { id } = yield* start(Limited, { key: "waiting" })
  yield* runs.whyWaiting(ada, id)
  yield* goOn("reading")
  yield* ended(first)
  yield* runs.getMany(ada, [id])
  yield* runs.getMany(ben, [id]).pipe(as("of some tenants"))
  yield* runs.getMany(powerless, [id])
  yield* runs.latest(ada, tenantId, [type, Elsewhere.name])
  yield* runs.lineage(ada, id)
  yield* runs.events(ada, id, { after: 0, limit })
  return id
})

const counting = Effect.gen(function* () {
  const runs = yield* Runs
  yield* runs.tally(ada).pipe(as("of a workspace"))
  yield* runs.tally(ada, { tenant: tenantId }).pipe(as("of a tenant"))
  yield* runs.tally(ada, { type }).pipe(as("of an operation"))
  yield* runs.tally(ben).pipe(as("of some tenants"))
  yield* runs.tally(powerless)
  yield* runs.ended(ada, {}, 24).pipe(as("of a workspace"))
  yield* runs.ended(ada, { type }, 24).pipe(as("of an operation"))
  yield* runs.ended(ben, {}, 24).pipe(as("of some tenants"))
})

const history = Effect.fnUntraced(function* (runId: string) {
  const legacy = yield* LegacyRuns
  const mappings = yield* LegacyMappings
  for (const { table } of legacyKinds) {
    const [newest] = yield* legacy.list(ada, table, tenantId, { before: null, limit }).pipe(as(table))
    yield* legacy.list(ada, table, tenantId, { before: newest!.id, limit }).pipe(as(`${table}, the next page`))
    yield* legacy.get(ada, table, newest!.id).pipe(as(table))
    // The run is of another operation, so nothing is written.
    yield* mappings.map([{ table, id: newest!.id, runId }], { dryRun: false })
  }
  yield* mappings.map([], { dryRun: false })
  yield* mappings.matches
})

/** Runs, and what is kept beside them. */
export const reading = Effect.gen(function* () {
  yield* listing
  yield* system
  const id = yield* one
  yield* counting
  yield* history(id)
  const audit = yield* AuditLog
  yield* audit.list(workspaceId, { before: null, limit })
  yield* audit.list(workspaceId, { before: 5_000n, limit }).pipe(as("the next page"))
  yield* audit.ofRun(id, limit)
  yield* audit.ofRecord(workspaceId, { kind: "backup_schedule", id: "100" }, limit)
})
