import { TestDatabase as Database } from "@atlas/operations/testing"
import { Effect, Layer, Redacted } from "effect"
import { inject } from "vitest"

declare module "vitest" {
  /** What the global setup hands to the test files. */
  interface ProvidedContext {
    /** The server's administration database and the name of the migrated template on it. */
    readonly database: { readonly url: string; readonly template: string }
  }
}

const prepared = () => {
  const { url, template } = inject("database")
  return { server: Redacted.make(url), template }
}

/** A database of its own with every package's migrations applied, dropped when the layer closes. */
export const TestDatabase = {
  /** Only the database, for tests that start processes on it. */
  layerNoClient: Layer.suspend(() => Database.layerNoClient(prepared())),
  /** A client on the database. */
  client: Database.client,
  /** The database and a client on it. */
  layer: Layer.suspend(() => Database.layer(prepared())),
  /** Where the database is, for a process or a second client. */
  url: Effect.map(Database, ({ url }) => url)
}
export type TestDatabase = Database
