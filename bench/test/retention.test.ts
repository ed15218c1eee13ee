import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const program = fileURLToPath(new URL("../src/retention.ts", import.meta.url))

it(
  "removes what is beyond the newest, while runs go through, and writes what it found",
  { timeout: 240_000 },
  async () => {
    const out = await mkdtemp(join(tmpdir(), "atlas-bench-results-"))
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [program, "--quick", "--out", out])
      const { figures } = JSON.parse(await readFile(join(out, "retention.json"), "utf8"))
      expect(figures).toMatchObject({ removed: 1_000, last: { runs: 1_000 } })
      expect(stdout.trim()).toBe((await readFile(join(out, "retention.md"), "utf8")).trim())
    } finally {
      await rm(out, { recursive: true })
    }
  }
)
