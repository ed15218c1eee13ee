/**
 * The operation that copies what is configured in a tenant's Intune into the inventory, and its handler. It copies collection
 * after collection: one that fails keeps what was known of it and does not affect the others. People and programs start it
 * through `Runs`.
 *
 * @module
 */

import {
  type FailureReport,
  Graph,
  type GraphError,
  Operation,
  reportOf,
  RunFailure,
  RunHandler,
  StartGate
} from "@atlas/operations"
import { ConfirmedRemovals, copy, makeReplicaStore, type Page, type Source, type Tally } from "@atlas/replica"
import { Effect, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { type ListedPolicies, readPolicies } from "../policies/PolicyObject.ts"
import { pageFailures, type PolicyRecord, recordOf } from "../policies/PolicyRecord.ts"
import { contractsOf, type PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { PolicySelection, sourceLabel, sourcesOf, unclaimedReason } from "../policies/PolicyType.ts"
import { changeOf, policyCollection } from "./policyCollection.ts"

/** The operation `inventory.sync`. Equal selections of kinds join the run that is active. */
export const operation = Operation.make({
  name: "inventory.sync",
  label: "Sync inventory",
  description: "Copies the tenant's policies, with their settings and assignments, into the inventory.",
  category: "Intune",
  input: Schema.Struct({
    /** Only these kinds and those that share their collections; all by default. */
    types: Schema.optionalKey(PolicySelection),
    /** How many removals a person saw and confirmed, if there are more than `RemovalGuard` allows. */
    confirmRemovals: Schema.optionalKey(ConfirmedRemovals)
  }),
  capabilities: { start: "tenant.inventory.sync", view: "tenant.inventory.view" },
  identity: { rule: "while_active", key: ({ types }) => (types === undefined ? null : [...types].sort()) },
  gates: [StartGate.providerConnection],
  contracts: sourcesOf().flatMap(contractsOf)
})

type SyncRun = RunHandler.RunContext<Operation.Input<typeof operation>>

const kept = "It is in the inventory, and its content is kept."

const findingOf = (source: PolicySource, { finding, odataType, title }: PolicyRecord): ReadonlyArray<FailureReport> => {
  if (finding === null) return []
  const item = `${title} (${odataType ?? "without a type"})`
  return finding === "unclaimed"
    ? [{ reasonCode: "ext.inventory.unclaimed_type", message: `${unclaimedReason(source, odataType)} ${kept}`, item }]
    : [{ reasonCode: "ext.inventory.ambiguous_type", message: `More than one kind claims its type. ${kept}`, item }]
}

/** Reads a collection as pages of rows, each with the contents that the rows refer to. */
const pagesOf = Effect.fnUntraced(function* (run: SyncRun, source: PolicySource) {
  const graph = yield* Graph
  const store = yield* PolicyStore
  const salt = yield* store.salt(run.scope)
  const toPage = (page: ListedPolicies): Page => {
    const recorded = page.policies.map((policy) => recordOf(source, policy, salt))
    return {
      // What cannot be read is there all the same: it keeps what is known of it.
      changes: [
        ...recorded.map(({ record }) => changeOf(record, run.run.id)),
        ...page.unread.map(({ id }) => ({ id }))
      ],
      // Collections are small: after a crash, the next attempt reads from the beginning and is exact as of then.
      cursor: null,
      isLast: false,
      before: store.put(
        run.scope,
        recorded.flatMap(({ contents }) => contents)
      ),
      findings: [...recorded.flatMap(({ record }) => findingOf(source, record)), ...pageFailures(source, page)]
    }
  }
  // A collection that cannot be read completely fails before this page.
  const end: Page = { changes: [], cursor: null, isLast: true }
  return Stream.concat(Stream.map(readPolicies(run.scope, source), toPage), Stream.succeed(end)).pipe(
    Stream.provideService(Graph, graph)
  )
})

/** Copies one collection to its end. */
const syncSource = Effect.fnUntraced(function* (run: SyncRun, source: PolicySource, tally: Tally) {
  const pages = yield* pagesOf(run, source)
  const from: Source = {
    noun: "policies",
    item: sourceLabel(source),
    history: null,
    count: null,
    pages: () => pages
  }
  const store = makeReplicaStore(yield* SqlClient.SqlClient, policyCollection(source))
  yield* copy({ run, source: from, store, tally, confirmed: run.input.confirmRemovals })
})

/** The handler. It fails only if no collection could be read. */
export const handler = operation.toLayer(
  Effect.fn("InventorySync")(function* (run) {
    const sources = sourcesOf(run.input.types)
    const tally: Tally = { counts: run.run.summaryCounts }
    const failed: Array<GraphError | RunFailure> = []
    for (const source of sources) {
      yield* syncSource(run, source, tally).pipe(
        Effect.catch(
          Effect.fnUntraced(function* (error) {
            failed.push(error)
            yield* run.failed({ ...reportOf(error), item: sourceLabel(source) })
          })
        )
      )
    }
    const [first] = failed
    // Nothing was read, so another attempt may do better.
    if (first !== undefined && failed.length === sources.length) {
      return yield* new RunFailure({ reasonCode: first.reasonCode, message: "No kind of policy could be read." })
    }
    return RunHandler.succeeded
  })
)
