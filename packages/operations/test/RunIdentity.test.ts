import { isDeepStrictEqual } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type OperationScope, TenantId, WorkspaceId } from "../src/index.ts"
import { canonicalKey, type Json } from "../src/RunIdentity.ts"

const scope: OperationScope = { workspaceId: WorkspaceId.make("w"), tenantId: TenantId.make("t") }
const keyOf = (key: Json) => canonicalKey(scope, "test.work", "while_active", key)

const reversed = (value: Json): Json =>
  Array.isArray(value)
    ? value.map(reversed)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([name, member]) => [name, reversed(member)])
        )
      : value

// Few different leaves, so that generated pairs are often equal.
const AnyJson: Schema.Codec<Json> = Schema.Union([
  Schema.Null,
  Schema.Literals([true, 0, 1, "", "a"]),
  Schema.Array(Schema.suspend(() => AnyJson)).check(Schema.isMaxLength(2)),
  Schema.Struct({ a: Schema.optionalKey(Schema.suspend(() => AnyJson)), b: Schema.suspend(() => AnyJson) })
])

describe("canonicalKey", () => {
  it.prop("does not depend on the order of members", [AnyJson], ([value]) => {
    assert.strictEqual(keyOf(reversed(value)), keyOf(value))
  })

  it.prop("tells different values apart", [AnyJson, AnyJson], ([a, b]) => {
    assert.strictEqual(keyOf(a) === keyOf(b), isDeepStrictEqual(a, b))
  })

  it("treats equal text in different Unicode forms as equal, and absent and null as different", () => {
    assert.strictEqual(keyOf({ name: "Zo\u00eb" }), keyOf({ name: "Zoe\u0308" }))
    assert.notStrictEqual(keyOf({ name: null }), keyOf({}))
    assert.strictEqual(keyOf(-0), keyOf(0))
  })

  it("contains workspace, tenant and type", () => {
    const other = (change: Partial<OperationScope>) =>
      canonicalKey({ ...scope, ...change }, "test.work", "while_active", 1)
    const keys = [
      keyOf(1),
      other({ workspaceId: WorkspaceId.make("x") }),
      other({ tenantId: TenantId.make("x") }),
      other({ tenantId: null }),
      canonicalKey(scope, "test.other", "while_active", 1)
    ]
    assert.strictEqual(new Set(keys).size, keys.length)
  })
})
