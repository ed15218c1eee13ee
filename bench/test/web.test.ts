import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const program = fileURLToPath(new URL("../src/web.ts", import.meta.url))

it("fills a ledger, reads it alone and under load, and writes what it found", { timeout: 120_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), "atlas-bench-results-"))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "--quick", "--out", out])
    const { load, reads } = JSON.parse(await readFile(join(out, "web.json"), "utf8"))
    expect(load).toMatchObject({ viewers: 20, requests: 40, errors: 0, lostViewers: 0 })
    expect(reads.length).toBeGreaterThan(5)
    expect(stdout.trim()).toBe((await readFile(join(out, "web.md"), "utf8")).trim())
  } finally {
    await rm(out, { recursive: true })
  }
})
