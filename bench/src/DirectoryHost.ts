import { Directory } from "@atlas/directory"
import * as DirectoryMigrations from "@atlas/directory/migrations"
import { Operations, StartGate, Worker } from "@atlas/operations"
import * as OperationsMigrations from "@atlas/operations/migrations"
import * as Pg from "@atlas/operations/pg"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { accessWith, liveGraph, openGate } from "./hosts.ts"

const capabilities = new Set(["tenant.directory.sync", "tenant.directory.view"] as const)

const access = accessWith(capabilities)

const gate = StartGate.layer(openGate)

/** The tables of the ledger and of the cache. */
export const migrate = (url: string): Promise<void> =>
  Effect.runPromise(
    Effect.andThen(OperationsMigrations.run, DirectoryMigrations.run).pipe(
      Effect.asVoid,
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))
    )
  )

/**
 * The ledger, the cache and its readers, and a worker with the live client, as a host has them.
 *
 * @param url of the database
 * @param graphOrigin where the fake Graph is
 * @param tenant its only tenant, by all of its ids
 */
export const directoryHost = (url: string, graphOrigin: string, tenant: string) => {
  return Worker.layer(...Directory.handlers).pipe(
    Layer.provide(liveGraph(graphOrigin, tenant)),
    Layer.provideMerge(Directory.layer),
    Layer.provideMerge(Operations.layer(...Directory.operations).pipe(Layer.provide(gate))),
    Layer.provideMerge(Layer.merge(access, Pg.listener)),
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), maxConnections: 10 }))
  )
}
