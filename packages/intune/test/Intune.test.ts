import { StartGate } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Intune } from "../src/index.ts"

describe("the operations of Intune", () => {
  it("wait ten minutes for a worker where they ask the tenant; a scheduled backup waits until workers are back", () => {
    for (const { gates, name, queueLimit } of Intune.operations) {
      const asksTenant = gates.includes(StartGate.providerConnection) && name !== "backup_schedule.scheduled"
      assert.strictEqual(queueLimit, asksTenant ? "10 minutes" : "1 day", name)
    }
  })
})
