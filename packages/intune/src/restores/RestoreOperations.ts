/**
 * The operations of a restore. `preview` compares a backup with the tenant and makes the plan; `execute` writes what a person
 * confirmed, one restore in a tenant at a time. `Restores` starts both.
 *
 * @module
 */

import { Operation, StartGate, Uuid } from "@atlas/operations"
import { Schema } from "effect"
import { writeContractsOf } from "../policies/PolicySource.ts"
import { readContracts, sourcesOf } from "../policies/PolicyType.ts"

/** The name of the gate that is open while a restore is confirmed and not over. */
export const confirmedGate = "restore_confirmed"

/** The name of the gate that is open while a restore is not confirmed yet. */
export const plannedGate = "restore_planned"

/** Identifies a restore. */
export const RestoreId = Uuid

const Input = Schema.Struct({ restore: RestoreId })
type Input = typeof Input.Type

const common = {
  category: "Intune",
  input: Input,
  capabilities: { start: "tenant.restore.execute", view: "tenant.restore.view" },
  records: ({ restore }: Input) => ({ restore })
} as const
const key = ({ restore }: Input) => restore

/** Finds out what a restore would do, without doing it. */
export const preview = Operation.make({
  name: "restore.preview",
  ...common,
  label: "Plan a restore",
  description: "Compares a backup with the tenant, and says what a restore would do. Changes nothing.",
  identity: { rule: "while_active", key },
  gates: [plannedGate, StartGate.providerConnection],
  contracts: readContracts
})

/** Executes a plan that a person has confirmed. */
export const execute = Operation.make({
  name: "restore.execute",
  ...common,
  label: "Restore",
  description: "Writes policies of a backup into the tenant, as planned and confirmed.",
  identity: { rule: "once", by: "idempotency_key", whileActive: key },
  gates: [confirmedGate, StartGate.providerConnection],
  contracts: [...new Set(sourcesOf().flatMap(writeContractsOf))],
  exclusive: true
})
