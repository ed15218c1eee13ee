import { Runs, StartGate } from "@atlas/operations"
import { Effect } from "effect"
import { ada, powerless, tenant } from "../Host.ts"
import { Click, Elsewhere, goOn, Limited, Plain, Report, whileDoor, Wipe } from "../Kinds.ts"
import { as } from "../Watched.ts"
import { completed, ended, start, until } from "./Runs.ts"

const blocked = StartGate.blocked("provider_connection_missing", "There is no connection.")

const byKey = Effect.gen(function* () {
  yield* completed(Click, { key: "click" }, { idempotencyKey: "first" }).pipe(as("with a key"))
  yield* start(Click, { key: "click" }, { idempotencyKey: "first" }).pipe(as("with a key that has a run"))
  const waits = yield* start(Click, { key: "joined", does: "waits" }, { idempotencyKey: "second" })
  yield* start(Click, { key: "joined", does: "waits" }, { idempotencyKey: "third" }).pipe(as("equal, with another key"))
  yield* goOn("joined")
  yield* ended(waits)
  const stopped = yield* whileDoor(
    blocked,
    start(Click, { key: "blocked" }, { idempotencyKey: "fourth" }).pipe(as("blocked, with a key"))
  )
  yield* Runs.use((runs) => runs.retry(ada, stopped.id, "fifth")).pipe(as("again"))
})

const busy = Effect.gen(function* () {
  const runs = yield* Runs
  const { tenantId } = tenant
  const holder = yield* start(Wipe, { key: "holder", does: "waits" }, { idempotencyKey: "sixth" })
  const other = runs.start(ada, Wipe, { tenantId, input: { key: "other" }, idempotencyKey: "seventh" })
  yield* Effect.flip(other).pipe(as("while another holds the tenant"))
  const gated = runs.start(ada, Plain, { tenantId, input: { key: "gated" } })
  yield* whileDoor(StartGate.busy(holder.id), Effect.flip(gated)).pipe(as("while a gate is held"))
  yield* goOn("holder")
  yield* ended(holder)
})

/** Every way in which a start is answered. */
export const starting = Effect.gen(function* () {
  yield* completed(Plain, { key: "new" }).pipe(as("new"))
  yield* Effect.all(
    ["one", "two", "three"].map((key) => start(Plain, { key })),
    { concurrency: "unbounded" }
  )
  yield* whileDoor(blocked, start(Plain, { key: "blocked" }).pipe(as("blocked")))
  yield* start(Elsewhere, { key: "equal" })
  yield* start(Elsewhere, { key: "equal" }).pipe(as("equal"))
  const replaced = yield* start(Plain, { key: "replaced", does: "waits" })
  yield* until(replaced, "running")
  yield* start(Plain, { key: "replaced" }, { supersedes: replaced.id }).pipe(as("in place of another"))
  const first = yield* start(Limited, { key: "first", does: "waits" })
  yield* until(first, "running")
  yield* start(Limited, { key: "overdue" })
  yield* start(Limited, { key: "overdue" }).pipe(as("in place of one that is overdue"))
  yield* goOn("first")
  yield* byKey
  yield* busy
  const runs = yield* Runs
  const { tenantId, workspaceId } = tenant
  yield* runs.start(ada, Report, { workspaceId, input: { key: "report" } })
  yield* Effect.flip(runs.start(powerless, Plain, { tenantId, input: { key: "refused" } }))
})
