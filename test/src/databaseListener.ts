import { DatabaseListener } from "@atlas/operations"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer } from "effect"

/** Postgres notifications through the test's own client, as a host provides them. */
export const databaseListener = Layer.effect(
  DatabaseListener,
  Effect.map(PgClient.PgClient, ({ listen }) => ({ listen }))
)
