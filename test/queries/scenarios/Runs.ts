import { type Run, Runs, type RunStatus, type StartRequest } from "@atlas/operations"
import { wholeRun, withRun } from "@atlas/operations/testing"
import { Effect, Schedule, Stream } from "effect"
import { ada, tenant } from "../Host.ts"

/** Starts an operation in the tenant. */
export const start = (
  operation: { readonly name: string },
  input: unknown = {},
  more: Pick<StartRequest, "idempotencyKey" | "supersedes"> = {}
) =>
  Runs.use((runs) => runs.start(ada, operation.name, { tenantId: tenant.tenantId, input, ...more })).pipe(
    Effect.map((started) => wholeRun(withRun(started).run)),
    Effect.orDie
  )

/** Waits until a run is completed. */
export const ended = ({ id }: Pick<Run, "id">) =>
  Runs.use((runs) => Stream.runDrain(runs.follow(ada, id, 0))).pipe(Effect.timeout("60 seconds"), Effect.orDie)

/** Starts an operation, and yields its run when it is completed. */
export const completed = (...given: Parameters<typeof start>) => Effect.tap(start(...given), ended)

/** Waits until a run is in a status. */
export const until = ({ id }: Pick<Run, "id">, status: RunStatus) =>
  Runs.use((runs) => runs.get(ada, id)).pipe(
    Effect.repeat({ until: (run) => run.status === status, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("60 seconds"),
    Effect.orDie
  )
