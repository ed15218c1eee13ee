import { chmod, mkdtemp } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as EmbeddedPostgres from "@atlas/server/embedded-postgres"
import { Config, Effect, type Redacted, type Scope } from "effect"

// 18 is the server's own; 14 is the oldest that Atlas runs on.
const version = Config.Literals(["14", "18"], "ATLAS_TEST_POSTGRES").pipe(Config.withDefault("18"))

// Vitest has no import.meta.resolve.
const require = createRequire(import.meta.url)
const oldest = () => pathToFileURL(require.resolve("embedded-postgres-14")).href

const newFolder = Effect.promise(async () => {
  const directory = await mkdtemp(join(tmpdir(), "atlas-postgres-"))
  // Root's Postgres runs as another user, who has to enter it.
  await chmod(directory, 0o711)
  return directory
})

/**
 * Starts a Postgres server of its own, of version 18 or `ATLAS_TEST_POSTGRES`, and yields the URL of a database on it; it
 * goes, data and all, with the scope.
 */
export const server: Effect.Effect<Redacted.Redacted, never, Scope.Scope> = Effect.gen(function* () {
  const binaries = (yield* version) === "14" ? { binaries: oldest() } : {}
  return yield* EmbeddedPostgres.start(yield* newFolder, { temporary: true, ...binaries })
}).pipe(Effect.orDie)
