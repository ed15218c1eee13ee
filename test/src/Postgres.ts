import { chmod, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as EmbeddedPostgres from "@atlas/server/embedded-postgres"
import { Effect, type Redacted, type Scope } from "effect"

/** Starts a Postgres server of its own and yields the URL of a database on it; it goes, data and all, with the scope. */
export const server: Effect.Effect<Redacted.Redacted, never, Scope.Scope> = Effect.promise(async () => {
  const directory = await mkdtemp(join(tmpdir(), "atlas-postgres-"))
  // Root's Postgres runs as another user, who has to enter it.
  await chmod(directory, 0o711)
  return directory
}).pipe(
  Effect.flatMap((directory) => EmbeddedPostgres.start(directory, { temporary: true })),
  Effect.orDie
)
