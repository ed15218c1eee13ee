import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const program = fileURLToPath(new URL("../src/intune.ts", import.meta.url))

it("inventories, backs up and plans policies, and writes what it found", { timeout: 120_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), "atlas-bench-results-"))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "--quick", "--out", out])
    const { figures } = JSON.parse(await readFile(join(out, "intune.json"), "utf8"))
    for (const figure of Object.values(figures)) expect(figure).toMatchObject({ found: 100 })
    expect(stdout.trim()).toBe((await readFile(join(out, "intune.md"), "utf8")).trim())
  } finally {
    await rm(out, { recursive: true })
  }
})
