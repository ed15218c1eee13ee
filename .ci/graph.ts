/**
 * The import graph of the workspace: of its packages, and of the folders of each package's `src`. Type imports count, since they
 * tie modules together for a reader too. A circle between packages or between folders fails, with the imports that close it.
 * `--mermaid` prints diagrams instead of lines.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { Graph, Option } from "effect"
import { parseSync } from "oxc-parser"

const top = join(import.meta.dirname, "..")

interface Import {
  readonly from: string
  /** The imported file, or the package's name. */
  readonly to: string
}

const importsOf = (file: string): ReadonlyArray<Import> => {
  const { module } = parseSync(file, readFileSync(file, "utf8"))
  const requests = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest))
  ]
  const names = new Set(requests.flatMap((request) => request?.value ?? []))
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

const packages = join(top, "packages")
const folders = readdirSync(packages).map((name) => join(packages, name, "src"))
const imports = new Map(folders.map((folder) => [folder, importsIn(folder)]))

const packageOf = (file: string) =>
  /^@atlas\/([^/]+)/.exec(file)?.[1] ?? (file.startsWith(packages) ? relative(packages, file).split(sep)[0] : undefined)
/** A folder of `src`; what lies beside them puts them together, and what an entry of its own exports stands above them. */
const folderOf = (folder: string) => (file: string) => {
  const path = file.startsWith(folder) ? relative(folder, file).split(sep) : []
  return path.length < 2 ? undefined : path[0]
}

const drawings: ReadonlyArray<readonly [string, Drawn]> = [
  ["packages", graphOf([...imports.values()].flat(), packageOf)],
  ...[...imports].map(([folder, own]) => [relative(top, folder), graphOf(own, folderOf(folder))] as const)
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
