import { Migrator } from "effect/sql"
import directoryGroups from "./migrations/0001_directory_groups.ts"
import collections from "./migrations/0002_collections.ts"

/**
 * Creates or upgrades the cache's tables. Safe to run from several processes at once.
 *
 * @returns the migrations that were applied
 */
export const run = Migrator.make({})({
  loader: Migrator.fromRecord({ "0001_directory_groups": directoryGroups, "0002_collections": collections }),
  table: "atlas_directory_migrations"
})
