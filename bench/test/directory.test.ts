import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const program = fileURLToPath(new URL("../src/directory.ts", import.meta.url))

it("synchronises, copies and searches a directory, and writes what it found", { timeout: 120_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), "atlas-bench-results-"))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "--quick", "--out", out])
    const { searches, syncs } = JSON.parse(await readFile(join(out, "directory.json"), "utf8"))
    expect(syncs).toMatchObject([{ groups: 2000, nothing: { requests: 1 }, changed: { groups: 2, requests: 1 } }])
    expect(searches.find(({ kind }: { kind: string }) => kind === "labels of 100 ids")).toMatchObject({ found: 100 })
    expect(stdout.trim()).toBe((await readFile(join(out, "directory.md"), "utf8")).trim())
  } finally {
    await rm(out, { recursive: true })
  }
})
