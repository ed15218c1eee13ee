/**
 * Fault rules in JSON, for the command's `--faults` and for hosts that serve a fake. docs/fake-graph.md lists the names.
 *
 * @module
 */
import { Option, Result, Schema, SchemaIssue, Struct } from "effect"
import * as Fault from "./Fault.ts"
import type { FaultRule } from "./FaultRules.ts"

/** Faults without parameters, by their names in a file. */
const plain = {
  truncatedJson: Fault.truncatedJson,
  emptyBody: Fault.emptyBody,
  shapelessBody: Fault.shapelessBody,
  hungBody: Fault.hungBody,
  noAnswer: Fault.noAnswer,
  connectionReset: Fault.connectionReset,
  resetInBody: Fault.resetInBody,
  writeThenReset: Fault.writeThenReset,
  nextLinkCycle: Fault.nextLinkCycle,
  emptyPage: Fault.emptyPage,
  duplicates: Fault.duplicates,
  deltaGone: Fault.deltaGone,
  itemMissing: Fault.itemMissing
}

const Status = Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 }))
const Positive = Schema.Int.check(Schema.isGreaterThan(0))
const Text = Schema.optionalKey(Schema.String)

/** Faults with parameters: those of the constructors in `Fault.ts`. */
const Parameterised = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("throttled"), retryAfter: Text }),
  Schema.Struct({ kind: Schema.Literal("status"), status: Status, code: Text, message: Text }),
  Schema.Struct({ kind: Schema.Literal("intuneForbidden"), scopes: Schema.Array(Schema.String) }),
  Schema.Struct({ kind: Schema.Literal("html"), status: Status }),
  Schema.Struct({
    kind: Schema.Literal("redirect"),
    location: Schema.String,
    status: Schema.optionalKey(Schema.Literals([301, 302, 307, 308]))
  }),
  Schema.Struct({ kind: Schema.Literal("writeThenStatus"), status: Status }),
  Schema.Struct({ kind: Schema.Literal("deepBody"), levels: Schema.optionalKey(Positive) }),
  Schema.Struct({ kind: Schema.Literal("latency"), millis: Positive }),
  Schema.Struct({ kind: Schema.Literal("nextLink"), link: Schema.String }),
  Schema.Struct({ kind: Schema.Literal("hostileLink"), to: Schema.Literals(Fault.hostileLinks) }),
  Schema.Struct({ kind: Schema.Literal("deltaSyncStateNotFound"), code: Text }),
  Schema.Struct({
    kind: Schema.Literal("deltaLinkRefused"),
    status: Schema.optionalKey(Schema.Literals([400, 404]))
  }),
  Schema.Struct({ kind: Schema.Literal("claimsChallenge"), claims: Text }),
  Schema.Struct({
    kind: Schema.Literal("aad"),
    number: Positive,
    error: Text,
    status: Schema.optionalKey(Status)
  })
])

// A struct for each, so that the kind decides which of them a problem is about.
const Plain = Struct.keys(plain).map((kind) => Schema.Struct({ kind: Schema.Literal(kind) }))

const kinds = [...Plain, ...Parameterised.members].map(({ fields }) => fields.kind.literal)

const FaultJson = Schema.Union([...Plain, ...Parameterised.members]).annotate({
  expected: `a fault with a kind, one of ${kinds.join(", ")}`
})

const toFault = (given: typeof FaultJson.Type): Fault.Fault => {
  switch (given.kind) {
    case "throttled":
      return Fault.throttled(given.retryAfter)
    case "status":
      return Fault.status(given.status, given.code, given.message)
    case "intuneForbidden":
      return Fault.intuneForbidden(...given.scopes)
    case "html":
      return Fault.html(given.status)
    case "redirect":
      return Fault.redirect(given.location, given.status)
    case "writeThenStatus":
      return Fault.writeThenStatus(given.status)
    case "deepBody":
      return Fault.deepBody(given.levels)
    case "latency":
      return Fault.latency(given.millis)
    case "nextLink":
      return Fault.nextLink(given.link)
    case "hostileLink":
      return Fault.hostileLink(given.to)
    case "deltaSyncStateNotFound":
      return Fault.deltaSyncStateNotFound(given.code)
    case "deltaLinkRefused":
      return Fault.deltaLinkRefused(given.status)
    case "claimsChallenge":
      return Fault.claimsChallenge(given.claims)
    case "aad":
      return Fault.aad(given.number, given.error, given.status)
    default:
      return plain[given.kind]
  }
}

const Expression = Schema.String.check(
  Schema.makeFilter((source) => {
    try {
      return new RegExp(source) instanceof RegExp
    } catch {
      return "Expected a regular expression"
    }
  })
)

/** One rule of a file: a `FaultRule` in JSON. */
const RuleJson = Schema.Struct({
  fault: FaultJson,
  method: Schema.optionalKey(Schema.Literals(["GET", "POST", "PATCH", "PUT", "DELETE"])),
  path: Text,
  pathPattern: Schema.optionalKey(Expression),
  tenant: Text,
  batchItem: Schema.optionalKey(Schema.Boolean),
  nth: Schema.optionalKey(Positive),
  times: Schema.optionalKey(Schema.Union([Positive, Schema.Literal("always")])),
  probability: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
}).check(
  Schema.makeFilter(
    ({ path, pathPattern }) =>
      path === undefined || pathPattern === undefined || "Expected path or pathPattern, not both"
  )
)

const toRule = ({ fault, pathPattern, times, ...rest }: typeof RuleJson.Type): FaultRule => ({
  ...rest,
  fault: toFault(fault),
  ...(pathPattern === undefined ? {} : { path: new RegExp(pathPattern) }),
  ...(times === undefined ? {} : { times: times === "always" ? Infinity : times })
})

const parseJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
const decodeRules = Schema.decodeUnknownResult(Schema.Array(RuleJson), { errors: "all", onExcessProperty: "error" })
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** `[2].fault.status`, counting from 0 as JSON does. */
const placeOf = (path: ReadonlyArray<unknown>): string =>
  path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("")

/**
 * Reads fault rules from JSON: an array of objects such as
 * `{ "fault": { "kind": "throttled", "retryAfter": "2" }, "path": "/v1.0/groups", "nth": 2 }`. Fails with a sentence for each
 * problem, and its place.
 *
 * @example
 * ```ts
 * const faults = Result.getOrThrow(parseFaultRules('[{ "fault": { "kind": "html", "status": 502 } }]'))
 * const engine = FakeGraph.layerEngine({ faults })
 * ```
 */
export const parse = (text: string): Result.Result<ReadonlyArray<FaultRule>, ReadonlyArray<string>> => {
  const json = parseJson(text)
  if (Option.isNone(json)) return Result.fail(["It is not JSON."])
  return decodeRules(json.value).pipe(
    Result.map((rules) => rules.map(toRule)),
    Result.mapError(({ issue }) =>
      format(issue).issues.map(({ message, path = [] }) => `${placeOf(path) || "The whole"}: ${message}.`)
    )
  )
}
