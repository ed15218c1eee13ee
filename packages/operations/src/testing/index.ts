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
