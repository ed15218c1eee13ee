import { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import type { Access } from "./Access.ts"
import { type AnyOperationType, type DuplicateOperationType, OperationCatalog } from "./OperationCatalog.ts"
import { RunLedger } from "./RunLedger.ts"
import { RunQueue } from "./RunQueue.ts"
import { RunQueries } from "./RunQueries.ts"
import { Runs } from "./Runs.ts"
import { type DatabaseListener, RunSignals } from "./RunSignals.ts"

/**
 * Runs and everything below them, in a host's Postgres: what every process of a host needs, whether it starts runs, shows
 * them or executes them.
 *
 * @param types every operation type that the host knows
 */
export const layer = (
  ...types: ReadonlyArray<AnyOperationType>
): Layer.Layer<
  Runs | RunLedger | RunQueries | RunQueue | RunSignals | OperationCatalog,
  DuplicateOperationType,
  Access | DatabaseListener | SqlClient.SqlClient
> =>
  Runs.layer.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        RunLedger.layer,
        RunQueries.layer,
        RunQueue.layer,
        RunSignals.layer,
        OperationCatalog.layer(...types)
      )
    )
  )
