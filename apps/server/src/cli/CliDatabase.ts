/**
 * The database of commands: the one that the settings name, or the embedded one of a server that runs.
 *
 * @module
 */

import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { Access, InputResolver, Operations, StartGate } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { EmbeddedPostgres } from "@atlas/operations/testing"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { naming } from "../Database.ts"
import { registeredOperations } from "../RegisteredOperations.ts"
import { Settings } from "../Settings.ts"
import { CliProblem } from "./CliProblem.ts"

// While Postgres runs, the fourth line of this file is its port.
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
        message: "No database answers: set DATABASE_URL, or start the server with its embedded database."
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

// Whoever has the password of the database needs no capability, and no command asks for one.
const nobody = Layer.succeed(
  Access,
  Access.of({ workspaceOf: () => Effect.succeedNone, grants: () => Effect.succeed([]) })
)
const noGates = StartGate.layer(
  ...[...new Set(registeredOperations.flatMap(({ gates }) => gates))].map((gate) =>
    StartGate.make(gate, () => Effect.succeed(StartGate.open))
  )
)
const noResolvers = InputResolver.layer(
  ...registeredOperations.filter(({ resolves }) => resolves).map((type) => InputResolver.make(type, Effect.succeed))
)

/** The connections to it. */
export const database = client.pipe(Layer.provide(Settings.layer))

/** The ledger in it, for commands that use it. */
export const ledger = Operations.layer(...registeredOperations).pipe(
  Layer.provide(Layer.merge(noGates, noResolvers)),
  Layer.provideMerge(nobody),
  Layer.provideMerge(Pg.listener),
  Layer.provideMerge(database)
)
