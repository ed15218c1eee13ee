import { defineConfig } from "vitest/config"

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "hono/jsx" } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.{ts,tsx}",
      "examples/**/*.test.ts",
      "test/**/*.test.ts",
      "bench/test/**/*.test.ts"
    ],
    globalSetup: "./test/src/globalSetup.ts",
    reporters: ["default", "./test/src/SummaryReporter.ts"],
    pool: "forks",
    maxWorkers: "100%",
    // These end what hangs. Many tests start processes, and on a busy machine with two cores a process takes its time.
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})
