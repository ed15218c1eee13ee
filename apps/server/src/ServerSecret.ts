/**
 * The secret of the server, which signs sessions and seals credentials: `ATLAS_SECRET`, or in development a generated one that
 * is kept in the data folder.
 *
 * @module
 */

import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { Context, Data, Effect, Layer, Redacted } from "effect"
import { keptSecret } from "./keptSecret.ts"
import { Settings } from "./Settings.ts"

/** The generated secret can be neither read nor written. The message says why. */
export class ServerSecretError extends Data.TaggedError("ServerSecretError")<{ readonly message: string }> {}

const generated = async (dataDir: string) => {
  await mkdir(dataDir, { recursive: true })
  return keptSecret(join(dataDir, "secret"), 48)
}

/** The secret of this process. */
export class ServerSecret extends Context.Service<ServerSecret, Redacted.Redacted>()("@atlas/server/ServerSecret") {
  static readonly layer: Layer.Layer<ServerSecret, ServerSecretError, Settings> = Layer.effect(
    ServerSecret,
    Effect.gen(function* () {
      const { secret, dataDir } = yield* Settings
      if (secret !== null) return secret
      const kept = yield* Effect.tryPromise({
        try: () => generated(dataDir),
        catch: (error) =>
          new ServerSecretError({
            message: `The generated secret cannot be kept (${String(error)}): set ATLAS_DATA_DIR to a folder of yours, or ATLAS_SECRET.`
          })
      })
      return Redacted.make(kept)
    })
  )
}
