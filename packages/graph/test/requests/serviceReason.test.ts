import { describe, expect, it } from "vitest"
import { serviceReason } from "../../src/requests/serviceReason.ts"

const trailer =
  " - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: 11111111-2222-3333-4444-555555555555 - Url: https://fef.unit01.manage.microsoft.com/ExampleService/deviceManagement/widgets('a')?api-version=5026-01-01"

const intune = (reason: string) =>
  JSON.stringify({ _version: 3, Message: `${reason}${trailer}`, CustomApiErrorPhrase: "", HttpHeaders: "{}" })

describe("Microsoft's reason for a refusal", () => {
  it.each([
    ["Intune's JSON in the message", intune("Platform cannot be changed"), "Platform cannot be changed"],
    [
      "the same within the directory's",
      JSON.stringify({ ErrorCode: "BadRequest", Message: intune("Invalid GroupId"), Details: null }),
      "Invalid GroupId"
    ],
    [
      "a plain sentence",
      "Property scopes in payload has a value that does not match schema.",
      "Property scopes in payload has a value that does not match schema"
    ],
    ["a plain sentence with its trailer", `Invalid Role Scope Tag defined${trailer}`, "Invalid Role Scope Tag defined"],
    [
      "a sentence about an address, which is all that it says",
      intune("The range 10.0.0.0/33 of ada@example.com is invalid"),
      "The range 10.0.0.0/33 of ada@example.com is invalid"
    ],
    [
      "several lines",
      "Invalid Reference id found\r\n  Name: a\u0007\r\n  Value: b",
      "Invalid Reference id found Name: a Value: b"
    ]
  ])("is the sentence in %s", (_, message, reason) => {
    expect(serviceReason(message)).toBe(reason)
  })

  it.each([
    ["a generic message", intune("An error has occurred")],
    ["an internal error", "An internal server error has occurred - Operation ID: 1"],
    ["JSON without a message", JSON.stringify({ scriptContent: "V3JpdGU=" })],
    ["a list of payloads", JSON.stringify([{ psk: "pskpsk" }])],
    ["a payload that was cut off", `{"wifiPsk":"abcd1234","more":"${"x".repeat(40_000)}"}`],
    ["a payload in a text", JSON.stringify(JSON.stringify({ psk: "pskpsk" }))],
    ["a page", "<html><script>alert(1)</script></html>"],
    ["an empty message", ""],
    ["no text", undefined]
  ])("is absent in %s", (_, message) => {
    expect(serviceReason(message)).toBeNull()
  })

  it("ends where a payload begins", () => {
    expect(serviceReason('Invalid body: {"wepKey":"abcdef","ssid":"x"}')).toBe("Invalid body")
  })

  it("takes no time for text that is long and strange, and is well-formed", () => {
    const began = performance.now()
    for (const text of [
      `${" ".repeat(32_000)}x`,
      `${"\n".repeat(31_000)}x`,
      `x${".".repeat(32_000)}y`,
      " - ".repeat(10_000)
    ]) {
      serviceReason(text)
    }
    expect(performance.now() - began).toBeLessThan(500)
    expect(serviceReason("😀".repeat(400))?.isWellFormed()).toBe(true)
    expect(serviceReason("a\ud800b\u202ec")).toBe("a\ufffdb c")
  })

  it("holds no secret, no address and no more than 300 characters", () => {
    const reason = serviceReason(
      intune(
        `Bad value for preSharedKey="hunter2-hunter2" at https://fef.unit01.manage.microsoft.com/x ${"y".repeat(500)}`
      )
    )
    expect(reason).not.toContain("hunter2")
    expect(reason).not.toContain("unit01")
    expect(reason?.length).toBe(300)
  })
})
