import { isDeepStrictEqual } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Predicate, Schema } from "effect"
import { type Identifiable, identify } from "../../src/definition/Identification.ts"
import { type OperationScope, Operation, TenantId, WorkspaceId } from "../../src/index.ts"
import { canonical, canonicalKey } from "../../src/definition/RunIdentity.ts"
import type { Json } from "../../src/text/Json.ts"

const scope: OperationScope = { workspaceId: WorkspaceId.make("w"), tenantId: TenantId.make("t") }
const keyOf = (key: Json) => canonicalKey(scope, "test.work", "while_active", key)

/** The same value with every name and text changed and the members of every object in another order. */
const rewrite =
  (change: (text: string) => string) =>
  (value: Json): Json => {
    if (Predicate.isString(value)) return change(value)
    if (Array.isArray(value)) return value.map(rewrite(change))
    if (!Predicate.isObject(value)) return value
    const members = Object.entries(value).map(([name, member]) => [change(name), rewrite(change)(member)])
    return Object.fromEntries(members.reverse())
  }
const reversed = rewrite((text) => text)
// What JSON itself tells apart, in one Unicode form: the meaning of "equal", written down a second time.
const meaning = (value: Json): unknown => JSON.parse(JSON.stringify(rewrite((text) => text.normalize("NFC"))(value)))

// Few different leaves, so that generated pairs are often equal: the same letter in two Unicode forms, what looks like an
// escape or a separator, halves of a surrogate pair, numbers at the edges of their notation.
const Word = Schema.Literals(["", "Zo\u00eb", "Zoe\u0308", "\\u00eb", '"', '","', "\u{1f600}", "\ud83d", "\ude00", "0"])
const Leaf = Schema.Literals([true, 0, -0, 1, 0.1, 0.30000000000000004, 0.3, 1e21, 1e-7])
const AnyJson: Schema.Codec<Json> = Schema.Union([
  Schema.Null,
  Word,
  Leaf,
  Schema.Array(Schema.suspend(() => AnyJson)).check(Schema.isMaxLength(2)),
  Schema.Struct({
    a: Schema.optionalKey(Schema.suspend(() => AnyJson)),
    "\u00e9": Schema.optionalKey(Schema.suspend(() => AnyJson)),
    1: Schema.suspend(() => AnyJson)
  })
])

describe("canonicalKey", () => {
  it.prop("depends neither on the order of members nor on the Unicode form", [AnyJson], ([value]) => {
    assert.strictEqual(keyOf(reversed(value)), keyOf(value))
    for (const form of ["NFC", "NFD"]) {
      assert.strictEqual(keyOf(rewrite((text) => text.normalize(form))(value)), keyOf(value))
    }
  })

  it.prop(
    "is equal exactly for equal JSON",
    [AnyJson, AnyJson],
    ([a, b]) => {
      assert.strictEqual(keyOf(a) === keyOf(b), isDeepStrictEqual(meaning(a), meaning(b)))
      // Near misses are rare among random pairs.
      assert.notStrictEqual(keyOf([a]), keyOf(a))
      assert.notStrictEqual(keyOf({ a, b: null }), keyOf({ a }))
      assert.strictEqual(keyOf({ a, b: undefined } as never), keyOf({ a }))
    },
    { arbitrary: { runs: 500 } }
  )

  it("keeps apart what only looks alike, and takes what JSON takes for equal as equal", () => {
    const values = [
      null,
      {},
      [],
      [null],
      [[]],
      { a: null },
      "",
      "null",
      0,
      "0",
      false,
      "false",
      0.1,
      "0.1",
      1e21,
      "1e+21"
    ]
    const texts = ["\u00eb", "\\u00eb", "\ud83d", "\ude00", "\ud83d\ude00", '"', '\\"', "a,b", '","', "\u0000", "\n"]
    const nested = [["a", "b"], ["a,b"], ['a","b'], [["a"], "b"], [["a", "b"]], { a: "b" }, { a: ["b"] }, ["b", "a"]]
    const members = [
      { "\u00eb": 1, a: 2 },
      { "\u00eb": 2, a: 1 }
    ]
    const different: ReadonlyArray<Json> = [...values, ...texts, ...nested, ...members]
    assert.strictEqual(new Set(different.map(keyOf)).size, different.length)
    assert.strictEqual(keyOf(-0), keyOf(0))
    assert.strictEqual(keyOf([undefined] as never), keyOf([null]))
    assert.strictEqual(keyOf(1e21), keyOf(JSON.parse("1000000000000000000000")))
    // Two names that become one in NFC are both kept, in whichever order they came.
    const twins = { "e\u0301": 1, "\u00e9": 2 }
    assert.strictEqual(canonical(reversed(twins)), canonical(twins))
    assert.notStrictEqual(canonical(twins), canonical({ "\u00e9": 2 }))
  })

  it("refuses numbers that are no JSON, however deep", () => {
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const value of [odd, [odd], { a: { b: [odd] } }]) assert.throws(() => keyOf(value), TypeError)
    }
  })
})

