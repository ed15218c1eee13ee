/**
 * Backups as files: a folder of JSON with one file for each policy, as Graph returns it. Command lines and scripts call this to
 * export a backup, and to import a folder, also one that another tool exported. `exportBackup` and `importBackup` authorise
 * nobody: whoever holds the database may call them. The audit has each export and import, and who made it.
 *
 * @module
 */

import { type Actor, AuditLog, Decoding, ExactJson, type Problems, type TenantScope, Storable } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Backups } from "./Backups.ts"
import { makeBackupStore } from "./BackupStore.ts"
import { type ImportedObjects, importedPolicy } from "./ImportedObjects.ts"
import { importRefusal } from "./ImportProblems.ts"
import { makeReferenceStore } from "./ReferenceStore.ts"
import { type NamedReference, referenceKey, ReferenceKind } from "../policies/references/Reference.ts"
import { inTransaction } from "../policies/inTransaction.ts"
import { recordOf } from "../policies/PolicyRecord.ts"
import type { GraphObject, PolicySource } from "../policies/PolicySource.ts"
import { policySources } from "../policies/policySources.ts"
import { PolicySecretUnreadable } from "../policies/PolicySecrets.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"

/** One policy as a file: JSON as Graph returns it, with children and assignments as properties. */
export interface PolicyFile {
  /** Relative to the folder, with slashes: the collection's path, then a name made of the policy's id. */
  readonly path: string
  readonly text: string
}

const fileName = (id: string) => `${encodeURIComponent(id).replaceAll("*", "%2A")}.json`

const filesAtOnce = 200
const sources: ReadonlyArray<PolicySource> = Object.values(policySources)

/** The file of an export that says what the policies refer to, and what that was called. Other tools do not write it. */
export const referencesFile = "references.json"

/** What a backup is called in the audit. */
const backupKind = "backup"

const decodeExport = Decoding.argumentsOf(Schema.Struct({ actor: Decoding.GivenActor }))

/**
 * Passes the files of a complete or partial backup to `write`, up to 200 at a time, and returns how many policies there were.
 * Secrets stay references. The last file is `referencesFile`. Authorises nobody; records in the audit that this actor exports the
 * backup. Fails with `NotFound` for an unknown or expired backup.
 */
export const exportBackup = Effect.fn("exportBackup")(function* <E, R>(
  actor: Actor,
  id: string,
  write: (files: ReadonlyArray<PolicyFile>) => Effect.Effect<void, E, R>
): Effect.fn.Return<
  number,
  E | Problems.InvalidInput | Problems.NotFound,
  R | AuditLog | Backups | PolicyStore | SqlClient.SqlClient
> {
  yield* decodeExport({ actor })
  const audit = yield* AuditLog
  const backups = yield* Backups
  const references = yield* makeReferenceStore
  const store = yield* PolicyStore
  const { items, tenant } = yield* backups.manifest(id)
  // Before the first file leaves: an export that dies halfway is on record, too.
  yield* audit.record({
    action: "backup.exported",
    actor,
    scope: tenant,
    record: { kind: backupKind, id },
    before: undefined,
    after: { items: items.length }
  })
  for (let from = 0; from < items.length; from += filesAtOnce) {
    const part = items.slice(from, from + filesAtOnce)
    const hashes = part.flatMap(({ assignmentsHash, contentHash }) => [contentHash, assignmentsHash ?? contentHash])
    const texts = yield* store.texts(tenant, hashes)
    const files = part.map(({ assignmentsHash, contentHash, id: policy, source }) => {
      const collection = sources.find(({ name }) => name === source)?.path ?? source
      const content = ExactJson.parse(texts.get(contentHash) ?? "{}") as GraphObject
      const assignments =
        assignmentsHash === null ? {} : { assignments: ExactJson.parse(texts.get(assignmentsHash) ?? "[]") }
      return {
        path: `${collection}/${fileName(policy)}`,
        text: `${JSON.stringify({ id: policy, ...content, ...assignments }, null, 2)}\n`
      }
    })
    yield* write(files)
  }
  yield* write([{ path: referencesFile, text: `${JSON.stringify(yield* references.list(id), null, 2)}\n` }])
  return items.length
})

/**
 * The collection that a file belongs to, by its path relative to the folder, with slashes: `deviceManagement/x.json`,
 * `deviceManagement.x.json` and `deviceManagement/x/anything.json` all belong to `deviceManagement/x`. Undefined for any other
 * path.
 */
