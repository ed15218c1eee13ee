export * as DatabaseClock from "./DatabaseClock.ts"
export * as EmbeddedPostgres from "./EmbeddedPostgres.ts"
export {
  assertHoldsNone,
  assertRun,
  assertTimeline,
  type ExpectedRun,
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
export { RunExecutor } from "../RunExecutor.ts"
export { RunHours } from "../RunHours.ts"
export { RunLedger } from "../RunLedger.ts"
export { RunQueue } from "../RunQueue.ts"
export { RunRetention } from "../RunRetention.ts"
