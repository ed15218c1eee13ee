import type { Run } from "@atlas/operations"
import { assert, it } from "@effect/vitest"
import { renderToString } from "hono/jsx/dom/server"
import { ReasonCallout, RunReason } from "../src/shell/components/Reason.tsx"

const textOf = (html: string) => html.replaceAll(/<[^>]+>/g, "")

const failed = (reasonCode: string, message: string) => {
  const failure = { reasonCode, message, count: 1, firstAt: null, lastAt: null, samples: [] }
  const run = { status: "completed", outcome: "failed", reasonCode, failureSummary: [failure], attempt: 1 }
  const shown = run as unknown as Run
  return {
    line: textOf(renderToString(<RunReason run={shown} />)),
    whole: renderToString(<ReasonCallout run={shown} />)
  }
}

it("says of a code that a host defined what its message says, in lists and in full", () => {
  const { line, whole } = failed("ext.restore.is_done", "The restore is over: plan another one.")
  assert.strictEqual(line, "The restore is over: plan another one.")
  assert.include(whole, '<h2 id="reason-title">The restore is over: plan another one.</h2>')
  assert.include(whole, "<code>ext.restore.is_done</code>")
  assert.notInclude(whole, "See the failure")
})

it("says of a known code its title and next step, and in full its message", () => {
  const { line, whole } = failed("provider_conflict", "Two people changed it.")
  assert.match(line, /^Conflict at the provider\. Read the object again/)
  assert.include(whole, '<h2 id="reason-title">Conflict at the provider</h2><p>Two people changed it.</p>')
})
