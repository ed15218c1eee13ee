import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { failureText } from "../src/failureText.ts"

describe("the text of a failure", () => {
  it("is the sentence of what was foreseen", () => {
    assert.strictEqual(failureText(Cause.fail(new Error("PORT must be a port."))), "PORT must be a port.")
  })

  it("is the whole chain of a defect, without the credentials of an address", () => {
    const cause = new Error("no route to postgres://ada:hunter2@db/atlas")
    const text = failureText(Cause.die(new Error("The pool broke", { cause }))) ?? ""
    assert.match(text, /The pool broke/)
    assert.match(text, /no route to postgres:\/\/…@db\/atlas/)
    assert.notMatch(text, /ada|hunter/)
  })

  it("names everything that happened at once", () => {
    const text = failureText(Cause.combine(Cause.fail(new Error("one")), Cause.die(new Error("two")))) ?? ""
    assert.match(text, /^one\nError: two/)
  })

  it("does not exist for a process that was asked to end", () => {
    assert.isNull(failureText(Cause.interrupt(1)))
  })
})
