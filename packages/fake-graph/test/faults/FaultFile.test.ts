import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { parse } from "../../src/faults/FaultFile.ts"
import { Fault } from "../../src/index.ts"

const problemsOf = (rules: unknown) => {
  const result = parse(typeof rules === "string" ? rules : JSON.stringify(rules))
  return Result.isFailure(result) ? result.failure : []
}

const faults: ReadonlyArray<readonly [object, Fault.Fault]> = [
  [{ kind: "throttled", retryAfter: "2.128" }, Fault.throttled("2.128")],
  [{ kind: "throttled" }, Fault.throttled()],
  [{ kind: "status", status: 503 }, Fault.status(503)],
  [{ kind: "status", status: 400, code: "BadRequest", message: "No." }, Fault.status(400, "BadRequest", "No.")],
  [{ kind: "intuneForbidden", scopes: ["A.Read.All"] }, Fault.intuneForbidden("A.Read.All")],
  [{ kind: "html", status: 502 }, Fault.html(502)],
  [{ kind: "redirect", location: "http://x.example", status: 307 }, Fault.redirect("http://x.example", 307)],
  [{ kind: "truncatedJson" }, Fault.truncatedJson],
  [{ kind: "emptyBody" }, Fault.emptyBody],
  [{ kind: "shapelessBody" }, Fault.shapelessBody],
  [{ kind: "deepBody" }, Fault.deepBody()],
  [{ kind: "deepBody", levels: 7 }, Fault.deepBody(7)],
  [{ kind: "hungBody" }, Fault.hungBody],
  [{ kind: "noAnswer" }, Fault.noAnswer],
  [{ kind: "connectionReset" }, Fault.connectionReset],
  [{ kind: "resetInBody" }, Fault.resetInBody],
  [{ kind: "writeThenReset" }, Fault.writeThenReset],
  [{ kind: "writeThenStatus", status: 504 }, Fault.writeThenStatus(504)],
  [{ kind: "latency", millis: 5 }, Fault.latency(5)],
  [{ kind: "nextLink", link: "x" }, Fault.nextLink("x")],
  [{ kind: "nextLinkCycle" }, Fault.nextLinkCycle],
  [{ kind: "hostileLink", to: "userinfo" }, Fault.hostileLink("userinfo")],
  [{ kind: "emptyPage" }, Fault.emptyPage],
  [{ kind: "duplicates" }, Fault.duplicates],
  [{ kind: "deltaGone" }, Fault.deltaGone],
  [{ kind: "deltaSyncStateNotFound", code: "syncstatenotfound" }, Fault.deltaSyncStateNotFound("syncstatenotfound")],
  [{ kind: "deltaLinkRefused", status: 400 }, Fault.deltaLinkRefused(400)],
  [{ kind: "itemMissing" }, Fault.itemMissing],
  [{ kind: "claimsChallenge", claims: "{}" }, Fault.claimsChallenge("{}")],
  [{ kind: "aad", number: 7000222 }, Fault.aad(7000222)]
]

describe("a file of faults", () => {
  it.each(faults)("knows %j", (json, fault) => {
    assert.deepStrictEqual(parse(JSON.stringify([{ fault: json }])), Result.succeed([{ fault }]))
  })

  it("knows every fault that can be injected", () => {
    const functions = Object.values(Fault).filter((made) => !Array.isArray(made))
    assert.lengthOf(new Set(faults.map(([json]) => JSON.stringify(Object.values(json)[0]))), functions.length)
  })

  it("says which requests are struck", () => {
    const fault = { kind: "emptyPage" }
    const rest = { method: "GET", tenant: "t", batchItem: true, nth: 2, probability: 0.5 }
    const rules = [
      { fault, ...rest, path: "/v1.0/groups", times: 3 },
      { fault, pathPattern: "/members$", times: "always" }
    ]
    assert.deepStrictEqual(
      parse(JSON.stringify(rules)),
      Result.succeed([
        { fault: Fault.emptyPage, ...rest, path: "/v1.0/groups", times: 3 },
        { fault: Fault.emptyPage, path: /\/members$/, times: Infinity }
      ])
    )
  })

  it("is refused with every problem and its place", () => {
    assert.deepStrictEqual(problemsOf("{"), ["It is not JSON."])
    assert.deepStrictEqual(problemsOf({}), ["The whole: Expected array."])
    assert.sameMembers(
      [
        ...problemsOf([
          { fault: { kind: "emptyPage" } },
          { fault: { kind: "status", status: 7 }, nth: 0, pathPattern: "(", tiems: 2 },
          {},
          { fault: { kind: "hostileLink", to: "mars" } }
        ])
      ],
      [
        "[1].tiems: Expected no excess property.",
        "[1].fault.status: Expected a value between 200 and 599.",
        "[1].nth: Expected a value greater than 0.",
        "[1].pathPattern: Expected a regular expression.",
        "[2].fault: Missing key.",
        '[3].fault.to: Expected "foreignHost" | "userinfo" | "http" | "otherTenant" | "otherResource" | "earlierPage".'
      ]
    )
    assert.deepStrictEqual(problemsOf([{ fault: { kind: "emptyPage" }, path: "/a", pathPattern: "b" }]), [
      "[0]: Expected path or pathPattern, not both."
    ])
    assert.match(problemsOf([{ fault: { kind: "nope" } }])[0] ?? "", /^\[0\]\.fault: .* one of truncatedJson, .*aad\.$/)
  })
})
