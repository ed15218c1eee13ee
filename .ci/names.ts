/**
 * Names that two packages give to different things: declared and exported in a module of each, or given there by an export under
 * another name. Whoever reads both takes the one for the other. Fails with the files.
 *
 * A lower-case name counts unless its module is imported as a namespace: `Runs.layer` and `Worker.layer` are two names. A default
 * export has the name that it is declared with, if any.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type EcmaScriptModule, parseSync, type StaticExportEntry } from "oxc-parser"

const top = join(import.meta.dirname, "..")
const read = (file: string) => readFileSync(join(top, file), "utf8")

const sources = ["packages", "apps"].flatMap((folder) =>
  readdirSync(join(top, folder)).map((name) => join(folder, name))
)
const modules = new Map(
  sources.flatMap((source) =>
    readdirSync(join(top, source, "src"), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => join(source, "src", path))
      .map((file) => [file, { source, ...parseSync(file, read(file)).module }] as const)
  )
)

/** The files that packages are imported by, such as `@atlas/operations/pg`. */
const entries = new Map(
  sources.flatMap((source) => {
    const { name, exports }: { name: string; exports: Record<string, string> } = JSON.parse(
      read(join(source, "package.json"))
    )
    return Object.entries(exports).map(([path, file]) => [join(name, path), join(source, file)] as const)
  })
)

const namespacesIn = (file: string, { staticExports, staticImports }: EcmaScriptModule) => {
  const requests = [
    ...staticImports.flatMap(({ entries: imported, moduleRequest }) =>
      imported.some(({ importName }) => importName.kind === "NamespaceObject") ? moduleRequest : []
    ),
    ...staticExports.flatMap(({ entries: exported }) =>
      exported.flatMap(({ exportName, importName, moduleRequest }) =>
        importName.kind === "All" && exportName.kind === "Name" ? (moduleRequest ?? []) : []
      )
    )
  ]
  return requests.map(({ value }) => entries.get(value) ?? join(dirname(file), value))
}
const namespaces = new Set([...modules].flatMap(([file, module]) => namespacesIn(file, module)))

/** The name that an export gives to something, and not only passes on. */
const givenName = ({ exportName, importName, localName, moduleRequest }: StaticExportEntry) => {
  if (moduleRequest !== null) return exportName.name === importName.name ? null : exportName.name
  return exportName.kind === "Default" ? localName.name : exportName.name
}

const homes = new Map<string, Map<string, string>>()
for (const [file, { source, staticExports }] of modules) {
  for (const name of staticExports.flatMap((found) => found.entries.map(givenName))) {
    if (name === null || (namespaces.has(file) && !/^[A-Z]/.test(name))) continue
    homes.set(name, (homes.get(name) ?? new Map<string, string>()).set(source, file))
  }
}

const twice = [...homes].filter(([, files]) => files.size > 1)
for (const [name, files] of twice) {
  console.error(
    `${name} means something else in each of: ${[...files.values()].join(", ")}. Give one of them another name.`
  )
}
if (twice.length > 0) process.exit(1)
console.log(`${homes.size} names, each of one package.`)