// Whatever a host's ids hold: quotes, brackets, separators, escapes, and one letter in its two Unicode forms, which are
// two ids.
const ids = ["a", "b", 'a"', '","', '"],["', "null", "\\", "\\u0061", "\u00e9", "e\u0301", "\u{1f600}"] as const
const Id = Schema.Literals(ids)

const typeOf = (name: string, identity: (typeof rules)[keyof typeof rules]) =>
  Operation.make({
    name,
    label: name,
    description: name,
    category: "Test",
    input: Schema.Unknown,
    startedBy: "system",
    capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
    identity
  })

const rules = {
  while_active: { rule: "while_active", key: (input: unknown) => input as Json },
  idempotency_key: { rule: "once", by: "idempotency_key" },
  fire_time: { rule: "once", by: "fire_time", key: (input: unknown) => input as Json }
} as const

/** All that may tell two starts apart. */
const Start = Schema.Struct({
  workspace: Id,
  tenant: Schema.NullOr(Id),
  type: Schema.Literals(["test.one", "test.two"]),
  rule: Schema.Literals(["while_active", "idempotency_key", "fire_time"]),
  input: AnyJson,
  actor: Id,
  kind: Schema.Literals(["user", "system"]),
  idempotencyKey: Id,
  fireTime: Schema.Literals(["2026-03-29T00:30:00Z", "2026-03-29T00:30:00.001Z"])
})
type Start = typeof Start.Type

const identityOf = (start: Start) => {
  const identifiable: Identifiable = {
    type: typeOf(start.type, rules[start.rule]),
    scope: {
      workspaceId: WorkspaceId.make(start.workspace),
      tenantId: start.tenant === null ? null : TenantId.make(start.tenant)
    },
    actor: { id: start.actor, kind: start.kind, name: "Ada" },
    input: start.input,
    stored: start.input,
    idempotencyKey: start.idempotencyKey,
    fireTime: DateTime.makeUnsafe(start.fireTime),
    extras: null
  }
  return Effect.map(identify(identifiable), ({ key }) => key)
}

/** What of a start its rule looks at. */
const relevant = ({ workspace, tenant, type, rule, input, actor, kind, idempotencyKey, fireTime }: Start) => {
  const once = { while_active: null, idempotency_key: [kind, actor, idempotencyKey], fire_time: fireTime }[rule]
  // A caller's key belongs to one request, whatever that is about.
  return [workspace, tenant, type, rule === "idempotency_key" ? null : meaning(input), once]
}

/** Every value that each part may have, to change one part of a start at a time. */
const others: { readonly [Part in keyof Start]: ReadonlyArray<Start[Part]> } = {
  workspace: ids,
  tenant: [...ids, null],
  type: ["test.one", "test.two"],
  rule: ["while_active", "idempotency_key", "fire_time"],
  input: ["a", ["a"], null],
  actor: ids,
  kind: ["user", "system"],
  idempotencyKey: ids,
  fireTime: ["2026-03-29T00:30:00Z", "2026-03-29T00:30:00.001Z"]
}

describe("identify", () => {
  it.effect.prop("gives equal starts, and no others, one key", [Start], ([start]) =>
    Effect.gen(function* () {
      const mine = yield* identityOf(start)
      assert.strictEqual(yield* identityOf({ ...start, input: reversed(start.input) }), mine)
      for (const [part, values] of Object.entries(others)) {
        for (const value of values) {
          const changed = { ...start, [part]: value }
          const theirs = yield* identityOf(changed)
          const equal = isDeepStrictEqual(relevant(changed), relevant(start))
          assert.strictEqual(theirs === mine, equal, part)
        }
      }
    })
  )
})
