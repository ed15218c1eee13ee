import type { GroupFilter, SearchOptions } from "@atlas/directory"
import type { BenchGraph } from "./directoryGraph.ts"
import { startDirectory } from "./DirectoryProcess.ts"
import { type Percentiles, percentiles } from "./figures.ts"
import type { Database } from "./Postgres.ts"

/** What reads of one kind took, in milliseconds, through the service: with authorisation, freshness and decoding. */
export interface SearchFigures extends Percentiles {
  readonly kind: string
  readonly max: number
  /** The most that one found. */
  readonly found: number
}

/** Another tenant with as many groups of the same names, which no search may have to wade through. */
const addNeighbour = async (database: Database): Promise<void> => {
  const [columns] = await database.query<{ names: string }>(`
    SELECT string_agg(quote_ident(column_name), ', ') AS names FROM information_schema.columns
    WHERE table_name = 'directory_groups' AND is_generated = 'NEVER' AND column_name <> 'tenant_id'`)
  const { names } = columns!
  await database.query(
    `INSERT INTO directory_groups (tenant_id, ${names}) SELECT 'neighbour', ${names} FROM directory_groups`
  )
  // As a sync of its own would have left it.
  await database.query("SELECT gin_clean_pending_list('directory_groups_infix')")
}

type Search = SearchOptions<GroupFilter>

/** Searches as people make them, from names that are there; drawn evenly over the directory. */
const searchesOf = ({ groups }: BenchGraph, count: number): Readonly<Record<string, ReadonlyArray<Search>>> => {
  const names = Array.from({ length: count }, (_, at) => groups[Math.floor((at * groups.length) / count)]!.displayName)
  const words = names.map((name) => name.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 3))
  const part = (name: string, from: number, length: number) => name.slice(from, from + length)
  const each = (make: (name: string, at: number) => Search): ReadonlyArray<Search> => names.map(make)
  return {
    "exact name": each((query) => ({ query })),
    "prefix of 1–6 letters": each((name, at) => ({ query: part(name, 0, 1 + (at % 6)) })),
    "empty query, a filter": each((_, at) => ({
      filters: [(["security", "microsoft365", "dynamic", "role_assignable", "synced"] as const)[at % 5]!]
    })),
    "infix: a common word": each((_, at) => ({ query: words[at]?.at(-1) ?? "berlin" })),
    "infix: a number": each((name) => ({ query: name.replace(/^\D+/, "").slice(0, 6) || "0123" })),
    "infix of 3 letters": each((name, at) => ({ query: part(name, 1 + (at % 8), 3).padEnd(3, "e") })),
    "infix of 5 letters, a filter": each((name, at) => ({
      query: part(name, 2 + (at % 4), 5).padEnd(3, "e"),
      filters: [at % 2 === 0 ? "role_assignable" : "synced"]
    })),
    "infix that nothing contains": each((_, at) => ({ query: `q${at}zx` })),
    "infix of 1–2 letters": each((name, at) => ({ query: part(name, 3, 1 + (at % 2)) }))
  }
}

/**
 * Searches and labels in a directory beside another of the same size.
 *
 * @param database that holds it
 * @param graph what it holds
 * @param count reads of each kind
 * @param say is told what is done
 */
export const measureSearches = async (
  database: Database,
  graph: BenchGraph,
  count: number,
  say: (what: string) => void
): Promise<ReadonlyArray<SearchFigures>> => {
  say("A neighbour moves in")
  await addNeighbour(database)
  await using host = await startDirectory(database.url, graph.origin, graph.tenant)
  const figures: Array<SearchFigures> = []
  for (const [kind, searches] of Object.entries(searchesOf(graph, count))) {
    await host.perform({ kind: "search", searches: searches.slice(0, 10) })
    const { found, millis } = await host.perform({ kind: "search", searches })
    figures.push({ kind, ...percentiles(millis), max: Math.max(...millis), found: Math.max(...found) })
    say(`${kind}: ${JSON.stringify(figures.at(-1))}`)
  }
  const ids = Array.from({ length: count }, (_, at) =>
    Array.from({ length: 100 }, (__, id) => graph.groups[(at * 7919 + id * 104_729) % graph.size]!.id)
  )
  await host.perform({ kind: "labels", ids: ids.slice(0, 10) })
  const { found, millis } = await host.perform({ kind: "labels", ids })
  figures.push({
    kind: "labels of 100 ids",
    ...percentiles(millis),
    max: Math.max(...millis),
    found: Math.max(...found)
  })
  say(JSON.stringify(figures.at(-1)))
  return figures
}
