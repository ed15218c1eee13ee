/** Fixtures shared by the tests of every package. */
export { as, call, completed, get, start } from "./Api.ts"
export { Browser, describeBrowser } from "./Browser.ts"
export { assertAccessible, openPage, signIn } from "./BrowserPage.ts"
export { databaseListener } from "./databaseListener.ts"
export * as Postgres from "./Postgres.ts"
export { freePort, launchServer, type ServerProcess, spawnServer, startServer } from "./ServerProcess.ts"
export { TestDatabase } from "./TestDatabase.ts"
