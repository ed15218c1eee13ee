import { TestOperations } from "@atlas/operations/testing"
import {
  type Actor,
  Operations,
  Operation,
  RunHandler,
  Runs,
  Worker,
  WorkerSettings,
  WorkspaceId
} from "@atlas/operations"
import * as Migrations from "@atlas/operations/migrations"
import * as Pg from "@atlas/operations/pg"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime, Redacted, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { connections, type Engine, type OpenEngine, type Work } from "./Engine.ts"

const Noop = Operation.make({
  name: "bench.noop",
  label: "Nothing",
  description: "Does nothing.",
  category: "Benchmark",
  input: Schema.Struct({ key: Schema.String }),
  capabilities: { start: "tenant.noop.run", view: "tenant.noop.view" },
  identity: { rule: "while_active", key: ({ key }) => key }
})

const actor: Actor = { id: "bench", kind: "user", name: "Benchmark" }
const workspaceId = WorkspaceId.make("bench")
const capabilities = new Set([Noop.capabilities.start, Noop.capabilities.view])
const tenants = Array.from({ length: 16 }, (_, index) => `tenant-${index}`)

const access = TestOperations.accessIn(workspaceId, () => capabilities)

const client = (url: string) => PgClient.layer({ url: Redacted.make(url), maxConnections: connections })

const worker = ({ slots, handled }: Work) =>
  Worker.layer(
    Noop.toLayer(({ input }) =>
      Effect.as(
        Effect.sync(() => handled(input.key)),
        RunHandler.succeeded
      )
    )
  ).pipe(
    Layer.provide(
      Layer.effect(
        WorkerSettings,
        Effect.map(WorkerSettings, (defaults) => ({ ...defaults, slots }))
      )
    )
  )

/** Atlas, with its client at hand. */
export interface OpenAtlas extends OpenEngine {
  /** Runs an effect in Atlas' runtime, on the same client. */
  run<A, E>(effect: Effect.Effect<A, E, Runs | SqlClient.SqlClient>): Promise<A>
}

const open = async (url: string, work?: Work): Promise<OpenAtlas> => {
  const operations = Operations.layer(Noop)
  const layer = (work === undefined ? operations : Layer.provideMerge(worker(work), operations)).pipe(
    Layer.provideMerge(Layer.merge(access, Pg.listener)),
    Layer.provideMerge(client(url))
  )
  const runtime = ManagedRuntime.make(layer)
  const runs = await runtime.runPromise(Runs)
  const startOne = (key: string, index: number) =>
    runs.start(actor, Noop, { tenantId: tenants[index % tenants.length]!, input: { key } })
  return {
    start: (keys, concurrency) => runtime.runPromise(Effect.forEach(keys, startOne, { concurrency, discard: true })),
    run: (effect) => runtime.runPromise(effect),
    [Symbol.asyncDispose]: () => runtime.dispose()
  }
}

/** This workspace's own. */
export const AtlasEngine = {
  name: "Atlas",
  settings: `${tenants.length} tenants; a \`while_active\` identity per run; in-memory \`Access\``,
  unfinished: "SELECT count(*)::int AS n FROM operation_runs WHERE status <> 'completed'",
  // The ledger refuses to be emptied: its triggers are left out for this once.
  clear: "DO $$ BEGIN SET LOCAL session_replication_role = replica; TRUNCATE operation_runs CASCADE; END $$",
  prepare: (url) => Effect.runPromise(Migrations.run.pipe(Effect.provide(client(url)), Effect.asVoid)),
  open
} satisfies Engine
