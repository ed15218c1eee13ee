/**
 * The three tables that held runs before the ledger, for hosts that have such a history: `LegacyRuns` reads them, authorised
 * like runs, and `LegacyMappings` says which run a record is shown as. The migrations create the tables or adopt them, and
 * close them to new rows. A host without such a history leaves this package out, and keeps its own tables of these names.
 *
 * @module
 */

export { type LegacyKind, legacyKinds, type LegacyTable } from "./LegacyKind.ts"
export { type LegacyMapping, LegacyMappings, type LegacyMisfit } from "./LegacyMappings.ts"
export { type LegacyRun, LegacyRuns } from "./LegacyRuns.ts"
