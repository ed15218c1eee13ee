/**
 * What Microsoft publishes about Graph, for tests that hold contracts and the fake against it: the types of both versions, from
 * the npm packages and with what these lack, and the larger description that `ATLAS_GRAPH_METADATA` names.
 *
 * @module
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { parseSync } from "oxc-parser"
import { laterTypes } from "./LaterGraphTypes.ts"

/** A version of Graph. */
export type Version = "v1.0" | "beta"

/** A type of Graph: the type that it extends, and the declared types of its own members, such as `MobileApp[]`, by name. */
export interface GraphType {
  readonly base: string | undefined
  readonly members: ReadonlyMap<string, string>
}

const packages: Readonly<Record<Version, string>> = {
  "v1.0": "@microsoft/microsoft-graph-types",
  beta: "@microsoft/microsoft-graph-types-beta"
}

/** `NullableOption<User[]>` is `User[]`. */
const bare = (declared: string) => declared.replace(/\s+/g, " ").replace(/^NullableOption<(.*)>$/, "$1")

const typesOf = (version: Version): ReadonlyMap<string, GraphType> => {
  const require = createRequire(import.meta.url)
  const text = readFileSync(require.resolve(`${packages[version]}/microsoft-graph.d.ts`), "utf8")
  const types = new Map<string, GraphType>()
  for (const statement of parseSync("microsoft-graph.d.ts", text).program.body) {
    if (statement.type !== "ExportNamedDeclaration") continue
    const { declaration } = statement
    if (declaration?.type !== "TSInterfaceDeclaration") continue
    const members = new Map<string, string>()
    for (const member of declaration.body.body) {
      if (member.type !== "TSPropertySignature" || member.typeAnnotation == null) continue
      const name = text.slice(member.key.start, member.key.end).replace(/^"(.*)"$/, "$1")
      const { end, start } = member.typeAnnotation.typeAnnotation
      members.set(name, bare(text.slice(start, end)))
    }
    const [base] = declaration.extends.map(({ expression }) => text.slice(expression.start, expression.end))
    types.set(declaration.id.name, { base, members })
  }
  return types
}

/** The types of a package with what it lacks. */
const withLater = (version: Version): ReadonlyMap<string, GraphType> => {
  const types = new Map(typesOf(version))
  for (const [name, { base, members }] of Object.entries(laterTypes[version])) {
    const known = types.get(name)
    const superfluous = Object.keys(members).filter((member) => known?.members.has(member))
    if (superfluous.length > 0) {
      throw new Error(
        `The npm package of ${version} has ${superfluous.join()} of ${name}: remove the row of laterTypes.`
      )
    }
    types.set(name, {
      base: base ?? known?.base,
      members: new Map([...(known?.members ?? []), ...Object.entries(members)])
    })
  }
  return types
}

const loaded = new Map<Version, ReadonlyMap<string, GraphType>>()

/** Every type of a version, by its name as the packages write it, with what only the larger description has. */
export const graphTypes = (version: Version): ReadonlyMap<string, GraphType> => {
  const known = loaded.get(version) ?? withLater(version)
  loaded.set(version, known)
  return known
}

/** `User` for `User[]`. */
export const itemOf = (declared: string): string => declared.replace(/\[\]$/, "")

/** The type of a member, or of its items, which a base may declare; undefined if the type has none. */
export const memberOf = (version: Version, type: string, name: string): string | undefined => {
  for (let at: string | undefined = type; at !== undefined;) {
    const known: GraphType | undefined = graphTypes(version).get(at)
    const declared = known?.members.get(name)
    if (declared !== undefined) return itemOf(declared)
    at = known?.base
  }
  return undefined
}

/** The names of all types that extend a type, however far. */
export const subtypesOf = (version: Version, base: string): ReadonlyArray<string> => {
  const own = [...graphTypes(version)].filter(([, type]) => type.base === base).map(([name]) => name)
  return own.flatMap((name) => [name, ...subtypesOf(version, name)])
}

/** Application permissions by path in lower case, with ids as `{id}`, and method; `*` marks the least. */
export type PermissionTable = Readonly<Record<string, Readonly<Record<string, ReadonlyArray<string>>>>>

/** Entity types: their own properties and navigations in each version. */
export type EntityTable = Readonly<
  Record<
    string,
    {
      readonly base?: string
    } & {
      readonly [version in Version]?: {
        readonly properties: ReadonlyArray<string>
        readonly navigation: ReadonlyArray<string>
      }
    }
  >
>

/** Microsoft's larger description; null if `ATLAS_GRAPH_METADATA` does not name its folder. */
export const graphMetadata = (): { readonly permissions: PermissionTable; readonly entities: EntityTable } | null => {
  const folder = process.env["ATLAS_GRAPH_METADATA"]
  if (folder === undefined || folder === "") return null
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"))
  return {
    permissions: read("application-permissions.json") as PermissionTable,
    entities: read("entity-types.json") as EntityTable
  }
}
