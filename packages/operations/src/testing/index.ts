/**
 * What tests of operations need: databases with a clock that can be moved, a worker that runs until nothing is due, and
 * assertions on runs. Everything works on a real Postgres. docs/testing.md shows a whole test.
 *
 * @module
 */

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
  wholeRun,
  withRun
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
// The steps beneath the ledger, for tests that inject faults between them or take them one by one. They trust their arguments.
export { RunExecutor } from "../executing/RunExecutor.ts"
export { RunHours } from "../ledger/reads/RunHours.ts"
export { RunLedger } from "../ledger/RunLedger.ts"
export { RunQueue } from "../ledger/RunQueue.ts"
export { RunRetention } from "../ledger/RunRetention.ts"
