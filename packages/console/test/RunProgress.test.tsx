import type { Run, RunCounts } from "@atlas/operations"
import { assert, it } from "@effect/vitest"
import { DateTime } from "effect"
import { renderToString } from "hono/jsx/dom/server"
import { RunProgress } from "../src/operations/RunProgress.tsx"
import { countsText } from "../src/shell/components/Counts.tsx"

const now = DateTime.makeUnsafe(Date.UTC(2026, 6, 1, 10))

const shown = (summaryCounts: RunCounts, state: Partial<Run> = {}) =>
  renderToString(
    <RunProgress
      run={
        { status: "completed", outcome: "succeeded", startedAt: now, completedAt: now, ...state, summaryCounts } as Run
      }
      label="Sync"
      events={[]}
      now={now}
    />
  )

it("says of a run that ended without counts whether it worked at all", () => {
  assert.include(shown({}), "It reported no progress.")
  assert.include(shown({}, { outcome: "blocked", startedAt: null }), "It did not start.")
})

it("lets counts besides progress speak for themselves", () => {
  const text = shown({ removed: 1_250 })
  assert.include(text, "1,250")
  assert.notMatch(text, /It reported|It did not|It ended/)
})

it("says that a sync which found no change changed nothing, not that there is nothing", () => {
  const text = shown({ processed: 0, created: 0, updated: 0, removed: 0 })
  assert.include(text, "No changes")
  assert.notInclude(text, "0 items")
  const completed = (summaryCounts: RunCounts) => countsText({ summaryCounts, status: "completed" })
  assert.strictEqual(completed({ processed: 0, created: 0, removed: 3 }), "0 items")
  assert.strictEqual(completed({ processed: 0 }), "0 items")
  assert.strictEqual(completed({ processed: 5, created: 0, updated: 0 }), "5 items")
  assert.strictEqual(countsText({ summaryCounts: { processed: 0, created: 0 }, status: "running" }), "0 items")
})
