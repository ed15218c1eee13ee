import { resolve, join, dirname, relative, sep } from "node:path"
import { CredentialVault } from "@atlas/graph"
import {
  Backups,
  exportBackup,
  importBackup,
  type ImportedObjects,
  Intune,
  objectsIn,
  policySources,
  References,
  referencesFile,
  sourceOfFile,
  textOfFile
} from "@atlas/intune"
import { ExactJson, systemActor, type TenantScope } from "@atlas/operations"
import { Console, Effect, FileSystem, Layer, Option, type PlatformError, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { SqlClient } from "effect/sql"
import { policySecrets } from "../policySecrets.ts"
import { tenantNames } from "../tenantNames.ts"
import { ServerSecret } from "../ServerSecret.ts"
import { Settings } from "../Settings.ts"
import { ledger } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"
import { text, textArgument, uuidArgument } from "./flags.ts"

const vault = Layer.unwrap(
  Effect.gen(function* () {
    return CredentialVault.layer(yield* ServerSecret, (yield* Settings).previousSecrets)
  })
).pipe(Layer.provide(ServerSecret.layer), Layer.provide(Settings.layer))

const intune = Intune.layer.pipe(
  Layer.provide(Layer.merge(Layer.provide(policySecrets, vault), tenantNames)),
  Layer.provideMerge(Layer.merge(ledger, vault))
)

const commandLine = systemActor("command-line")

const backup = uuidArgument("backup", "Id of the backup")

const unknown = (id: string) => () =>
  Effect.fail(new CliProblem({ message: `There is no backup ${id}, or it has expired.` }))

const verify = Command.make("verify", { backup }, ({ backup: id }) =>
  Effect.gen(function* () {
    const backups = yield* Backups
    const { damaged, items, manifestHolds } = yield* backups.verify(id).pipe(Effect.catchTag("NotFound", unknown(id)))
    for (const { damage, hash } of damaged) yield* Console.log(`${damage.padEnd(7)}  ${hash}`)
    if (!manifestHolds) yield* Console.log("changed  the list of items")
    if (damaged.length > 0 || !manifestHolds)
      return yield* new CliProblem({ message: "The backup is damaged: do not restore from it." })
    yield* Console.log(`The backup is intact: ${items} policies, every hash matches.`)
  }).pipe(Effect.provide(intune))
).pipe(Command.withDescription("Compute every hash of a backup again"))

const unusable = (path: string) => (error: { readonly message: string }) =>
  new CliProblem({ message: `${path} cannot be used: ${error.message}` })

const unreadableFolder = (folder: string) => (error: PlatformError.PlatformError) =>
  error.reason._tag === "NotFound"
    ? new CliProblem({ message: `There is no folder ${folder}.` })
    : unusable(folder)(error)

const exportCommand = Command.make(
  "export",
  { backup, to: text("to", "Folder to write to; it must be empty or not exist") },
  ({ backup: id, to }) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = resolve(to)
      yield* files.makeDirectory(folder, { recursive: true }).pipe(Effect.mapError(unusable(folder)))
      const present = yield* files.readDirectory(folder).pipe(Effect.mapError(unusable(folder)))
      if (present.length > 0) return yield* new CliProblem({ message: `${folder} is not empty: name another folder.` })
      const count = yield* exportBackup(
        commandLine,
        id,
        Effect.fnUntraced(function* (part) {
          for (const { path, text } of part) {
            const file = join(folder, ...path.split("/"))
            yield* files.makeDirectory(dirname(file), { recursive: true })
            yield* files.writeFileString(file, text)
          }
        })
      ).pipe(
        Effect.catchTag("NotFound", unknown(id)),
        Effect.catchTag("PlatformError", (error) => Effect.fail(unusable(folder)(error)))
      )
      yield* Console.log(`Wrote ${count} policies to ${folder}. Secrets in them are references.`)
    }).pipe(Effect.provide(intune))
).pipe(Command.withDescription("Write a backup as a folder of JSON"))

const parse = Option.liftThrowable(ExactJson.parse)
const decodeReferences = Schema.decodeUnknownOption(References)

const collections = Object.values(policySources).map(({ path }) => `  ${path}`)

/** The objects in a folder, by collection. Fails with a sentence for each file that cannot be used. */
const readFolder = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const present = yield* files
    .readDirectory(folder, { recursive: true })
    .pipe(Effect.mapError(unreadableFolder(folder)))
  const names = present.filter((name) => name.toLowerCase().endsWith(".json")).sort()
  const problems: Array<string> = []
  const imported: Array<ImportedObjects> = []
  const unclaimed: Array<string> = []
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
      const { objects, unusable: left } = objectsIn(json.value)
      if (left > 0) problems.push(`${path}: ${left} objects have no "id", or one that is not a string.`)
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
  return { imported: joined, references }
})

const scopeOf = Effect.fnUntraced(function* (tenant: string) {
  const sql = yield* SqlClient.SqlClient
  const [scope] = yield* sql<TenantScope>`
    SELECT workspace_id AS "workspaceId", id AS "tenantId" FROM tenants WHERE id = ${tenant}`
  return scope ?? (yield* new CliProblem({ message: `There is no tenant ${tenant}.` }))
})

const wrongSecret = new CliProblem({
  message:
    "Nothing was imported: the server's secret is another one, and could not open what this command seals. " +
    "Set ATLAS_SECRET as the server has it or, if it has none, ATLAS_DATA_DIR."
})

/**
 * Fails where the server seals with another secret. A tenant whose first secrets are imported gets its salt from this command:
 * sealed with a wrong secret, it would keep the server from reading the tenant's policies ever after.
 */
const requireServersSecret = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { keyId } = yield* CredentialVault
  const [row] = yield* sql<{ known: boolean | null }>`
    SELECT bool_or(key_id = ${keyId}) AS known FROM (
      SELECT key_id FROM policy_salts UNION ALL SELECT key_id FROM provider_connections WHERE key_id IS NOT NULL) AS sealed`
  // Null: nothing was sealed yet.
  if (row?.known === false) return yield* wrongSecret
})

const importCommand = Command.make(
  "import",
  {
    folder: textArgument("folder", "Folder of JSON: a folder or file for each collection"),
    tenant: text("tenant", "Id of the tenant that gets the backup"),
    name: text("name", "Name of the backup").pipe(Flag.withDefault("Import"))
  },
  ({ folder, name, tenant }) =>
    Effect.gen(function* () {
      const scope = yield* scopeOf(tenant)
      yield* requireServersSecret
      const { imported, references } = yield* readFolder(resolve(folder))
      const { id, items } = yield* importBackup(commandLine, scope, name, imported, references).pipe(
        Effect.catchTags({
          InvalidInput: ({ errors }) => {
            const listed = errors.map(({ detail, pointer }) => `${pointer}: ${detail}`).join("\n")
            return Effect.fail(new CliProblem({ message: `Nothing was imported.\n${listed}` }))
          },
          PolicySecretUnreadable: () => Effect.fail(wrongSecret)
        })
      )
      yield* Console.log(`Imported ${items} policies as the backup ${id}.`)
    }).pipe(Effect.provide(intune))
).pipe(Command.withDescription("Make a backup from a folder of JSON, such as a published export"))

/** `atlas backup`. */
export const backupCommand = Command.make("backup").pipe(
  Command.withDescription("Verify, export and import backups of policies"),
  Command.withSubcommands([verify, exportCommand, importCommand])
)
