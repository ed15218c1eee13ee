import { OpenIdProvider, startServer } from "@atlas/test"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A server on which people sign in with the provider. */
export const startWithEntra = Effect.gen(function* () {
  const provider = yield* OpenIdProvider
  const server = yield* startServer(provider.settings)
  provider.register(`${server.origin}/sign-in/callback`)
  return server
})

/** Links a person of the provider with one of the demonstration's accounts. */
export const link = (login: string, account: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { objectIdOf, tenantId } = yield* OpenIdProvider
    yield* sql`
      INSERT INTO account_identities VALUES (${tenantId}, ${objectIdOf(login)}, ${account}) ON CONFLICT DO NOTHING`
  })
