/**
 * The migrations of everything in the reference server: those of each package, then those of its own tables. Server processes
 * run them when they start, and `atlas migrate` without a server.
 *
 * @module
 */

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

/** For each package, the table that records the applied migrations, and the number of the newest migration of this version. */
export const ledgers = [Operations.ledger, Legacy.ledger, Graph.ledger, Directory.ledger, Intune.ledger, ledger]

/** Applies the migrations of every package, in the order of their dependencies. Several processes may run it at once. */
export const run = Effect.all([Operations.run, Legacy.run, Graph.run, Directory.run, Intune.run, server], {
  discard: true
})
