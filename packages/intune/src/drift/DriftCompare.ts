/**
 * The operation that compares two states of a tenant, policy by policy, and its handler. It changes nothing in the tenant. The
 * counts are the run's report; `PolicyDrift` reads the differences. People and programs start it through `Runs`.
 *
 * @module
 */

import { type Capability, Operation, RunFailure, RunHandler, StartGate } from "@atlas/operations"
import { Effect, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { BackupId } from "../backups/BackupSet.ts"
import { differenceOf } from "../policies/PolicyDiff.ts"
import { readPolicies } from "../policies/PolicyObject.ts"
import { recordOf } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { PolicySelection, readContracts, sourcesOf } from "../policies/PolicyType.ts"

/** A state of a tenant: as the last sync saw it, as a backup has it, or as it is now. */
export const PolicyState = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("inventory") }),
  Schema.Struct({ kind: Schema.Literal("backup"), id: BackupId }),
  Schema.Struct({ kind: Schema.Literal("live") })
])
export type PolicyState = typeof PolicyState.Type

const sideKey = (side: PolicyState) => (side.kind === "backup" ? `backup ${side.id}` : side.kind)

const viewOfSide = ({ kind }: PolicyState): Capability =>
  kind === "backup" ? "tenant.backups.view" : "tenant.inventory.view"

/** The operation `drift.compare`. Viewing its run takes the capability to view each of the two states. */
export const operation = Operation.make({
  name: "drift.compare",
  label: "Compare policies",
  description: "Compares two of the inventory, a backup and the tenant as it is now. Changes nothing.",
  category: "Intune",
  input: Schema.Struct({
    from: PolicyState,
    to: PolicyState,
    /** Only these kinds and those that share their collections; all by default. */
    types: Schema.optionalKey(PolicySelection)
  }),
  capabilities: {
    start: "tenant.inventory.sync",
    view: "tenant.inventory.view",
    viewOf: ({ from, to }) => [viewOfSide(from), viewOfSide(to)]
  },
  identity: {
    rule: "while_active",
    key: ({ from, to, types }) => [sideKey(from), sideKey(to), types === undefined ? null : [...types].sort()]
  },
  gates: [StartGate.providerConnection],
  contracts: readContracts
})

type DriftRun = RunHandler.RunContext<Operation.Input<typeof operation>>

/** A policy in one of the states. */
interface Side {
  readonly id: string
  readonly type: string | null
  readonly title: string
  /** Identifies it where ids differ. */
  readonly name: string
  readonly contentHash: string
  readonly assignmentsHash: string | null
}

const nameOf = (odataType: string | null, foldedTitle: string) => JSON.stringify([odataType, foldedTitle])

