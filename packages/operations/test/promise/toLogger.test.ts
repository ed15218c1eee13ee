import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { LogEntry } from "../../src/promise/index.ts"
import { toLogger } from "../../src/promise/toLogger.ts"

/** The entries that the function of a host gets. */
const logged = (work: Effect.Effect<void>): Effect.Effect<ReadonlyArray<LogEntry>> =>
  Effect.suspend(() => {
    const entries: Array<LogEntry> = []
    return Effect.as(
      Effect.provide(
        work,
        toLogger((entry) => void entries.push(entry))
      ),
      entries
    )
  })

it.effect("redacts what is text in the fields of an entry, by shape and by name", () =>
  Effect.gen(function* () {
    const fields = {
      url: "postgres://ada:hunter2@db/x",
      clientSecret: "hunter2",
      password: 4711,
      nested: { password: "hunter2" },
      error: new Error("pwd=hunter2"),
      tenant: "acme-eu",
      attempt: 2,
      last: false,
      none: null
    }
    const [entry] = yield* logged(Effect.annotateLogs(Effect.logInfo("Answered"), fields))
    const text = JSON.stringify(entry)
    for (const secret of ["hunter2", "4711"]) assert.notInclude(text, secret)
    assert.deepInclude(entry?.fields, {
      clientSecret: "[removed: client secret]",
      tenant: "acme-eu",
      attempt: 2,
      last: false,
      none: null
    })
  })
)

it.effect("says what an entry has, whatever that is", () =>
  Effect.gen(function* () {
    const circle: Record<string, unknown> = { size: 12n }
    circle["self"] = circle
    const work = Effect.logWarning("Odd", 12n, circle, new TypeError("The table is gone"), undefined)
    const [entry] = yield* logged(Effect.annotateLogs(work, { circle, size: 12n }))
    assert.deepInclude(entry, { level: "warn" })
    for (const said of ["Odd", "12n", "[Circular]", "TypeError: The table is gone"]) {
      assert.include(entry?.message, said)
    }
    assert.include(JSON.stringify(entry?.fields), "[Circular]")
  })
)
