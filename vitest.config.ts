import { configDefaults, defineConfig } from "vitest/config"

/** Tests in these folders are slower than the others; all others are the tier `fast`. */
const slower = {
  /** Processes that are killed, stopped and cut off from their database. */
  faults: ["test/faults/**/*.test.ts"],
  /** Pages in Chromium. */
  browser: ["test/browser/**/*.test.ts"],
  /** Whether the benchmarks work, and the packed packages in an empty project. */
  tools: ["test/tools/**/*.test.ts", "bench/test/**/*.test.ts"]
}

const fast = [
  "packages/*/test/**/*.test.{ts,tsx}",
  "apps/*/test/**/*.test.{ts,tsx}",
  "examples/**/*.test.ts",
  "test/**/*.test.ts"
]

const tier = (name: string, include: Array<string>, exclude: Array<string> = []) => ({
  oxc: { jsx: { runtime: "automatic" as const, importSource: "hono/jsx" } },
  test: {
    name,
    include,
    exclude: [...configDefaults.exclude, ...exclude],
    // Half of a file's time would be spent on loading Effect again.
    isolate: false,
    // These end what hangs. Many tests start processes, and on a busy machine with two cores a process takes its time.
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})

const tiers = [
  tier("fast", fast, Object.values(slower).flat()),
  ...Object.entries(slower).map(([name, include]) => tier(name, include))
]

// `pnpm test` is the fast tier; who names a file, a test or a tier gets it, whichever tier it is of.
const names = process.argv
  .slice(2)
  .some((argument) => argument !== "run" && !/^--(?!project|testNamePattern)/.test(argument))

export default defineConfig({
  test: {
    projects: names ? tiers : tiers.slice(0, 1),
    globalSetup: "./test/src/globalSetup.ts",
    reporters: ["default", "./test/src/SummaryReporter.ts"],
    pool: "forks",
    maxWorkers: "100%"
  }
})
