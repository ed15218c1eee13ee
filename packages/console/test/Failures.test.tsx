import type { Run } from "@atlas/operations"
import { assert, it } from "@effect/vitest"
import { DateTime } from "effect"
import { renderToString } from "hono/jsx/dom/server"
import { Failures } from "../src/operations/Failures.tsx"

const at = (minute: number) => DateTime.makeUnsafe(Date.UTC(2026, 6, 1, 10, minute))

const failures: Run["failureSummary"] = [
  {
    reasonCode: "provider_conflict",
    message: "Two people changed it.",
    count: 1_250,
    firstAt: at(0),
    lastAt: at(20),
    samples: [
      { message: "Two people changed it.", item: "<Sales>", requestId: "r-1" },
      { message: "Somebody else changed it.", item: "Finance" }
    ]
  },
  {
    reasonCode: "provider_throttled",
    message: "Slow.",
    count: 1,
    firstAt: at(5),
    lastAt: at(5),
    samples: [{ message: "Slow." }]
  },
  { reasonCode: "ext.mail.gone", message: "Gone.", count: 2, firstAt: null, lastAt: null, samples: [] }
]

const failed = { failureSummary: failures, status: "completed", attempt: 3, cancelRequestedAt: null } as const
const render = (state: Partial<Pick<Run, "status" | "cancelRequestedAt">> = {}) =>
  renderToString(<Failures run={{ ...failed, ...state }} now={at(30)} />)

it("shows of each reason how often, when first and last, examples with request ids, and the next step", () => {
  const [, conflict = "", throttled = "", gone = ""] = render().split('<tr role="row">').slice(1)
  for (const part of [
    "Conflict at the provider",
    "1,250",
    "30 minutes ago",
    "10 minutes ago",
    "2 examples",
    "&lt;Sales&gt;",
    "<code>r-1</code>",
    "Somebody else changed it.",
    "Read the object again"
  ]) {
    assert.include(conflict, part)
  }
  assert.strictEqual(conflict.split("Two people changed it.").length, 2, "the message is said once")
  assert.include(throttled, "25 minutes ago")
  assert.notInclude(throttled, "first")
  assert.notInclude(throttled, "<details")
  assert.include(gone, "cell-empty")
})

it("promises another attempt only while one follows", () => {
  const promise = "Atlas tries again"
  assert.notInclude(render(), promise)
  assert.include(render({ status: "queued" }), promise)
  assert.include(render({ status: "running" }), promise)
  assert.notInclude(render({ status: "running", cancelRequestedAt: at(29) }), promise)
})
