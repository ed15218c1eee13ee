import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { SqlClient } from "effect/sql"
import { database } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"
import { textArgument, uuid } from "./flags.ts"

const link = Command.make(
  "link",
  {
    account: textArgument("account", "Id of the account"),
    tenant: uuid("directory", "Id of the Entra directory, a UUID"),
    objectId: uuid("object", "Object id of the person, a UUID")
  },
  ({ account, objectId, tenant }) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql<{ account: string }>`
        WITH known AS (SELECT id FROM accounts WHERE id = ${account}), added AS (
          INSERT INTO account_identities (entra_tenant_id, object_id, account_id)
          SELECT lower(${tenant}), lower(${objectId}), id FROM known
          ON CONFLICT (entra_tenant_id, object_id) DO UPDATE SET account_id = excluded.account_id
        ) SELECT id AS account FROM known`
      if (rows.length === 0) return yield* new CliProblem({ message: `There is no account ${account}.` })
      yield* Console.log(`Linked ${objectId}: this person now signs in as ${account}.`)
    }).pipe(Effect.provide(database))
).pipe(Command.withDescription("Let an Entra ID user sign in as an account"))

/** `atlas accounts`. */
export const accountsCommand = Command.make("accounts").pipe(
  Command.withDescription("Link accounts to Entra ID users"),
  Command.withSubcommands([link])
)
