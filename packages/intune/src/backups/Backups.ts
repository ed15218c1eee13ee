/**
 * Backups, read from the database only. Pages and the HTTP API call `list`, `get`, `ofRun`, `items` and `content`, which
 * authorise. Command lines call `manifest` and `verify`, which authorise nobody: whoever holds the database may call them.
 *
 * @module
 */

import { type Actor, Authorization, Decoding, Problems, type TenantScope, Storable } from "@atlas/operations"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { PolicyName, TitledPolicyName } from "../policies/Arguments.ts"
import { makeBackupReads } from "./BackupReads.ts"
import { BackupId, type BackupItem, type BackupSet } from "./BackupSet.ts"
import { viewBackups } from "./BackupSchedules.ts"
import { type DamagedSnapshot, PolicyStore } from "../policies/PolicyStore.ts"

type Refused = Problems.Refusal

/** What `verify` found. */
export interface BackupVerification {
  readonly items: number
  /** The list of items is the one that was sealed. */
  readonly manifestHolds: boolean
  readonly damaged: ReadonlyArray<DamagedSnapshot>
}

/** Reads backups. Outsiders get `NotFound`; members without `tenant.backups.view` get `Forbidden`. */
export class Backups extends Context.Service<
  Backups,
  {
    /**
     * Sealed and expired backups of a tenant, or of one schedule, newest first. `before` is the id of the last backup that was
     * shown; `limit` is 1 to 200.
     */
    list(
      actor: Actor,
      tenantId: string,
      page: { readonly schedule?: string; readonly before: string | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<BackupSet>, Refused>
    get(actor: Actor, tenantId: string, id: string): Effect.Effect<BackupSet, Refused>
    /** The backup that a run made or is making. */
    ofRun(actor: Actor, tenantId: string, runId: string): Effect.Effect<Option.Option<BackupSet>, Refused>
    /** The items of a backup by title, after the last one that was shown. `limit` is 1 to 200. */
    items(
      actor: Actor,
      tenantId: string,
      id: string,
      page: {
        readonly query: string
        readonly after: Pick<BackupItem, "id" | "source" | "title"> | null
        readonly limit: number
      }
    ): Effect.Effect<ReadonlyArray<BackupItem>, Refused>
    /** What a policy said at the time of the backup: canonical JSON with references in place of secrets. */
    content(
      actor: Actor,
      tenantId: string,
      id: string,
      item: { readonly source: string; readonly id: string }
    ): Effect.Effect<
      { readonly item: BackupItem; readonly content: string; readonly assignments: string | null },
      Refused
    >
    /** The tenant and all items of a backup. Authorises nobody. `NotFound` for an unknown or expired backup. */
    manifest(id: string): Effect.Effect<
      {
        readonly tenant: TenantScope
        readonly items: ReadonlyArray<Pick<BackupItem, "assignmentsHash" | "contentHash" | "id" | "source">>
      },
      Problems.NotFound
    >
    /** Computes all hashes again. Authorises nobody. `NotFound` for an unknown or expired backup. */
    verify(id: string): Effect.Effect<BackupVerification, Problems.NotFound>
  }
>()("@atlas/intune/Backups") {
  static readonly layer: Layer.Layer<Backups, never, Authorization | PolicyStore | SqlClient.SqlClient> = Layer.effect(
    Backups,
    Effect.suspend(() => make)
  )
}

const isId = Schema.is(BackupId)

const decodeListPage = Decoding.argumentsOf(
  Schema.Struct({
    page: Schema.Struct({
      schedule: Schema.optional(Schema.String),
      before: Schema.NullOr(Schema.String),
      limit: Decoding.pageLimit(200)
    })
  })
)
const decodeItemPage = Decoding.argumentsOf(
  Schema.Struct({
    page: Schema.Struct({
      query: Schema.String,
      after: Schema.NullOr(TitledPolicyName),
      limit: Decoding.pageLimit(200)
    })
  })
)
const decodeName = Decoding.argumentsOf(Schema.Struct({ item: PolicyName }))

// How many bodies are in memory at once while `verify` computes hashes.
const verifiedAtOnce = 200

const make = Effect.gen(function* () {
  const door = yield* Authorization
  const store = yield* PolicyStore
  const reads = yield* makeBackupReads

  const viewing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, viewBackups, "backup")

  const list = Effect.fn("Backups.list")(function* (
    actor: Actor,
    tenantId: string,
    given: { readonly schedule?: string; readonly before: string | null; readonly limit: number }
  ) {
    const { before, limit, schedule = null } = (yield* decodeListPage({ page: given })).page
    const tenant = yield* viewing(actor, tenantId)
    if (![before, schedule].every((id) => id === null || isId(id))) return []
    return yield* reads.list(tenant, { schedule, before, limit })
  })

  const get = Effect.fn("Backups.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* reads.find(yield* viewing(actor, tenantId), id)
  })

  const ofRun = Effect.fn("Backups.ofRun")(function* (actor: Actor, tenantId: string, runId: string) {
    const tenant = yield* viewing(actor, tenantId)
    return isId(runId) ? yield* reads.findOfRun(tenant, runId) : Option.none()
  })

  const items = Effect.fn("Backups.items")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: {
      readonly query: string
      readonly after: Pick<BackupItem, "id" | "source" | "title"> | null
      readonly limit: number
    }
  ) {
    const { after, limit, query } = (yield* decodeItemPage({ page: given })).page
    const backup = yield* get(actor, tenantId, id)
    if (!Storable.is(query) || (after !== null && ![after.title, after.source, after.id].every(Storable.is))) return []
    return yield* reads.listItems(backup.id, { query, after, limit })
  })

  const content = Effect.fn("Backups.content")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: { readonly source: string; readonly id: string }
  ) {
    const { item: wanted } = yield* decodeName({ item: given })
    const tenant = yield* viewing(actor, tenantId)
    const backup = yield* reads.find(tenant, id)
    if (![wanted.source, wanted.id].every(Storable.is)) return yield* new Problems.NotFound({})
    const item = yield* reads.findItem(backup.id, wanted)
    const { assignmentsHash, contentHash } = item
    const texts = yield* store.texts(tenant, [contentHash, ...(assignmentsHash === null ? [] : [assignmentsHash])])
    return {
      item,
      content: texts.get(contentHash) ?? "",
      assignments: assignmentsHash === null ? null : (texts.get(assignmentsHash) ?? "")
    }
  })

  const manifest = Effect.fn("Backups.manifest")(function* (id: string) {
    const tenant = yield* reads.readTenant(id)
    return { tenant, items: yield* reads.listManifest(id) }
  })

  const verify = Effect.fn("Backups.verify")(function* (id: string) {
    const { holds, ...tenant } = yield* reads.readSeal(id)
    const listed = yield* reads.listManifest(id)
    const hashes = [
      ...new Set(listed.flatMap(({ assignmentsHash, contentHash }) => [contentHash, assignmentsHash ?? contentHash]))
    ]
    const damaged: Array<DamagedSnapshot> = []
    for (let from = 0; from < hashes.length; from += verifiedAtOnce) {
      damaged.push(...(yield* store.verify(tenant, hashes.slice(from, from + verifiedAtOnce))))
    }
    return { items: listed.length, manifestHolds: holds, damaged }
  })

  return Backups.of({ list, get, ofRun, items, content, manifest, verify })
})
