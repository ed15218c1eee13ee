export * as DatabaseClock from "./DatabaseClock.ts"
export * as EmbeddedPostgres from "./EmbeddedPostgres.ts"
export {
  assertHoldsNone,
  assertRun,
  assertTimeline,
  type ExpectedRun,
  fenceOf,
  findRun,
  timelineOf,
  wholeRun
} from "./RunAssertions.ts"
export {
  client,
  createDatabase,
  type Preparation,
  temporaryServer,
  TestDatabase,
  type TestDatabaseOptions
} from "./TestDatabase.ts"
export { temporaryDatabase, type TemporaryDatabase } from "./temporaryDatabase.ts"
export * as TestOperations from "./TestOperations.ts"
// The steps beneath the ledger, for tests that inject faults between them, or take them one by one. They trust what they are handed.
export { RunExecutor } from "../executing/RunExecutor.ts"
export { RunHours } from "../ledger/reads/RunHours.ts"
export { RunLedger } from "../ledger/RunLedger.ts"
export { RunQueue } from "../ledger/RunQueue.ts"
export { RunRetention } from "../ledger/RunRetention.ts"
