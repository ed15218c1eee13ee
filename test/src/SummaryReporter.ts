import type { Reporter, SerializedError, TestModule } from "vitest/node"

/**
 * Ends the output with one line for machines: `12 passed, 0 failed, 1 skipped`.
 *
 * A file that cannot be loaded and an error outside any test count as failures, so that `0 failed` is never said of a red run.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<SerializedError>): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++
      for (const suite of [module, ...module.children.allSuites()]) if (suite.errors().length > 0) count.failed++
    }
    const skipped = count.skipped + count.pending
    console.log(`${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
  }
}