/** Reads a collection in one of the states. Stores what it reads from the tenant, so that pages can show it. */
const sideOf = Effect.fnUntraced(function* (run: DriftRun, source: PolicySource, side: PolicyState) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* PolicyStore
  const { tenantId, workspaceId } = run.scope
  if (side.kind === "live") {
    const salt = yield* store.salt(run.scope)
    const found: Array<Side> = []
    yield* Stream.runForEach(
      readPolicies(run.scope, source),
      Effect.fnUntraced(function* (policies) {
        const recorded = policies.map((policy) => recordOf(source, policy, salt))
        yield* run.transaction(
          store.put(
            run.scope,
            recorded.flatMap(({ contents }) => contents)
          )
        )
        for (const { record } of recorded) found.push({ ...record, name: nameOf(record.odataType, record.foldedTitle) })
      })
    )
    return found
  }
  const columns = sql.literal(`id, type, title, odata_type AS "odataType", folded_title AS "foldedTitle",
    encode(content_hash, 'hex') AS "contentHash", encode(assignments_hash, 'hex') AS "assignmentsHash"`)
  const within = sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId} AND source = ${source.name}`
  const rows =
    side.kind === "inventory"
      ? sql<Side & { odataType: string | null; foldedTitle: string }>`
          SELECT ${columns} FROM policies WHERE ${within} AND removed_at IS NULL`
      : sql<Side & { odataType: string | null; foldedTitle: string }>`
          SELECT ${columns} FROM backup_items WHERE ${within} AND set_id = ${side.id}::uuid`
  return (yield* Effect.orDie(rows)).map((row): Side => ({ ...row, name: nameOf(row.odataType, row.foldedTitle) }))
})

/** A policy that differs. */
interface Drift {
  readonly from: Side | null
  readonly to: Side | null
}

const isSame = (from: Side, to: Side) =>
  from.contentHash === to.contentHash &&
  // A state without assignments says nothing about them.
  (from.assignmentsHash === null || to.assignmentsHash === null || from.assignmentsHash === to.assignmentsHash)

/** Pairs policies by id, the others by type and title, and returns those that differ. */
const drifts = (from: ReadonlyArray<Side>, to: ReadonlyArray<Side>): ReadonlyArray<Drift> => {
  const byId = new Map(to.map((side) => [side.id, side]))
  const paired = new Map(from.flatMap((side) => (byId.has(side.id) ? [[side.id, byId.get(side.id)!] as const] : [])))
  const taken = new Set(paired.keys())
  const byName = new Map(to.filter(({ id }) => !taken.has(id)).map((side) => [side.name, side]))
  for (const side of from) {
    const namesake = paired.has(side.id) ? undefined : byName.get(side.name)
    if (namesake === undefined || taken.has(namesake.id)) continue
    paired.set(side.id, namesake)
    taken.add(namesake.id)
  }
  return [
    ...from.flatMap((side): ReadonlyArray<Drift> => {
      const partner = paired.get(side.id) ?? null
      return partner !== null && isSame(side, partner) ? [] : [{ from: side, to: partner }]
    }),
    ...to.flatMap((side): ReadonlyArray<Drift> => (taken.has(side.id) ? [] : [{ from: null, to: side }]))
  ]
}

const comparedAtOnce = 100

const compareSource = Effect.fnUntraced(function* (run: DriftRun, source: PolicySource) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* PolicyStore
  const [from, to] = [yield* sideOf(run, source, run.input.from), yield* sideOf(run, source, run.input.to)]
  const found = drifts(from, to)
  // An attempt that died may have stored some of the differences.
  yield* run.transaction(
    sql`DELETE FROM policy_drift WHERE run_id = ${run.run.id}::uuid AND source = ${source.name}`.pipe(Effect.orDie)
  )
  for (let at = 0; at < found.length; at += comparedAtOnce) {
    const part = found.slice(at, at + comparedAtOnce)
    const sides = part.flatMap((each) => [each.from, each.to].filter((side) => side !== null))
    const texts = yield* store.texts(
      run.scope,
      sides.flatMap(({ assignmentsHash, contentHash }) => [
        contentHash,
        ...(assignmentsHash === null ? [] : [assignmentsHash])
      ])
    )
    const rows = part.flatMap(({ from: before, to: after }) => {
      const side = after ?? before
      if (side === null) return []
      const content = differenceOf(
        texts.get(before?.contentHash ?? "") ?? null,
        texts.get(after?.contentHash ?? "") ?? null
      )
      const told = before?.assignmentsHash != null && after?.assignmentsHash != null
      const assigned = told
        ? differenceOf(texts.get(before.assignmentsHash) ?? null, texts.get(after.assignmentsHash) ?? null)
        : { fields: [], more: 0 }
      const difference = {
        fields: [
          ...content.fields,
          ...assigned.fields.map((field) => ({ ...field, path: `assignments/${field.path}` }))
        ],
        more: content.more + assigned.more
      }
      const change = before === null ? "added" : after === null ? "removed" : "changed"
      return [
        {
          id: side.id,
          type: side.type,
          title: side.title,
          change,
          difference: change === "changed" ? difference : null
        }
      ]
    })
    yield* run.transaction(
      sql`
        INSERT INTO policy_drift (run_id, source, id, workspace_id, tenant_id, type, title, change, difference)
        SELECT ${run.run.id}::uuid, ${source.name}, id, ${run.scope.workspaceId}, ${run.scope.tenantId}, type, title, change,
          difference
        FROM json_to_recordset(${JSON.stringify(rows)}::json)
          AS d(id text, type text, title text, change text, difference jsonb)`.pipe(Effect.orDie)
    )
  }
  return {
    compared: Math.max(from.length, to.length),
    added: found.filter((each) => each.from === null).length,
    removed: found.filter((each) => each.to === null).length,
    changed: found.filter((each) => each.from !== null && each.to !== null).length
  }
})

const requireBackup = Effect.fnUntraced(function* (run: DriftRun, side: PolicyState) {
  if (side.kind !== "backup") return
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`
    SELECT FROM backup_sets WHERE id = ${side.id}::uuid AND workspace_id = ${run.scope.workspaceId}
      AND tenant_id = ${run.scope.tenantId} AND state IN ('complete', 'partial')`.pipe(Effect.orDie)
  if (rows.length > 0) return
  const message = "The tenant has no such backup, or it has expired."
  return yield* new RunFailure({ reasonCode: "ext.drift.backup_missing", message })
})

/** The handler: compares collection after collection and stores each difference. */
export const handler = operation.toLayer(
  Effect.fn("DriftCompare")(function* (run) {
    yield* requireBackup(run, run.input.from)
    yield* requireBackup(run, run.input.to)
    const total = { compared: 0, added: 0, removed: 0, changed: 0 }
    for (const source of sourcesOf(run.input.types)) {
      const found = yield* compareSource(run, source)
      for (const name of ["compared", "added", "removed", "changed"] as const) total[name] += found[name]
      yield* run.progress({
        processed: total.compared,
        created: total.added,
        updated: total.changed,
        removed: total.removed
      })
    }
    yield* run.report({ kind: "drift", version: 1, ...total })
    return RunHandler.succeeded
  })
)
