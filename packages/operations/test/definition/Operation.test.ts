import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { GraphContract, Operation, StartGate } from "../../src/index.ts"

const definition = {
  label: "Waits",
  description: "Waits in the queue.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "while_active" }
} as const
const gates = [StartGate.providerConnection]

describe("how long a run may wait in the queue", () => {
  it("is ten minutes for what asks a provider, a day for the rest, and what a definition says", () => {
    const limitOf = (more: object) => Operation.make({ name: "test.waits", ...definition, ...more }).queueLimit
    const reads = { name: "x.get", version: "v1.0", path: "/x", schema: Schema.Unknown, permissions: [] } as const
    const contracts = [GraphContract.get(reads)]
    assert.strictEqual(limitOf({}), "1 day")
    assert.strictEqual(limitOf({ gates: ["another"] }), "1 day")
    assert.strictEqual(limitOf({ gates }), "10 minutes")
    assert.strictEqual(limitOf({ contracts }), "10 minutes")
    assert.strictEqual(limitOf({ gates, queueLimit: "1 hour" }), "1 hour")
  })
})

describe("the durations of a definition", () => {
  const problemOf = (more: object) => {
    try {
      Operation.make({ name: "test.lasts", ...definition, ...more })
      return null
    } catch (error) {
      return error instanceof TypeError ? error.message : error
    }
  }

  it.each([
    ["/definition/timeLimit", { timeLimit: "0 seconds" }],
    ["/definition/queueLimit", { queueLimit: -1 }],
    ["/definition/retry/backoff", { retry: { backoff: "-5 seconds" } }],
    ["/definition/retry/maxBackoff", { retry: { maxBackoff: 0 } }]
  ])("must be positive: %s", (pointer, more) => {
    assert.include(problemOf(more), `${pointer}: Expected a positive duration`)
  })

  it("that pause between attempts must not exceed the longest pause", () => {
    assert.include(problemOf({ retry: { backoff: "11 minutes" } }), "retry.backoff must not be longer than")
    assert.include(problemOf({ retry: { backoff: "2 hours", maxBackoff: "1 hour" } }), "retry.maxBackoff")
    assert.isNull(problemOf({ retry: { backoff: "1 hour", maxBackoff: "1 hour" } }))
  })
})

describe("members of a definition that are undefined", () => {
  it("are absent, those of the identity too", () => {
    const identity = { rule: "once", by: "idempotency_key", key: undefined, whileActive: undefined }
    const made = Operation.make({ name: "test.once", ...definition, identity: identity as any })
    assert.deepStrictEqual<object>(made.identity, { rule: "once", by: "idempotency_key" })
  })
})
