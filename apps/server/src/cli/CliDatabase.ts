import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { Access, InputResolver, Operations, StartGate } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { EmbeddedPostgres } from "@atlas/operations/testing"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { naming } from "../Database.ts"
import { operationTypes } from "../OperationTypes.ts"
import { Settings } from "../Settings.ts"
import { CliProblem } from "./CliProblem.ts"

// Postgres names its port in the fourth line of this file while it runs.
const embeddedUrl = (dataDir: string) =>
  Effect.tryPromise({
    try: async () => {
      const base = EmbeddedPostgres.dataFolder(resolve(dataDir))
      const [pidFile, password] = await Promise.all([
        readFile(join(base, "postgres", "postmaster.pid"), "utf8"),
        readFile(join(base, "postgres-password"), "utf8")
      ])
      const port = Number(pidFile.split("\n")[3])
      return Redacted.make(`postgres://atlas:${password.trim()}@127.0.0.1:${port}/atlas`)
    },
    catch: () =>
      new CliProblem({
        message: "There is no database: set DATABASE_URL, or start the server, whose embedded database then answers."
      })
  })

const client = Layer.unwrap(
  Effect.gen(function* () {
    const { databaseUrl, dataDir } = yield* Settings
    return PgClient.layer({
      url: databaseUrl ?? (yield* embeddedUrl(dataDir)),
      applicationName: "atlas command line",
      maxConnections: 4,
      connectTimeout: "5 seconds",
      ...naming
    })
  })
)

// Whoever holds the database's password needs no right beside it: nothing here asks.
const nobody = Layer.succeed(
  Access,
  Access.of({ workspaceOf: () => Effect.succeedNone, grants: () => Effect.succeed([]) })
)
const noGates = StartGate.layer(
  ...[...new Set(operationTypes.flatMap(({ gates }) => gates))].map((gate) =>
    StartGate.make(gate, () => Effect.succeed(StartGate.open))
  )
)
const noResolvers = InputResolver.layer(
  ...operationTypes.filter(({ resolves }) => resolves).map((type) => InputResolver.make(type, Effect.succeed))
)

/** The database that the settings name, or the embedded one of a server that runs. */
export const database = client.pipe(Layer.provide(Settings.layer))

/** The ledger in it. */
export const ledger = Operations.layer(...operationTypes).pipe(
  Layer.provide(Layer.merge(noGates, noResolvers)),
  Layer.provideMerge(nobody),
  Layer.provideMerge(Pg.listener),
  Layer.provideMerge(database)
)
