import * as Pg from "../../src/pg.ts"
import { TestDatabase } from "@atlas/test"
import { assert } from "@effect/vitest"
import { Effect, Layer, Ref, Schema } from "effect"
import {
  type Actor,
  Operation,
  InputResolver,
  Operations,
  type Run,
  Runs,
  StartGate,
  TenantId,
  Uuid,
  WorkspaceId
} from "../../src/index.ts"
import { RunLedger } from "../../src/ledger/RunLedger.ts"
import { type Assignment, type Claim, RunQueue } from "../../src/ledger/RunQueue.ts"
import { TestOperations, wholeRun, withRun } from "../../src/testing/index.ts"

/** Types that differ in what the ledger does with their starts; every actor is an owner of the workspace they name. */
export const workspace = WorkspaceId.make("northwind")
export const contoso = TenantId.make("contoso")
export const fabrikam = TenantId.make("fabrikam")
export const owner: Actor = { id: "owner", kind: "user", name: "Olivia Owner" }
export const other: Actor = { id: "other", kind: "user", name: "Otto Other" }
/** Who may reach one tenant of the workspace only. */
export const contosoOnly: Actor = { id: "contoso-only", kind: "user", name: "Cora Contoso" }

const common = {
  label: "Test",
  description: "For tests.",
  category: "Test",
  capabilities: { start: "tenant.test.run", view: "tenant.test.view" }
} as const
const Key = Schema.Struct({ key: Schema.String })
const byKey = ({ key }: typeof Key.Type) => ({ key })

export const Plain = Operation.make({
  name: "test.plain",
  ...common,
  input: Key,
  identity: { rule: "while_active", key: byKey }
})
/** Never attempted again. */
export const Once = Operation.make({
  name: "test.once",
  ...common,
  input: Key,
  identity: { rule: "while_active", key: byKey },
  retry: { maxAttempts: 1 }
})
export const Click = Operation.make({
  name: "test.click",
  ...common,
  input: Schema.Struct({ key: Schema.String, note: Schema.optionalKey(Schema.String) }),
  identity: { rule: "once", by: "idempotency_key" }
})
export const GatedClick = Operation.make({
  name: "test.gated_click",
  ...common,
  input: Key,
  gates: ["door"],
  identity: { rule: "once", by: "idempotency_key" }
})
export const Scheduled = Operation.make({
  name: "test.scheduled",
  ...common,
  input: Key,
  startedBy: "system",
  priority: "background",
  gates: ["door"],
  identity: { rule: "once", by: "fire_time", key: byKey }
})
export const Restore = Operation.make({
  name: "test.restore",
  ...common,
  input: Key,
  exclusive: true,
  identity: { rule: "once", by: "idempotency_key", whileActive: byKey }
})
export const Wipe = Operation.make({
  name: "test.wipe",
  ...common,
  input: Key,
  exclusive: true,
  identity: { rule: "while_active", key: byKey }
})
export const Gated = Operation.make({
  name: "test.gated",
  ...common,
  input: Key,
  gates: ["door"],
  identity: { rule: "while_active", key: byKey },
  retry: { backoff: "20 millis" }
})
export const Check = Operation.make({
  name: "test.check",
  ...common,
  input: Key,
  supersedable: true,
  queueLimit: "1 minute",
  identity: { rule: "while_active", key: byKey }
})
export const GatedCheck = Operation.make({
  name: "test.gated_check",
  ...common,
  input: Key,
  gates: ["door"],
  supersedable: true,
  queueLimit: "1 minute",
  identity: { rule: "while_active", key: byKey }
})
export const Limited = Operation.make({
  name: "test.limited",
  ...common,
  input: Key,
  concurrency: 2,
  identity: { rule: "while_active", key: byKey }
})
export const Background = Operation.make({
  name: "test.background",
  ...common,
  input: Key,
  priority: "background",
  identity: { rule: "while_active", key: byKey }
})
export const Report = Operation.make({
  name: "test.report",
  ...common,
  scope: "workspace",
  input: Key,
  identity: { rule: "while_active", key: byKey }
})

/** About a record, by default the tenant's own. */
export const OfRecord = Operation.make({
  name: "test.of_record",
  ...common,
  input: Schema.Struct({ record: Schema.optionalKey(Uuid) }),
  resolves: true,
  supersedable: true,
  identity: { rule: "while_active", key: ({ record }) => record ?? null },
  records: ({ record }) => (record === undefined ? {} : { record })
})
export const defaultRecord = "0a000000-0000-4000-8000-00000000000b"
const defaultOf = InputResolver.make(OfRecord, (input, { tenantId }) =>
  Effect.succeed(tenantId === contoso ? { record: defaultRecord, ...input } : input)
)

/** What the gate called `door` answers. */
const door = Ref.makeUnsafe<StartGate.GateAnswer>(StartGate.open)

/** The gate called `door`. */
export const doorGate = StartGate.make("door", () => Ref.get(door))

const capabilities = new Set([common.capabilities.start, common.capabilities.view])
const access = TestOperations.accessIn(
  workspace,
  () => capabilities,
  ({ id }) => (id === contosoOnly.id ? new Set([contoso]) : "all")
)

/** The ledger on a database of its own with all these types and the gate; no worker. */
export const ledger = Operations.layer(
  Plain,
  Once,
  Click,
  GatedClick,
  Scheduled,
  Restore,
  Wipe,
  Gated,
  Check,
  GatedCheck,
  Limited,
  Background,
  Report,
  OfRecord
).pipe(
  Layer.provide(StartGate.layer(doorGate)),
  Layer.provide(InputResolver.layer(defaultOf)),
  Layer.provideMerge(Layer.merge(access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

/** Starts a type in Contoso. */
export const start = (type: Operation.Any, key: string, more: object = {}, actor = owner) =>
  Effect.map(
    Runs.use((runs) => runs.start(actor, type, { tenantId: contoso, input: { key }, ...more })),
    (result) => ({ ...withRun(result), run: wholeRun(withRun(result).run) })
  )

/** What hands a run to a worker. */
export const assignmentOf = ({ id, type, workspaceId, tenantId }: Run): Assignment => ({
  id,
  type,
  workspaceId,
  tenantId
})

/** Claims a run for a worker that does not heartbeat. */
export const claim = Effect.fnUntraced(function* (type: Operation.Any, run: Run, leaseMillis = 60_000) {
  const queue = yield* RunQueue
  const [claimed] = yield* queue.claimOne({ worker: "w", types: [type], leaseMillis }, assignmentOf(run))
  assert.isDefined(claimed)
  return claimed
})

/** Ends a claimed run well. */
export const complete = (claim: Claim) =>
  RunLedger.use((writes) =>
    writes.complete(claim, { outcome: "succeeded", reasonCode: null, counts: {}, failures: [] })
  )

/** The run as it is now. */
export const get = ({ id }: Pick<Run, "id">) => Runs.use((runs) => runs.get(owner, id))

/** The run's timeline, which has no gaps. */
export const kinds = ({ id }: Pick<Run, "id">) =>
  Effect.map(
    Runs.use((runs) => runs.events(owner, id, { after: 0, limit: 200 })),
    (events) => {
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1)
      )
      return events.map(({ kind }) => kind)
    }
  )

/** What the gate answers while something is done. */
export const whileDoor = <A, E, R>(answer: StartGate.GateAnswer, work: Effect.Effect<A, E, R>) =>
  Effect.ensuring(Effect.andThen(Ref.set(door, answer), work), Ref.set(door, StartGate.open))
