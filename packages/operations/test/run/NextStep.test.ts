import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { type Failure, knownReasonCodes, NextStep, type ReasonCode, reasonInfo } from "../../src/index.ts"
import { merge, observed } from "../../src/run/Failure.ts"

const at = DateTime.makeUnsafe(0)
const completed = { status: "completed", attempt: 3, cancelRequestedAt: null } as const
const waiting = { status: "queued", attempt: 1, cancelRequestedAt: null } as const
const throttled = { reasonCode: "provider_throttled" } as const

describe("the next step", () => {
  it("promises another attempt while one follows or is under way, and never otherwise", () => {
    const { nextStep, whileRetried } = reasonInfo("provider_throttled")
    assert.strictEqual(NextStep.ofFailure(waiting, throttled), whileRetried)
    assert.strictEqual(NextStep.ofFailure({ ...waiting, status: "running" }, throttled), whileRetried)
    // An item of the first attempt: whether another one follows is open.
    assert.strictEqual(NextStep.ofFailure({ ...waiting, status: "running", attempt: 0 }, throttled), nextStep)
    assert.strictEqual(
      NextStep.ofFailure({ ...waiting, status: "running", cancelRequestedAt: at }, throttled),
      nextStep
    )
    for (const reasonCode of knownReasonCodes) {
      assert.notMatch(NextStep.ofFailure(completed, { reasonCode }), /tries again/i, reasonCode)
    }
  })

  it("names every permission that is missing, whether another attempt follows or not", () => {
    const failed = (missingPermission: string) =>
      observed({ reasonCode: "provider_permission_denied", message: "No.", missingPermission }, at)
    const summary = merge(["B.Read.All", "A.Read.All", "B.Read.All"].map(failed))
    assert.deepStrictEqual(summary[0]?.missingPermissions, ["A.Read.All", "B.Read.All"])
    const step = "Grant A.Read.All and B.Read.All to the app and give admin consent, then start again."
    for (const state of [completed, waiting]) {
      const run = { ...state, reasonCode: "provider_permission_denied" as ReasonCode, failureSummary: summary }
      assert.strictEqual(NextStep.ofRun(run), step)
    }
  })

  it("of a run is about the reason that decided it", () => {
    const failureSummary: ReadonlyArray<Failure> = [observed({ ...throttled, message: "Slow." }, at)]
    const stale = { ...completed, reasonCode: "run_stale", failureSummary } as const
    assert.strictEqual(NextStep.ofRun(stale), reasonInfo("run_stale").nextStep)
    assert.isNull(NextStep.ofRun({ ...completed, reasonCode: null, failureSummary }))
  })
})
