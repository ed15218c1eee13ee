import { legacyKinds } from "@atlas/legacy"
import type { Expected } from "./Expected.ts"

const tables = legacyKinds.map(({ table }) => table)

/** The tables that held runs before the ledger. */
export const legacy: Expected = {
  ...Object.fromEntries(
    tables.flatMap((table) => [
      [`LegacyRuns.get, ${table}`, [`${table}_id_idx`]],
      [`LegacyRuns.list, ${table}`, [`${table}_tenant_id_idx`]],
      [`LegacyRuns.list, ${table}, the next page`, [`${table}_tenant_id_idx`, `${table}_id_idx`]]
    ])
  ),
  // For a command that maps many records at once.
  "LegacyMappings.findMisfits": ["operation_runs_pkey", ...tables.map((table) => `all of ${table} | ${table}_id_idx`)],
  "LegacyMappings.store": tables.map((table) => `all of ${table} | ${table}_id_idx`),
  "LegacyMappings.findMatches": ["all of operation_runs", ...tables.map((table) => `all of ${table}`)]
}
