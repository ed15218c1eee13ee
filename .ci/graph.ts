/**
 * The import graph of the workspace: of its packages and apps, and of what lies in the `src` of each, which is folders and single
 * files. Imports of types count, since they tie modules together for a reader too, and so do `import("…")` and its types. A circle
 * fails, with the imports that close it. `--mermaid` prints diagrams instead of lines.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { Graph, Option } from "effect"
import { type Expression, parseSync, type StringLiteral, Visitor } from "oxc-parser"

const top = join(import.meta.dirname, "..")

interface Import {
  readonly from: string
  /** The imported file, or the package's name. */
  readonly to: string
}

const importsOf = (file: string): ReadonlyArray<Import> => {
  const names = new Set<string>()
  const add = ({ source }: { readonly source: Expression | StringLiteral | null }) => {
    if (source?.type === "Literal" && typeof source.value === "string") names.add(source.value)
  }
  new Visitor({
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
    TSImportType: add
  }).visit(parseSync(file, readFileSync(file, "utf8")).program)
  return [...names].map((name) => ({ from: file, to: name.startsWith(".") ? join(dirname(file), name) : name }))
}

const importsIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => importsOf(join(folder, file)))

/** The imports between the nodes that files belong to; `nodeOf` is undefined for what is not drawn. */
const graphOf = (imports: ReadonlyArray<Import>, nodeOf: (file: string) => string | undefined) =>
  Graph.directed<string, ReadonlyArray<Import>>((graph) => {
    const nodes = new Map<string, Graph.NodeIndex>()
    const nodeAt = (name: string) => {
      const index = nodes.get(name) ?? Graph.addNode(graph, name)
      nodes.set(name, index)
      return index
    }
    const edges = new Map<string, Array<Import>>()
    for (const found of imports) {
      const [from, to] = [nodeOf(found.from), nodeOf(found.to)]
      if (from === undefined || to === undefined) continue
      const [source, target] = [nodeAt(from), nodeAt(to)]
      const known = edges.get(`${source} ${target}`)
      if (known !== undefined) known.push(found)
      else if (source !== target) {
        const all = [found]
        edges.set(`${source} ${target}`, all)
        Graph.addEdge(graph, source, target, all)
      }
    }
  })

type Drawn = ReturnType<typeof graphOf>

const nameOf = (graph: Drawn, index: Graph.NodeIndex) => Option.getOrElse(Graph.getNode(graph, index), () => "")

/** One line for each node, those that others stand on last. */
const lines = (graph: Drawn) =>
  [...Graph.indices(Graph.isAcyclic(graph) ? Graph.topo(graph) : Graph.nodes(graph))].map((index) => {
    const imported = Graph.successors(graph, index).map((next) => nameOf(graph, next))
    return `  ${nameOf(graph, index)}${imported.length === 0 ? "" : ` → ${imported.sort().join(", ")}`}`
  })

const circles = (graph: Drawn) =>
  Graph.stronglyConnectedComponents(graph)
    .filter((circle) => circle.length > 1)
    .map((circle) => {
      const within = new Set(circle)
      const closing = [...Graph.values(Graph.edges(graph))]
        .filter(({ source, target }) => within.has(source) && within.has(target))
        .flatMap(({ data }) => data)
        .map(({ from, to }) => `    ${relative(top, from)} imports ${relative(top, to)}`)
      return [
        circle
          .map((index) => nameOf(graph, index))
          .sort()
          .join(", "),
        ...closing
      ].join("\n")
    })

const sources = ["packages", "apps"].flatMap((kind) =>
  readdirSync(join(top, kind)).map((name) => join(top, kind, name, "src"))
)
const imports = new Map(sources.map((folder) => [folder, importsIn(folder)]))

const packageOf = (file: string) =>
  /^@atlas\/([^/]+)/.exec(file)?.[1] ?? /^(?:packages|apps)\/([^/]+)/.exec(relative(top, file))?.[1]
/** The folder of `src`, or the file that lies beside the folders. */
const partOf = (folder: string) => (file: string) =>
  file.startsWith(folder) ? relative(folder, file).split(sep)[0] : undefined

const drawings: ReadonlyArray<readonly [string, Drawn]> = [
  ["packages", graphOf([...imports.values()].flat(), packageOf)],
  ...[...imports].map(([folder, own]) => [relative(top, folder), graphOf(own, partOf(folder))] as const)
]

let failed = false
for (const [title, graph] of drawings) {
  const drawing = process.argv.includes("--mermaid")
    ? [Graph.toMermaid(graph, { edgeLabel: (found) => `${found.length}` })]
    : lines(graph)
  if (drawing.length > 0) console.log([title, ...drawing, ""].join("\n"))
  for (const circle of circles(graph)) {
    failed = true
    console.error(`${title}: these import one another in a circle: ${circle}\n`)
  }
}
if (failed) process.exit(1)
