import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const program = fileURLToPath(new URL("../src/start.ts", import.meta.url))

// Whether it works, never how fast: a machine that runs tests measures nothing.
it("measures every engine, and writes what it found", { timeout: 120_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), "atlas-bench-results-"))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "--quick", "--out", out])
    const { starts, latency, endToEnd } = JSON.parse(await readFile(join(out, "start.json"), "utf8"))
    expect([starts.length, latency.length, endToEnd.length]).toEqual([10, 6, 6])
    const figures = [...starts, ...endToEnd].map(({ perSecond }) => perSecond)
    expect(figures.every((perSecond) => perSecond > 0)).toBe(true)
    expect(stdout.trim()).toBe((await readFile(join(out, "start.md"), "utf8")).trim())
  } finally {
    await rm(out, { recursive: true })
  }
})
