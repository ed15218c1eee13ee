import { legacyKinds } from "@atlas/legacy"
import { isStorable } from "@atlas/operations"
import { Console, Effect, FileSystem, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { SqlClient } from "effect/sql"
import { database } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"
import { text } from "./flags.ts"
import { table } from "./table.ts"

/** A record and the run that it is to be shown as. */
interface Mapping {
  readonly line: number
  readonly table: string
  readonly id: string
  readonly runId: string
}

const header = "table,legacy_id,operation_run_id"
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Reads the file's lines; every line that is none of ours is a problem. */
const parse = (
  file: string
): { readonly mappings: ReadonlyArray<Mapping>; readonly problems: ReadonlyArray<string> } => {
  const [first, ...lines] = file.replace(/^\uFEFF/, "").split(/\r?\n/)
  if (first?.trim() !== header) return { mappings: [], problems: [`Line 1: the header must be ${header}`] }
  const problems: Array<string> = []
  const mappings = lines.flatMap((content, index) => {
    if (content.trim() === "") return []
    const line = index + 2
    const [name = "", id = "", runId = "", ...more] = content.split(",").map((cell) => cell.trim())
    if (!isStorable(content)) problems.push(`Line ${line}: it holds characters that no id has.`)
    else if (more.length > 0 || id === "") problems.push(`Line ${line}: it must have three values.`)
    else if (!legacyKinds.some((kind) => kind.table === name)) problems.push(`Line ${line}: there is no table ${name}.`)
    else if (!uuid.test(runId)) problems.push(`Line ${line}: ${runId || "the run"} is no id of a run.`)
    else return [{ line, table: name, id, runId }]
    return []
  })
  return { mappings, problems }
}

/** What keeps the database from taking a mapping: both have to be there, and of the same tenant and operation. */
const misfits = Effect.fnUntraced(function* (mappings: ReadonlyArray<Mapping>) {
  const sql = yield* SqlClient.SqlClient
  const found = yield* Effect.forEach(legacyKinds, ({ table: name, type }) => {
    const own = mappings.filter((mapping) => mapping.table === name)
    return own.length === 0
      ? Effect.succeed([])
      : sql<{ line: number; problem: string | null }>`
          SELECT w.line, CASE WHEN t.id IS NULL THEN 'there is no record ' || w.id
            WHEN r.id IS NULL THEN 'there is no run ' || w.run
            WHEN r.type <> ${type} THEN 'the run is a ' || r.type
            WHEN r.tenant_id IS DISTINCT FROM t.tenant_id::text THEN 'the run is of another tenant' END AS problem
          FROM json_to_recordset(${JSON.stringify(own.map(({ id, line, runId }) => ({ line, id, run: runId })))}::json)
              AS w(line int, id text, run text)
            LEFT JOIN ${sql(name)} t ON t.id::text = w.id LEFT JOIN operation_runs r ON r.id = w.run::uuid`
  })
  return found.flat().flatMap(({ line, problem }) => (problem === null ? [] : [`Line ${line}: ${problem}.`]))
})

const fromFile = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  const content = yield* files
    .readFileString(path)
    .pipe(Effect.mapError(({ reason }) => new CliProblem({ message: `${path} cannot be read (${reason._tag}).` })))
  const { mappings, problems } = parse(content)
  const all = [...problems, ...(yield* misfits(mappings))]
  if (all.length > 0) return yield* new CliProblem({ message: `Nothing was mapped.\n${all.join("\n")}` })
  return mappings
})

// The run's context names the record that it continues; where several do, nobody can say which it is.
const byContext = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const found = yield* Effect.forEach(
    legacyKinds,
    ({ table: name, type }) => sql<{ table: string; id: string; runId: string }>`
      SELECT ${name} AS table, t.id::text AS id, min(r.id::text) AS "runId"
      FROM ${sql(name)} t JOIN operation_runs r
        ON r.type = ${type} AND r.tenant_id = t.tenant_id::text AND r.context ->> 'legacyId' = t.id::text
      WHERE t.operation_run_id IS NULL GROUP BY t.id HAVING count(*) = 1 ORDER BY t.id`
  )
  return found.flat().map((mapping, index): Mapping => ({ ...mapping, line: index + 1 }))
})

const write = Effect.fnUntraced(function* (mappings: ReadonlyArray<Mapping>) {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(legacyKinds, ({ table: name }) => {
    const own = mappings.filter((mapping) => mapping.table === name).map(({ id, runId }) => ({ id, run: runId }))
    return sql`
      UPDATE ${sql(name)} t SET operation_run_id = w.run::uuid
      FROM json_to_recordset(${JSON.stringify(own)}::json) AS w(id text, run text) WHERE t.id::text = w.id`
  }).pipe(sql.withTransaction)
})

const map = Command.make(
  "map",
  {
    file: text("file", `CSV with the header ${header}`).pipe(Flag.optional),
    match: Flag.Boolean("match").pipe(
      Flag.withDescription("Map records that the context of exactly one run names as legacyId"),
      Flag.withDefault(false)
    ),
    dryRun: Flag.Boolean("dry-run").pipe(Flag.withDescription("Only say what would be mapped"), Flag.withDefault(false))
  },
  ({ dryRun, file, match }) =>
    Effect.gen(function* () {
      if (Option.isSome(file) === match)
        return yield* new CliProblem({ message: "Say where the mapping comes from: either --file or --match." })
      const mappings = Option.isSome(file) ? yield* fromFile(file.value) : yield* byContext
      if (mappings.length === 0) return yield* Console.log("There is nothing to map.")
      yield* Console.log(
        table(
          ["table", "record", "run"],
          mappings.map((each) => [each.table, each.id, each.runId])
        )
      )
      if (dryRun) return yield* Console.log(`\nWould map ${mappings.length} records.`)
      yield* write(mappings)
      yield* Console.log(`\nMapped ${mappings.length} records.`)
    }).pipe(Effect.provide(database))
).pipe(Command.withDescription("Say which run an old record is shown as"))

/** `atlas legacy`. */
export const legacyCommand = Command.make("legacy").pipe(
  Command.withDescription("Retire the records from before the ledger"),
  Command.withSubcommands([map])
)
