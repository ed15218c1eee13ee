/**
 * Reads a folder of JSON for an import: an export of Atlas, or one that another tool wrote.
 *
 * @module
 */

import { join, relative, sep } from "node:path"
import {
  type ImportedObjects,
  objectsIn,
  policySources,
  References,
  referencesFile,
  sourceOfFile,
  textOfFile
} from "@atlas/intune"
import { ExactJson } from "@atlas/operations"
import { Effect, FileSystem, Option, type PlatformError, Schema } from "effect"
import { CliProblem } from "./CliProblem.ts"

/** Makes the problem of a file or folder that cannot be used. */
export const unusable = (path: string) => (error: { readonly message: string }) =>
  new CliProblem({ message: `${path} cannot be used: ${error.message}` })

const unreadableFolder = (folder: string) => (error: PlatformError.PlatformError) =>
  error.reason._tag === "NotFound"
    ? new CliProblem({ message: `There is no folder ${folder}.` })
    : unusable(folder)(error)

const parse = Option.liftThrowable(ExactJson.parse)
const decodeReferences = Schema.decodeUnknownOption(References)

const collections = Object.values(policySources).map(({ path }) => `  ${path}`)

/** Reads the objects in a folder, by collection. Fails with a sentence for each file that cannot be used. */
export const readImportFolder = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const present = yield* files
    .readDirectory(folder, { recursive: true })
    .pipe(Effect.mapError(unreadableFolder(folder)))
  const names = present.filter((name) => name.toLowerCase().endsWith(".json")).sort()
  const problems: Array<string> = []
  const imported: Array<ImportedObjects> = []
  const unclaimed: Array<string> = []
  const paths = new Map<object, string>()
  let references: typeof References.Type = []
  for (const name of names) {
    const path = relative(folder, join(folder, name)).split(sep).join("/")
    const source = sourceOfFile(path)
    const json = parse(textOfFile(yield* files.readFile(join(folder, name)).pipe(Effect.mapError(unusable(path)))))
    const named = path === referencesFile ? Option.flatMap(json, decodeReferences) : Option.none()
    if (Option.isSome(named)) references = named.value
    else if (source === undefined)
      unclaimed.push(`${path}: name the file or its folder after a collection of policies.`)
    else if (json._tag === "None") problems.push(`${path}: this is not JSON.`)
    else {
      const { objects, problems: wrong } = objectsIn(json.value)
      if (wrong.length > 0) problems.push(`${path}: ${wrong.join("; ")}.`)
      for (const object of objects) paths.set(object, path)
      imported.push({ source, objects })
    }
  }
  if (names.length === 0) problems.push("The folder contains no JSON file.")
  if (unclaimed.length > 0) problems.push(...unclaimed, `The collections are:\n${collections.join("\n")}`)
  if (problems.length > 0) return yield* new CliProblem({ message: `Nothing was imported.\n${problems.join("\n")}` })
  const bySource = Map.groupBy(imported, ({ source }) => source)
  const joined = [...bySource].map(([source, parts]): ImportedObjects => ({
    source,
    objects: parts.flatMap(({ objects }) => objects)
  }))
  /** The file that a problem is in, by the problem's pointer. */
  const fileOf = (pointer: string): string => {
    const [, at, index] = /^\/imported\/(\d+)\/objects\/(\d+)/.exec(pointer) ?? []
    const object = joined[Number(at)]?.objects[Number(index)]
    return (object && paths.get(object)) ?? pointer
  }
  return { imported: joined, references, fileOf }
})
