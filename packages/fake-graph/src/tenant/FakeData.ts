/**
 * Reads a folder of JSON, such as an export of a real tenant, as the content of a fake tenant. The command's `--data` and
 * `FakeTenantOptions.data` use it.
 *
 * @module
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join, relative, sep } from "node:path"
import { ExactJson } from "@atlas/operations"
import { Effect, Option, Result, Schema } from "effect"
import type { FakeItem } from "./FakeCollection.ts"
import { fakeGroup, type FakeGroup } from "./FakeGroups.ts"
import { fakeResources } from "./FakeResources.ts"

/** A folder of JSON cannot be used. */
export class FakeDataError extends Schema.TaggedError<FakeDataError>()("FakeDataError", {
  directory: Schema.String,
  /** One sentence each: which file, what is wrong, what to do. */
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return this.problems.map((problem) => `The data folder ${this.directory}: ${problem}`).join("\n")
  }
}

/** What a folder of JSON holds. A collection that it does not mention is empty. */
export interface FakeData {
  readonly groups: ReadonlyArray<FakeGroup>
  /** By path below the version, such as `deviceManagement/deviceConfigurations`. */
  readonly collections: ReadonlyMap<string, ReadonlyArray<FakeItem>>
}

const known = ["groups", ...fakeResources.map(({ path }) => path)]
const byLowerCase = new Map(known.map((path) => [path.toLowerCase(), path]))

const Item = Schema.StructWithRest(Schema.Struct({ id: Schema.NonEmptyString }), [
  Schema.Record(Schema.String, Schema.Unknown)
])
const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown, { reviver: ExactJson.reviver }))
const decodeItem = Schema.decodeUnknownOption(Item)
const decodeAnswer = Schema.decodeUnknownOption(Schema.Struct({ value: Schema.Array(Schema.Unknown) }))
const decodeNamed = Schema.decodeUnknownOption(Schema.Struct({ id: Schema.String, displayName: Schema.String }))

const filesIn = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory)
    .toSorted()
    .map((name) => join(directory, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : path.endsWith(".json") ? [path] : []))

/** `deviceManagement/x.json`, `deviceManagement.x.json` and `deviceManagement/x/anything.json` belong to one collection. */
const collectionOf = (file: string): string | undefined => {
  const path = file.slice(0, -".json".length).split(sep).join("/")
  const dotted = path.replaceAll(".", "/").toLowerCase()
  const parent = path.split("/").slice(0, -1).join("/").replaceAll(".", "/").toLowerCase()
  return byLowerCase.get(dotted) ?? byLowerCase.get(parent)
}

// Exports may be in UTF-16, which PowerShell writes, or have a byte order mark before UTF-8.
const encodingOf = ([first, second]: Uint8Array) =>
  first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8"
const textOf = (bytes: Uint8Array): string => new TextDecoder(encodingOf(bytes)).decode(bytes)

/** A list, Graph's `{ "value": […] }`, or one object. */
const valuesOf = (json: unknown): ReadonlyArray<unknown> =>
  Array.isArray(json) ? json : Option.match(decodeAnswer(json), { onNone: () => [json], onSome: ({ value }) => value })

interface Loaded {
  readonly items: ReadonlyArray<readonly [collection: string, item: FakeItem]>
  readonly problems: ReadonlyArray<string>
}

const problem = (text: string): Loaded => ({ items: [], problems: [text] })

const itemOf = (file: string, collection: string, value: unknown, index: number): Loaded => {
  const item = Option.getOrUndefined(decodeItem(value))
  if (item === undefined) return problem(`${file}: object ${index + 1} needs a string "id".`)
  if (collection === "groups" && Option.isNone(decodeNamed(value))) {
    return problem(`${file}: group ${item.id} needs a string "displayName".`)
  }
  return { items: [[collection, item]], problems: [] }
}

const load = (directory: string, path: string): Loaded => {
  const file = relative(directory, path)
  const collection = collectionOf(file)
  if (collection === undefined) {
    return problem(`${file}: no collection has this name: use one of ${known.join(", ")}.`)
  }
  const bytes = Result.try(() => readFileSync(path))
  if (Result.isFailure(bytes)) return problem(`${file}: this cannot be read: check its permissions.`)
  const json = parse(textOf(bytes.success))
  if (Option.isNone(json)) return problem(`${file}: this is not JSON.`)
  const loaded = valuesOf(json.value).map((value, index) => itemOf(file, collection, value, index))
  return { items: loaded.flatMap(({ items }) => items), problems: loaded.flatMap(({ problems }) => problems) }
}

/**
 * Reads a folder of JSON, with a file or a folder of files for each collection. Each file holds a list, an answer of Graph, or
 * one object. Fails with `FakeDataError`, which names every problem.
 *
 * @example
 * ```ts
 * const data = yield* loadData(folder)
 * const layer = FakeGraph.layer({ tenants: [{ tenantId: "contoso", data }] })
 * ```
 */
export const loadData = (directory: string): Effect.Effect<FakeData, FakeDataError> =>
  Effect.try({
    try: () => filesIn(directory),
    catch: () => new FakeDataError({ directory, problems: ["It cannot be read: give the path of a folder."] })
  }).pipe(
    Effect.flatMap((files) => {
      const loaded = files.map((file) => load(directory, file))
      const items = loaded.flatMap((part) => part.items)
      const byId = Map.groupBy(items, ([collection, { id }]) => `${collection} ${id}`)
      const twice = [...byId].flatMap(([id, all]) => (all.length > 1 ? [id] : []))
      const problems = [
        ...loaded.flatMap((part) => part.problems),
        ...twice.map((id) => `${id}: this id occurs more than once.`),
        ...(files.length === 0 ? ["It holds no JSON file."] : [])
      ]
      if (problems.length > 0) return Effect.fail(new FakeDataError({ directory, problems }))
      const grouped = Map.groupBy(items, ([collection]) => collection)
      const of = (collection: string) => (grouped.get(collection) ?? []).map(([, item]) => item)
      return Effect.succeed({
        groups: of("groups").map((item) => fakeGroup(item as Parameters<typeof fakeGroup>[0])),
        collections: new Map(fakeResources.map(({ path }) => [path, of(path)]))
      })
    })
  )
