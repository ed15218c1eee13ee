/**
 * The composition of the ledger: from the operations that a host knows to the services that it calls. Every process of a host
 * needs it, whether it starts runs, shows them or executes them.
 *
 * @module
 */

import { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import type { Access } from "./access/Access.ts"
import { AuditLog } from "./access/AuditLog.ts"
import { Authorization } from "./access/Authorization.ts"
import { InputResolvers, type UnregisteredInputResolver } from "./definition/InputResolvers.ts"
import type * as Operation from "./definition/Operation.ts"
import { type DuplicateOperation, OperationCatalog } from "./definition/OperationCatalog.ts"
import { RunGauges } from "./ledger/reads/RunGauges.ts"
import { RunHours } from "./ledger/reads/RunHours.ts"
import { RunLedger } from "./ledger/RunLedger.ts"
import { RunQueries } from "./ledger/reads/RunQueries.ts"
import { RunQueue } from "./ledger/RunQueue.ts"
import { RunRecorder } from "./ledger/RunRecorder.ts"
import { RunRetention } from "./ledger/RunRetention.ts"
import { Runs } from "./starting/Runs.ts"
import { type DatabaseListener, RunSignals } from "./ledger/RunSignals.ts"
import { RunSweeps } from "./ledger/RunSweeps.ts"
import { SystemRuns } from "./starting/SystemRuns.ts"
import { Gatekeeper, type UnregisteredStartGate } from "./definition/Gatekeeper.ts"
import { WhyWaiting } from "./ledger/reads/WhyWaiting.ts"
import { WorkerRegistry } from "./ledger/WorkerRegistry.ts"

/** The services that hold the statements on the tables of the ledger. */
const tables = Layer.mergeAll(
  AuditLog.layer,
  RunHours.layer,
  RunLedger.layer,
  RunQueries.layer,
  RunQueue.layer,
  RunRecorder.layer,
  RunSweeps.layer,
  WorkerRegistry.layer
).pipe(Layer.provideMerge(RunSignals.layer))

/**
 * What `layer` provides: the services that hosts call, and those that only workers and tests use. Name it where a host annotates
 * a layer of its own.
 */
export type Services =
  | Authorization
  | Gatekeeper
  | Layer.Success<typeof tables>
  | OperationCatalog
  | RunGauges
  | RunRetention
  | Runs
  | SystemRuns

/**
 * Runs and everything below them, in a host's Postgres. Provide it with the gates that the operations name, by
 * `StartGate.layer`, and with the resolvers of their inputs, by `InputResolver.layer`. A missing one, or two operations of one
 * name, stop the program at startup.
 *
 * @param types every operation that the host knows
 *
 * @example
 * ```ts
 * const atlas = Worker.layer(exportReport).pipe(
 *   Layer.provideMerge(Operations.layer(ExportReport)),
 *   Layer.provide([access, database])
 * )
 * ```
 */
export const layer = (
  ...types: ReadonlyArray<Operation.Any>
): Layer.Layer<
  Services,
  DuplicateOperation | UnregisteredInputResolver | UnregisteredStartGate,
  Access | DatabaseListener | SqlClient.SqlClient
> =>
  Layer.merge(Runs.layer, SystemRuns.layer).pipe(
    Layer.provide(Layer.merge(WhyWaiting.layer, InputResolvers.layer)),
    Layer.provideMerge(Layer.merge(Authorization.layer, Gatekeeper.layer)),
    Layer.provideMerge(Layer.merge(RunRetention.layer, RunGauges.layer)),
    Layer.provideMerge(Layer.mergeAll(tables, OperationCatalog.layer(...types)))
  )
