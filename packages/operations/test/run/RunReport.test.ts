import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { write } from "../../src/run/RunReport.ts"

it.effect("redacts what the name of a member says is secret, wherever it is, and nothing else", () =>
  Effect.gen(function* () {
    const report = {
      kind: "rotation",
      version: 1,
      password: "hunter2",
      apps: [{ clientSecret: "hunter2", pin: 4711, "api-key": 4711 }, { cookie: ["hunter2", null, { name: "kept" }] }],
      hasPassword: true,
      secrets: 2,
      token: null,
      note: "the password=hunter2"
    }
    const text = yield* write(report)
    assert.notInclude(text, "hunter2")
    assert.deepStrictEqual(JSON.parse(text), {
      kind: "rotation",
      version: 1,
      password: "[removed: password]",
      apps: [
        { clientSecret: "[removed: client secret]", pin: "[removed: password]", "api-key": "[removed: key]" },
        { cookie: ["[removed: cookie]", null, { name: "kept" }] }
      ],
      hasPassword: true,
      secrets: 2,
      token: null,
      note: "the password=[removed: password]"
    })
  })
)
