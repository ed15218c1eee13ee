import { existsSync, readFileSync } from "node:fs"
import { mkdtemp, readdir, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { keptSecret } from "../src/keptSecret.ts"

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "atlas-secret-"))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

describe("a kept secret", () => {
  it("is whole and the same for everyone, however many create it at once", async () => {
    const file = join(await folder(), "secret")
    const secrets = await Promise.all(Array.from({ length: 40 }, () => keptSecret(file, 48)))
    assert.lengthOf(new Set(secrets), 1)
    assert.lengthOf(secrets[0] ?? "", 64)
    assert.strictEqual(await keptSecret(file, 48), secrets[0])
  })

  it("is never seen half written", async () => {
    const directory = await folder()
    for (let round = 0; round < 100; round++) {
      const file = join(directory, `secret-${round}`)
      let unfinished = true
      const created = keptSecret(file, 48).finally(() => (unfinished = false))
      while (unfinished) {
        if (existsSync(file)) assert.lengthOf(readFileSync(file, "utf8"), 64)
        await setImmediate()
      }
      assert.lengthOf(await created, 64)
    }
  })

  it("is for its owner's eyes, and leaves nothing beside itself", async () => {
    const directory = await folder()
    await keptSecret(join(directory, "secret"), 48)
    assert.deepStrictEqual(await readdir(directory), ["secret"])
    assert.strictEqual((await stat(join(directory, "secret"))).mode & 0o777, 0o600)
  })
})
