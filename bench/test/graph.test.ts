import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const program = fileURLToPath(new URL("../src/graph.ts", import.meta.url))

// A reader that does not read exactly what the fake holds ends the benchmark: so this is also the proof that Microsoft's own
// client reads from the fake what ours reads.
it("reads the directory with every reader, exactly, and writes what it found", { timeout: 120_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), "atlas-bench-results-"))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "--quick", "--out", out])
    const { readings } = JSON.parse(await readFile(join(out, "graph.json"), "utf8"))
    const three = ["Atlas", "microsoft-graph-client", "bare fetch"]
    expect(readings.map(({ reader }: { reader: string }) => reader)).toEqual([...three, ...three])
    expect(stdout.trim()).toBe((await readFile(join(out, "graph.md"), "utf8")).trim())
  } finally {
    await rm(out, { recursive: true })
  }
})
