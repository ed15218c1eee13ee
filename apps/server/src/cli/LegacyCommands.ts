import { legacyKinds, type LegacyMapping, LegacyMappings } from "@atlas/legacy"
import { Uuid, Storable } from "@atlas/operations"
import { Console, Effect, FileSystem, Layer, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { database } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"
import { text } from "./flags.ts"
import { table } from "./table.ts"

/** A mapping, and the line of the file that it comes from. */
interface Line {
  readonly line: number
  readonly mapping: LegacyMapping
}

const header = "table,legacy_id,operation_run_id"
const isUuid = (text: string) => Option.isSome(Schema.decodeOption(Uuid)(text))

/** Reads the lines of the file. Every line that is not a mapping is a problem. */
const parse = (file: string): { readonly lines: ReadonlyArray<Line>; readonly problems: ReadonlyArray<string> } => {
  const [first, ...rows] = file.replace(/^\uFEFF/, "").split(/\r?\n/)
  if (first?.trim() !== header) return { lines: [], problems: [`Line 1: the header must be ${header}`] }
  const problems: Array<string> = []
  const lines = rows.flatMap((content, index): ReadonlyArray<Line> => {
    if (content.trim() === "") return []
    const line = index + 2
    const [name = "", id = "", runId = "", ...more] = content.split(",").map((cell) => cell.trim())
    const kind = legacyKinds.find(({ table: known }) => known === name)
    if (!Storable.is(content)) problems.push(`Line ${line}: it contains characters that no id has.`)
    else if (more.length > 0 || id === "") problems.push(`Line ${line}: it must have three values.`)
    else if (kind === undefined) problems.push(`Line ${line}: there is no table ${name}.`)
    else if (!isUuid(runId)) problems.push(`Line ${line}: ${runId || "the run"} is not the id of a run.`)
    else return [{ line, mapping: { table: kind.table, id, runId } }]
    return []
  })
  return { lines, problems }
}

const fromFile = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  const content = yield* files
    .readFileString(path)
    .pipe(Effect.mapError(({ reason }) => new CliProblem({ message: `${path} cannot be read (${reason._tag}).` })))
  const { lines, problems } = parse(content)
  const mappings = lines.map(({ mapping }) => mapping)
  const misfits = yield* LegacyMappings.use((service) => service.map(mappings, { dryRun: true }))
  const all = [...problems, ...misfits.map(({ index, problem }) => `Line ${lines[index]?.line}: ${problem}.`)]
  if (all.length > 0) return yield* new CliProblem({ message: `Nothing was mapped.\n${all.join("\n")}` })
  return mappings
})

const map = Command.make(
  "map",
  {
    file: text("file", `CSV with the header ${header}`).pipe(Flag.optional),
    match: Flag.Boolean("match").pipe(
      Flag.withDescription("Map records that the context of exactly one run names as legacyId"),
      Flag.withDefault(false)
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Only print what would be mapped"),
      Flag.withDefault(false)
    )
  },
  ({ dryRun, file, match }) =>
    Effect.gen(function* () {
      if (Option.isSome(file) === match)
        return yield* new CliProblem({ message: "Name one source of the mapping: --file or --match." })
      const mappings = yield* Option.isSome(file) ? fromFile(file.value) : LegacyMappings.use(({ matches }) => matches)
      if (mappings.length === 0) return yield* Console.log("There is nothing to map.")
      yield* Console.log(
        table(
          ["table", "record", "run"],
          mappings.map((each) => [each.table, each.id, each.runId])
        )
      )
      if (dryRun) return yield* Console.log(`\nWould map ${mappings.length} records.`)
      const misfits = yield* LegacyMappings.use((service) => service.map(mappings, { dryRun: false }))
      if (misfits.length > 0)
        return yield* new CliProblem({
          message: "Nothing was mapped, because the runs have changed: run the command again."
        })
      yield* Console.log(`\nMapped ${mappings.length} records.`)
    }).pipe(Effect.provide(LegacyMappings.layer.pipe(Layer.provide(database))))
).pipe(Command.withDescription("Map old records to the runs that they are shown as"))

/** `atlas legacy`. */
export const legacyCommand = Command.make("legacy").pipe(
  Command.withDescription("Retire the records from before the ledger"),
  Command.withSubcommands([map])
)
