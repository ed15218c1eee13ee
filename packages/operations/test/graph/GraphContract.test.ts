import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { type Effect, type Result, Schema } from "effect"
import { Graph, GraphContract, type GraphError, type TenantScope } from "../../src/index.ts"

const permissions = [{ name: "GroupMember.Read.All", appRoleId: "98830695-27a2-44f7-8c18-0c3ebc9698f6" }]
const group = GraphContract.get({
  name: "groups.get",
  version: "v1.0",
  path: "/groups/{groupId}",
  schema: Schema.Struct({ id: Schema.String }),
  permissions
})
const rename = GraphContract.write({
  name: "groups.rename",
  version: "v1.0",
  method: "PATCH",
  path: "/groups/{groupId}",
  body: Schema.Struct({ displayName: Schema.String }),
  schema: Schema.Undefined,
  permissions,
  replay: "idempotent"
})

describe("GraphContract", () => {
  it("asks for properties only, so that nothing else gets into an address", () => {
    const options = { name: "x.get", version: "v1.0", path: "/x", schema: Schema.Unknown, permissions } as const
    GraphContract.get({ ...options, select: ["id", "@odata.type", "microsoft.graph.group/mail"], expand: ["members"] })
    for (const name of ["", "id&$filter=x", "a,b", "id?x", "members($select=id)"]) {
      assert.throws(() => GraphContract.get({ ...options, select: [name] }), `cannot ask for "${name}"`)
      assert.throws(() => GraphContract.list({ ...options, expand: [name] }), `cannot ask for "${name}"`)
    }
  })

  it("is known by where it came from: not a look-alike, nor a copy, and it cannot be changed", () => {
    assert.isTrue(GraphContract.isGraphContract(group))
    assert.isFalse(GraphContract.isGraphContract({ ...group }))
    assert.isFalse(GraphContract.isGraphContract(Object.create(group)))
    assert.isFalse(GraphContract.isGraphContract(null))
    assert.throws(() => Object.assign(group, { path: "/users" }))
  })

  it("raw keeps what its schema does not know", () => {
    const policy = GraphContract.raw(Schema.Struct({ id: Schema.String, name: Schema.optionalKey(Schema.String) }))
    const whole = { "@odata.type": "#microsoft.graph.unheardOf", id: "0", settings: [{ deep: null }] }
    assert.deepStrictEqual(Schema.decodeUnknownSync(policy)(whole), { known: { id: "0" }, raw: whole })
    assert.throws(() => Schema.decodeUnknownSync(policy)({ name: "without an id" }))
  })

  it("tells its method and kind", () => {
    assert.deepStrictEqual([GraphContract.methodOf(group), GraphContract.kindOf(group)], ["GET", "get"])
    assert.deepStrictEqual([GraphContract.methodOf(rename), GraphContract.kindOf(rename)], ["PATCH", "write"])
  })

  it("lets nothing compile that is no contract, or is used as another kind", () => {
    const proof = (graph: Graph["Service"], tenant: TenantScope) => {
      const wrong = [
        // @ts-expect-error a path is no contract
        graph.get(tenant, "/groups/1", {}),
        // @ts-expect-error an object that looks like one is none
        graph.get(tenant, { name: "x", version: "v1.0", path: "/x", schema: Schema.Unknown, permissions }, {}),
        // @ts-expect-error the path needs a group
        graph.get(tenant, group, {}),
        // @ts-expect-error what is read is not listed
        graph.list(tenant, group, { groupId: "1" }),
        // @ts-expect-error what is written is not read
        graph.get(tenant, rename, { groupId: "1" }),
        // @ts-expect-error the body has a name
        graph.write(tenant, rename, { groupId: "1" }, { mail: "x" })
      ]
      expectTypeOf(
        graph.batch(tenant, [
          GraphContract.reading(group, { groupId: "1" }),
          GraphContract.writing(rename, { groupId: "1" }, { displayName: "Renamed" })
        ])
      ).toEqualTypeOf<
        Effect.Effect<
          readonly [Result.Result<{ readonly id: string }, GraphError>, Result.Result<undefined, GraphError>],
          GraphError
        >
      >()
      return wrong
    }
    assert.isFunction(proof)
  })
})
