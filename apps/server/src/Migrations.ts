import * as Directory from "@atlas/directory/migrations"
import * as Graph from "@atlas/graph/migrations"
import * as Intune from "@atlas/intune/migrations"
import * as Legacy from "@atlas/legacy/migrations"
import * as Operations from "@atlas/operations/migrations"
import { Effect } from "effect"
import { Migrator } from "effect/sql"
import accounts from "./migrations/0001_accounts.ts"
import accountIdentities from "./migrations/0002_account_identities.ts"

const migrations = { "0001_accounts": accounts, "0002_account_identities": accountIdentities }
const ledger = { table: "atlas_server_migrations", latest: Object.keys(migrations).length }
const server = Migrator.make({})({ loader: Migrator.fromRecord(migrations), table: ledger.table })

/** Where each package keeps which migrations were applied, and the newest that this version has. */
export const ledgers = [Operations.ledger, Legacy.ledger, Graph.ledger, Directory.ledger, Intune.ledger, ledger]

/** Applies the migrations of every package, in the order of their dependencies. Safe from several processes at once. */
export const run = Effect.all([Operations.run, Legacy.run, Graph.run, Directory.run, Intune.run, server], {
  discard: true
})
