import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Sent } from "./Watched.ts"

interface Node {
  readonly Schema?: string
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Index Name"?: string
  readonly "Index Cond"?: string
  readonly "Function Name"?: string
  readonly "Conflict Arbiter Indexes"?: ReadonlyArray<string>
  readonly Plans?: ReadonlyArray<Node>
}

/** What a plan reads and writes of our tables. */
export interface Plan {
  /** Indexes in which it looks something up, and `all of …` for tables and indexes that it reads from end to end. */
  readonly uses: ReadonlySet<string>
  /** Whether it touches a table at all. */
  readonly touches: boolean
}

const nodesOf = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

const usesOf = (node: Node): ReadonlyArray<string> => {
  const { "Index Cond": condition, "Index Name": index, "Node Type": type, "Relation Name": table } = node
  const arbiters = node["Conflict Arbiter Indexes"] ?? []
  if (index !== undefined) return [condition === undefined ? `all of ${index}` : index]
  return type === "Seq Scan" && table !== undefined ? [`all of ${table}`] : arbiters
}

// Of functions Postgres explains nothing. What it counts says what they have read: of a table, scans from end to end.
const scansOf = Effect.fnUntraced(function* ({ params, text }: Sent) {
  const sql = yield* SqlClient.SqlClient
  const scanned = sql.unsafe<{ scanned: string }>(text, params).pipe(
    Effect.andThen(sql<{ scanned: string }>`
      SELECT indexrelname AS scanned FROM pg_stat_user_indexes
      WHERE schemaname = 'public' AND pg_stat_get_xact_numscans(indexrelid) > 0
      UNION ALL SELECT 'all of ' || relname FROM pg_stat_user_tables
      WHERE schemaname = 'public' AND pg_stat_get_xact_numscans(relid) > 0`),
    Effect.flip
  )
  // Flipped twice, so that the transaction fails and leaves nothing behind.
  const rows = yield* Effect.flip(sql.withTransaction(scanned)).pipe(Effect.orDie)
  return (rows as ReadonlyArray<{ readonly scanned: string }>).map(({ scanned: name }) => name)
})

const decode = Schema.decodeUnknownEffect(
  Schema.NonEmptyArray(Schema.Struct({ "QUERY PLAN": Schema.NonEmptyArray(Schema.Struct({ Plan: Schema.Unknown })) }))
)

/** Explains a statement with the parameters that it was sent with, as whoever the client connects as. */
export const explain = Effect.fnUntraced(function* (sent: Sent) {
  const sql = yield* SqlClient.SqlClient
  const rows = sql.unsafe(`EXPLAIN (FORMAT JSON, VERBOSE) ${sent.text}`, sent.params)
  const [
    {
      "QUERY PLAN": [{ Plan: root }]
    }
  ] = yield* Effect.flatMap(rows, decode)
  const ours = nodesOf(root as Node).filter(({ Schema: schema = "public" }) => schema === "public")
  const isFunction = ours.some((node) => node.Schema !== undefined && node["Function Name"] !== undefined)
  const plan: Plan = {
    uses: new Set([...ours.flatMap(usesOf), ...(isFunction ? yield* scansOf(sent) : [])]),
    touches: ours.some((node) => node["Relation Name"] !== undefined)
  }
  return plan
})
