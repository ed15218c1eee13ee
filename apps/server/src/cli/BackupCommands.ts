import { resolve, join, dirname } from "node:path"
import { CredentialVault } from "@atlas/graph"
import { Backups, exportBackup, importBackup, Intune } from "@atlas/intune"
import { systemActor, type TenantScope } from "@atlas/operations"
import { Console, Effect, FileSystem, Layer } from "effect"
import { Command, Flag } from "effect/cli"
import { SqlClient } from "effect/sql"
import { policySecrets } from "../policySecrets.ts"
import { tenantNames } from "../tenantNames.ts"
import { ServerSecret } from "../ServerSecret.ts"
import { Settings } from "../Settings.ts"
import { ledger } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"
import { readImportFolder, unusable } from "./importFolder.ts"
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

const policies = (count: number) => `${count} ${count === 1 ? "policy" : "policies"}`

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
    yield* Console.log(`The backup is intact: ${policies(items)}, every hash matches.`)
  }).pipe(Effect.provide(intune))
).pipe(Command.withDescription("Compute every hash of a backup again"))

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
      yield* Console.log(`Wrote ${policies(count)} to ${folder}. Secrets in them are references.`)
    }).pipe(Effect.provide(intune))
).pipe(Command.withDescription("Write a backup as a folder of JSON"))

const mostTenants = 20

const scopeOf = Effect.fnUntraced(function* (tenant: string) {
  const sql = yield* SqlClient.SqlClient
  const [scope] = yield* sql<TenantScope>`
    SELECT workspace_id AS "workspaceId", id AS "tenantId" FROM tenants WHERE id = ${tenant}`
  if (scope !== undefined) return scope
  // People know a tenant by its name. Whoever gave it is told that tenant first.
  const known = yield* sql<{ id: string; name: string; total: number }>`
    SELECT id, name, count(*) OVER ()::int AS total FROM tenants
    ORDER BY lower(name) <> lower(${tenant}) AND lower(id) <> lower(${tenant}), id LIMIT ${mostTenants}`
  const left = (known[0]?.total ?? 0) - known.length
  const listed = known.map(({ id, name }) => `${id} (${name})`)
  if (left > 0) listed.push(`${left} more`)
  const choice = known.length === 0 ? "There are no tenants yet." : `Give the id of one of these: ${listed.join(", ")}.`
  return yield* new CliProblem({ message: `There is no tenant ${tenant}. ${choice}` })
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
      const { fileOf, imported, references } = yield* readImportFolder(resolve(folder))
      const { id, items } = yield* importBackup(commandLine, scope, name, imported, references).pipe(
        Effect.catchTags({
          InvalidInput: ({ detail: more = "", errors }) => {
            const listed = errors.map(({ detail, pointer }) => `${fileOf(pointer)}: ${detail}`)
            return Effect.fail(
              new CliProblem({ message: ["Nothing was imported.", ...listed, more].join("\n").trim() })
            )
          },
          PolicySecretUnreadable: () => Effect.fail(wrongSecret)
        })
      )
      yield* Console.log(`Imported ${policies(items)} as the backup ${id}.`)
    }).pipe(Effect.provide(intune))
).pipe(Command.withDescription("Make a backup from a folder of JSON, such as a published export"))

/** `atlas backup`. */
export const backupCommand = Command.make("backup").pipe(
  Command.withDescription("Verify, export and import backups of policies"),
  Command.withSubcommands([verify, exportCommand, importCommand])
)
