import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type ImportedObjects, importBackup, objectsIn, policySources } from "../../src/index.ts"
import { ada, intune, scopeOf } from "../Fixture.ts"

const { deviceConfigurations, scopeTags, settingsCatalog } = policySources

const wifi = { id: "wifi", "@odata.type": "#microsoft.graph.windowsWifiConfiguration", displayName: "Wi-Fi" }
const toGroup = (groupName: string) => ({
  target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupName }
})
/** Text that Postgres cannot compress. */
const long = (length: number) => {
  let text = ""
  for (let seed = 1; text.length < length; seed++) text += Math.sin(seed).toString(36).slice(3)
  return text.slice(0, length)
}
const unstorable = "NUL characters or lone surrogates"

const refusals: ReadonlyArray<
  readonly [what: string, object: ImportedObjects["objects"][number], pointer: string, detail: RegExp]
> = [
  ["a type with NUL", { ...wifi, "@odata.type": "#microsoft.graph.x\0" }, "/@odata.type", new RegExp(unstorable)],
  ["a type that is too long", { ...wifi, "@odata.type": long(501) }, "/@odata.type", /longer than 500 characters/],
  ["a scope tag with NUL", { ...wifi, roleScopeTagIds: ["1\0"] }, "", new RegExp(`a scope tag .*${unstorable}`)],
  ["a scope tag with half a character", { ...wifi, roleScopeTagIds: ["\ud800"] }, "", new RegExp(unstorable)],
  ["a group's name with NUL", { ...wifi, assignments: [toGroup("a\0b")] }, "", new RegExp(`a group .*${unstorable}`)],
  [
    "a group's name that is too long",
    { ...wifi, assignments: [toGroup(long(9_000))] },
    "",
    /a group .*longer than 500/
  ],
  ["an id with NUL", { ...wifi, id: "a\0" }, "/id", new RegExp(unstorable)],
  ["an id that is too long", { ...wifi, id: long(9_000) }, "/id", /longer than 200 characters/],
  ["an empty id", { ...wifi, id: "" }, "/id", /lacks an “id”/],
  ["an id that is no text", { ...wifi, id: 5 }, "/id", /lacks an “id”/],
  ["a title that is too long", { ...wifi, displayName: long(9_000) }, "/displayName", /longer than 1,800 bytes/],
  [
    "neither title nor type",
    { id: "1" },
    "",
    /^The policy 1 lacks its title \(“displayName”\) and its type \(“@odata\.type”\)\.$/
  ],
  ["no type", { id: "1", displayName: "One" }, "", /^The policy 1 lacks its type/],
  ["a type that is no text", { ...wifi, "@odata.type": 5 }, "", /lacks its type/]
]

layer(intune([{ tenantId: "contoso" }]), { excludeTestServices: true, timeout: "60 seconds" })("An import", (it) => {
  const stored = SqlClient.SqlClient.use(
    (sql) =>
      sql`SELECT (SELECT count(*) FROM backup_sets) AS backups, (SELECT count(*) FROM policy_snapshots) AS contents`
  )
  const of = (...imported: ReadonlyArray<ImportedObjects>) => importBackup(ada, scopeOf("contoso"), "Files", imported)

  it.effect.each(refusals)("is refused for %s, and nothing of it is stored", ([, object, pointer, detail]) =>
    Effect.gen(function* () {
      const before = yield* stored
      const refused = yield* Effect.flip(of({ source: deviceConfigurations, objects: [wifi, object] }))
      assert(refused._tag === "InvalidInput")
      assert.deepStrictEqual(
        refused.errors.map((error) => error.pointer),
        [`/imported/0/objects/1${pointer}`]
      )
      assert.match(refused.errors[0]!.detail, detail)
      assert.isBelow(refused.errors[0]!.detail.length, 500)
      assert.deepStrictEqual(yield* stored, before)
    })
  )

  it.effect("names each problem, up to twenty", () =>
    Effect.gen(function* () {
      const objects = Array.from({ length: 30 }, (_, index) => ({ id: String(index) }))
      const refused = yield* Effect.flip(
        of({ source: scopeTags, objects: [{ id: "a\0" }] }, { source: settingsCatalog, objects })
      )
      assert(refused._tag === "InvalidInput")
      assert.lengthOf(refused.errors, 20)
      assert.match(refused.errors[2]!.detail, /^The policy 0 lacks its title \(“name”\)\.$/)
      assert.strictEqual(refused.detail, "There are more problems: these are the first 20.")
    })
  )

  it.effect("takes what has a title and, where the collection has several types, its type", () =>
    Effect.gen(function* () {
      const longest = { ...wifi, id: "ü".repeat(200), displayName: long(1_800), assignments: [toGroup(long(495))] }
      const { items } = yield* of(
        { source: deviceConfigurations, objects: [{ ...wifi, displayName: "" }, longest] },
        { source: settingsCatalog, objects: [{ id: "1", name: "One" }] },
        { source: scopeTags, objects: [{ id: "1", displayName: "Berlin" }] }
      )
      assert.strictEqual(items, 4)
    })
  )
})

describe("A file", () => {
  it.each([
    [{ value: "x" }, [`"value" is no list of objects`]],
    [{ value: 5 }, [`"value" is no list of objects`]],
    ["x", ["1 value is not an object"]],
    [{ displayName: "x" }, [`1 object has no "id"`]],
    [
      [{}, {}, { id: 5 }, { id: "" }, 7, "x", { id: "1" }],
      ["2 values are not objects", `2 objects have no "id"`, `2 objects have an "id" that is not a string, or is empty`]
    ],
    [{ value: [{ id: "1" }] }, []],
    [{ id: "1", value: "x" }, []]
  ] as const)("says what is wrong with %j", (json, problems) =>
    assert.deepStrictEqual(objectsIn(json).problems, problems)
  )
})
