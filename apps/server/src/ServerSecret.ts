import { randomBytes } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer, Redacted } from "effect"
import { Settings } from "./Settings.ts"

// Several processes may start at once on one folder: the first file wins.
const generated = async (dataDir: string) => {
  const file = join(dataDir, "secret")
  await mkdir(dataDir, { recursive: true })
  await writeFile(file, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx" }).catch(() => {})
  return readFile(file, "utf8")
}

/** `ATLAS_SECRET`, or in development one that is generated and kept in the data folder. Signs sessions, seals credentials. */
export class ServerSecret extends Context.Service<ServerSecret, Redacted.Redacted>()("@atlas/server/ServerSecret") {
  static readonly layer: Layer.Layer<ServerSecret, never, Settings> = Layer.effect(
    ServerSecret,
    Effect.gen(function* () {
      const { secret, dataDir } = yield* Settings
      return secret ?? Redacted.make(yield* Effect.promise(() => generated(dataDir)))
    })
  )
}