export const sourceOfFile = (path: string): PolicySource | undefined => {
  const whole = path.replace(/\.json$/i, "").toLowerCase()
  const parent = whole.split("/").slice(0, -1).join("/")
  return sources.find((source) =>
    [whole, parent].some((place) => {
      const dotted = place.replaceAll(".", "/")
      const wanted = source.path.toLowerCase()
      return dotted === wanted || dotted.endsWith(`/${wanted}`)
    })
  )
}

const encodingOf = ([first, second]: Uint8Array) =>
  first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8"

/** Decodes a file. PowerShell writes exports in UTF-16; other tools put a byte order mark before UTF-8. */
export const textOfFile = (bytes: Uint8Array): string => new TextDecoder(encodingOf(bytes)).decode(bytes)

const Text = Storable.Text.check(Schema.isNonEmpty(), Schema.isMaxLength(200))
const Tenant = Schema.StructWithRest(Schema.Struct({ workspaceId: Text, tenantId: Text }), [
  Schema.Record(Schema.String, Schema.Unknown)
])
const Imported = Schema.Struct({
  source: Schema.Unknown.check(
    Schema.makeFilter((source) => sources.some((known) => known === source), { expected: "one of policySources" })
  ),
  objects: Schema.Array(Schema.Record(Schema.String, Schema.Unknown))
})
/** The content of `referencesFile`. */
export const References = Schema.Array(
  Schema.Struct({ kind: ReferenceKind, id: Storable.Text, name: Schema.NullOr(Storable.Text) })
)

const decodeImport = Decoding.argumentsOf(
  Schema.Struct({
    actor: Decoding.GivenActor,
    tenant: Tenant,
    name: Text,
    imported: Schema.Array(Imported),
    references: References
  })
)

/**
 * Stores objects from files as a backup: all of them, or none. Of objects of a collection with the same id, the last counts.
 * The backup's name has 1 to 200 characters. Returns its id and its number of policies. Authorises nobody; records in the audit,
 * together with the backup, that this actor imported it. Fails with `InvalidInput` for what cannot be stored, and with
 * `PolicySecretUnreadable` where the host's secret is not the one that sealed the tenant's secrets. The references say what
 * things in `referencesFile` are called, so that a restore finds them by name.
 */
export const importBackup = Effect.fn("importBackup")(function* (
  actor: Actor,
  tenant: TenantScope,
  name: string,
  imported: ReadonlyArray<ImportedObjects>,
  references: ReadonlyArray<NamedReference> = []
) {
  yield* decodeImport({ actor, tenant, name, imported, references })
  const refusal = importRefusal(imported)
  if (refusal !== null) return yield* refusal
  const names = new Map(references.map((reference) => [referenceKey(reference), reference.name]))
  const sql = yield* SqlClient.SqlClient
  const store = yield* PolicyStore
  const writes = makeBackupStore(sql)
  // A run could do nothing about a wrong secret, and dies. Whoever imports can give the right one.
  const salt = yield* Effect.catchDefect(store.salt(tenant), (defect) =>
    defect instanceof PolicySecretUnreadable ? Effect.fail(defect) : Effect.die(defect)
  )
  const audit = yield* AuditLog
  const referred = yield* makeReferenceStore
  const work = Effect.gen(function* () {
    const backup = yield* writes.open(tenant, name, { kind: "import" })
    for (const { objects, source } of imported) {
      const byId = new Map(objects.map((object) => [String(object["id"]), object]))
      const recorded = [...byId.values()].map((object) => recordOf(source, importedPolicy(object), salt))
      for (let from = 0; from < recorded.length; from += filesAtOnce) {
        const part = recorded.slice(from, from + filesAtOnce)
        yield* store.put(
          tenant,
          part.flatMap(({ contents }) => contents)
        )
        yield* writes.add(
          tenant,
          backup,
          source.name,
          part.map(({ record }) => record)
        )
        const found = part.flatMap((each) => each.references)
        yield* referred.add(
          backup.id,
          found.map((reference) => ({ ...reference, name: names.get(referenceKey(reference)) ?? null }))
        )
      }
    }
    yield* referred.nameOwn(backup.id)
    const { items } = yield* writes.seal(backup)
    yield* audit.record({
      action: "backup.imported",
      actor,
      scope: tenant,
      record: { kind: backupKind, id: backup.id },
      before: undefined,
      after: { name, items }
    })
    return { id: backup.id, items }
  })
  return yield* inTransaction(sql)(work)
})
