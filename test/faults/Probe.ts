import { type Actor, type Grant, Operations, Operation, RunHandler, TenantId, WorkspaceId } from "@atlas/operations"
import { TestOperations, fenceOf, RunLedger, RunQueue } from "@atlas/operations/testing"
import { Effect, Layer, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"

/** The steps of an attempt at which a worker can be made to fail. */
export type Step =
  | "claimed"
  | "handling"
  | "writing"
  | "fenced"
  | "completing"
  | "completed"
  | "giving back"
  | "given back"

/** What happens when an attempt comes to a step. */
export type Reach = (step: Step) => Effect.Effect<void>

const workspaceId = WorkspaceId.make("northwind")

/** The tenant of every probe. */
export const tenantId = TenantId.make("contoso")

/** Who starts and cancels probes. */
export const operator: Actor = { id: "operator@northwind", kind: "user", name: "Operator" }

const capability = "tenant.probe.run"

/** Writes two pages, and waits in between until its gate is open. */
export const Probe = Operation.make({
  name: "fault.probe",
  label: "Probe",
  description: "Leaves traces of what its handlers did.",
  category: "Test",
  input: Schema.Struct({
    key: Schema.String,
    /** Waits until the gate of this name is open. */
    gate: Schema.optionalKey(Schema.String),
    /** How long the handler's finalizer takes. */
    finalizerMillis: Schema.optionalKey(Schema.Int),
    /** Statements of 50 ms after the first page, outside statements: only heartbeats keep the lease meanwhile. */
    statements: Schema.optionalKey(Schema.Int)
  }),
  capabilities: { start: capability, view: capability },
  identity: { rule: "while_active", key: ({ key }) => ({ key }) },
  retry: { maxAttempts: 100, backoff: "20 millis", maxBackoff: "100 millis" }
})

const capabilities: Grant["capabilities"] = new Set([capability])
const access = TestOperations.accessIn(workspaceId, () => capabilities)

/** The ledger in which probes are recorded. */
export const ledger = Operations.layer(Probe).pipe(Layer.provide(access))

/** Where handlers leave their traces: attempts as they happen, pages only with their run's fence. */
export const createTables = SqlClient.SqlClient.use((sql) =>
  Effect.all([
    sql`CREATE TABLE probe_attempts (run_id uuid NOT NULL, fence bigint NOT NULL, pid int NOT NULL,
      began_at timestamptz NOT NULL DEFAULT clock_timestamp(), finalized_at timestamptz,
      PRIMARY KEY (run_id, fence))`,
    sql`CREATE TABLE probe_pages (run_id uuid NOT NULL, page int NOT NULL, fence bigint NOT NULL,
      PRIMARY KEY (run_id, page))`,
    sql`CREATE TABLE probe_gates (name text PRIMARY KEY)`
  ])
)

/** Waits until somebody opened a gate. */
const passGate = (name: string) =>
  SqlClient.SqlClient.use((sql) => sql`SELECT FROM probe_gates WHERE name = ${name}`).pipe(
    // Whoever waits here outlives an outage of the database.
    Effect.orElseSucceed(() => []),
    Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("100 millis") }),
    Effect.asVoid
  )

/** The handler of probes. */
export const handler = (reach: Reach) =>
  Probe.toLayer(({ run, input, transaction }) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // Read once, when the attempt begins: later it may be that of whoever took the run over.
      const fence = yield* fenceOf(run.id)
      // Uninterruptible, so that nothing but the fence keeps a page of a worker that lost its run away.
      const page = (number: number) =>
        sql`INSERT INTO probe_pages (run_id, page, fence) VALUES (${run.id}::uuid, ${number}, ${fence})
          ON CONFLICT (run_id, page) DO UPDATE SET fence = excluded.fence`.pipe(
          Effect.andThen(reach("writing")),
          transaction,
          Effect.uninterruptible
        )
      const finalizer = sql`UPDATE probe_attempts SET finalized_at = clock_timestamp()
        WHERE run_id = ${run.id}::uuid AND fence = ${fence}`.pipe(
        Effect.delay(input.finalizerMillis ?? 0),
        Effect.orDie
      )
      yield* Effect.gen(function* () {
        yield* sql`INSERT INTO probe_attempts (run_id, fence, pid) VALUES (${run.id}::uuid, ${fence}, ${process.pid})`
        yield* reach("handling")
        yield* page(1)
        for (let done = 0; done < (input.statements ?? 0); done++) yield* sql`SELECT pg_sleep(0.05)`
        if (input.gate !== undefined) yield* passGate(input.gate)
        yield* page(2)
      }).pipe(Effect.onInterrupt(() => finalizer))
      return RunHandler.succeeded
    }).pipe(Effect.catchTag("SqlError", Effect.die))
  )

/**
 * Ledger and queue that say when an attempt comes to a step of theirs.
 *
 * @param greed how many more runs each claim takes than it was asked for
 */
export const watched = (reach: Reach, greed = 0) => {
  const ledger = Effect.map(RunLedger, (writes) =>
    RunLedger.of({
      ...writes,
      progress: (...args) => Effect.tap(writes.progress(...args), () => reach("fenced")),
      complete: (...args) =>
        reach("completing").pipe(
          Effect.andThen(writes.complete(...args)),
          Effect.tap(() => reach("completed"))
        ),
      giveBack: (...args) =>
        reach("giving back").pipe(
          Effect.andThen(writes.giveBack(...args)),
          Effect.tap(() => reach("given back"))
        )
    })
  )
  const queue = Effect.map(RunQueue, (turns) =>
    RunQueue.of({
      ...turns,
      claimer: (claimant) => {
        const claim = turns.claimer(claimant)
        return (limit) =>
          Effect.tap(claim(limit + greed), (claims) => (claims.length > 0 ? reach("claimed") : Effect.void))
      }
    })
  )
  return Layer.merge(Layer.effect(RunLedger, ledger), Layer.effect(RunQueue, queue))
}
