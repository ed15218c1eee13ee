import { assert, describe, it } from "@effect/vitest"
import { withoutSecrets } from "../../src/restores/withoutSecrets.ts"

describe("a refusal", () => {
  const secrets = ["correct horse", "correct horse battery", "abc", 'say "please"', "two\nlines"]

  it.each([
    ["The value 'correct horse battery' is wrong.", "The value '[removed: secret]' is wrong."],
    ["Neither correct horse nor two lines.", "Neither [removed: secret] nor [removed: secret]."],
    ['Bad: say \\"please\\", say "please".', "Bad: [removed: secret], [removed: secret]."],
    ["Bad value correct horse bat….", "Bad value [removed: secret]…."],
    ["Bad value corr….", "Bad value [removed: secret]…."]
  ])("repeats no secret: %s", (message, clean) => assert.strictEqual(withoutSecrets(message, secrets), clean))

  it.each(["The address range 10.0.0.0/33 of ada@example.com is invalid.", "The abc is short.", "It is cut…."])(
    "keeps what else it says: %s",
    (message) => assert.strictEqual(withoutSecrets(message, secrets), message)
  )
})
