import {
  type GraphError,
  OperationType,
  type RunCounts,
  RunFailure,
  reportOf,
  RunHandler,
  StartGate
} from "@atlas/operations"
import { RemovalGuard } from "@atlas/replica"
import { Effect, Schema, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { makeInventoryWrites, type PageWritten, type SourceEnd } from "./InventoryWrites.ts"
import { readPolicies } from "../policies/PolicyObject.ts"
import { recordOf } from "../policies/PolicyRecord.ts"
import { contractsOf, type PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { policyTypeNames, sourceLabel, sourcesOf } from "../policies/PolicyType.ts"

/** Kinds of policies to choose. */
export const PolicySelection = Schema.Array(Schema.Literals(policyTypeNames)).check(
  Schema.isMinLength(1),
  Schema.isUnique()
)

/** Copies what is configured in a tenant's Intune into the inventory. */
export const type = OperationType.make("inventory.sync", {
  label: "Sync inventory",
  description: "Copies the tenant's policies, with their settings and assignments, into the inventory.",
  category: "Intune",
  input: Schema.Struct({
    /** Only these kinds, and what comes with them; all by default. */
    types: Schema.optionalKey(PolicySelection),
    /** How many removals a person has seen and confirmed, where they are more than `RemovalGuard` allows. */
    confirmRemovals: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })))
  }),
  capabilities: { start: "tenant.inventory.sync", view: "tenant.inventory.view" },
  identity: { rule: "while_active", key: ({ types }) => (types === undefined ? null : [...types].sort()) },
  gates: [StartGate.providerConnection],
  contracts: sourcesOf().flatMap(contractsOf)
})

type SyncRun = RunHandler.RunContext<OperationType.Input<typeof type>>

const add = (counts: RunCounts, { created, unchanged, updated }: PageWritten): RunCounts => ({
  ...counts,
  processed: (counts.processed ?? 0) + created + updated + unchanged,
  created: (counts.created ?? 0) + created,
  updated: (counts.updated ?? 0) + updated,
  unchanged: (counts.unchanged ?? 0) + unchanged
})

const findings = {
  unclaimed: {
    reasonCode: "ext.inventory.unclaimed_type",
    message: "Atlas does not know this type of policy. It is in the inventory, and its content is kept."
  },
  ambiguous: {
    reasonCode: "ext.inventory.ambiguous_type",
    message: "More than one kind of policy claims this type. It is in the inventory once, and its content is kept."
  }
} as const

const number = new Intl.NumberFormat("en")

const concludeSource = Effect.fnUntraced(function* (run: SyncRun, source: PolicySource, end: SourceEnd) {
  if (end._tag === "Applied") return
  const [removals, size] = [end.removals, end.size].map((count) => number.format(count))
  yield* run.failed({
    reasonCode: "removals_withheld",
    item: sourceLabel(source),
    message: `The tenant no longer has ${removals} of ${size} of them. None was removed: that many need a confirmation.`
  })
})

/** What the attempt has done so far. */
interface Progress {
  counts: RunCounts
  /** How many of the confirmed removals are left. */
  confirmed: number
}

/** Reads one collection to its end: page by page, and at the end what is gone. */
const syncSource = Effect.fnUntraced(function* (run: SyncRun, source: PolicySource, progress: Progress) {
  const store = yield* PolicyStore
  const writes = makeInventoryWrites(yield* SqlClient.SqlClient)
  const share = yield* RemovalGuard
  const salt = yield* store.salt(run.tenant)
  const owner = { tenant: run.tenant, run: run.run.id, source: source.name, pass: SecureRandom.uuidV4Unsafe() }

  yield* Stream.runForEach(
    readPolicies(run.tenant, source),
    Effect.fnUntraced(function* (policies) {
      const recorded = policies.map((policy) => recordOf(source, policy, salt))
      progress.counts = yield* run.transaction(
        store
          .put(
            run.tenant,
            recorded.flatMap(({ contents }) => contents)
          )
          .pipe(
            Effect.andThen(
              writes.writePage(
                owner,
                recorded.map(({ record }) => record)
              )
            ),
            Effect.map((written) => add(progress.counts, written))
          ),
        (counts) => counts
      )
      for (const { record } of recorded) {
        if (record.finding === null) continue
        const item = `${record.title} (${record.odataType ?? "without a type"})`
        yield* run.failed({ ...findings[record.finding], item })
      }
    })
  )
  const done = yield* run.transaction(
    Effect.map(writes.complete(owner, { share, confirmed: progress.confirmed }), (end) => {
      const removed = end._tag === "Applied" ? end.removed : 0
      return { end, counts: { ...progress.counts, removed: (progress.counts.removed ?? 0) + removed } }
    }),
    ({ counts }) => counts
  )
  progress.counts = done.counts
  if (done.end._tag === "Applied") progress.confirmed = Math.max(0, progress.confirmed - done.end.removed)
  yield* concludeSource(run, source, done.end)
})

/** Collection after collection. One that fails costs nothing of the others: what is known of it stays. */
export const handler = RunHandler.make(
  type,
  Effect.fn("InventorySync")(function* (run) {
    const writes = makeInventoryWrites(yield* SqlClient.SqlClient)
    const done = yield* writes.completed(run.tenant, run.run.id)
    const pending = sourcesOf(run.input.types).filter(({ name }) => !done.has(name))
    const progress: Progress = { counts: run.run.summaryCounts, confirmed: run.input.confirmRemovals ?? 0 }
    const failed: Array<GraphError> = []
    for (const source of pending) {
      yield* syncSource(run, source, progress).pipe(
        Effect.catchTag(
          "GraphError",
          Effect.fnUntraced(function* (error) {
            failed.push(error)
            yield* run.failed({ ...reportOf(error), item: sourceLabel(source) })
          })
        )
      )
    }
    const [first] = failed
    // Nothing was read at all: then another attempt may do better.
    if (first !== undefined && failed.length === pending.length && done.size === 0) {
      return yield* new RunFailure({ reasonCode: first.reasonCode, message: "No kind of policy could be read." })
    }
    return RunHandler.succeeded
  })
)
