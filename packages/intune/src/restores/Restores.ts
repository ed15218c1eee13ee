/**
 * Restores for people: planning, confirming and archiving them, and reading their plans and results. The service authorises
 * every call, and records each change in the audit, with the restore before and after. Pages and the HTTP API call it.
 *
 * @module
 */

import {
  type Actor,
  type AuditLog,
  Authorization,
  Decoding,
  type Problems,
  type Runs,
  type StartGate,
  Storable
} from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { PolicyName } from "../policies/Arguments.ts"
import type { PolicyStore } from "../policies/PolicyStore.ts"
import { type Restore, RestoreAction, type RestoreItem } from "./Restore.ts"
import { makeRestoreChanges, type RestoreChanges, restoreKind, viewRestores } from "./RestoreChanges.ts"
import { confirmed, planned } from "./RestoreGates.ts"
import { makeRestoreItemStore, type RestoreTally } from "./RestoreItemStore.ts"
import { makeRestoreStore } from "./RestoreStore.ts"
import { RestoreId } from "./RestoreOperations.ts"
import type { TenantNames } from "./TenantNames.ts"

type Refused = Problems.Refusal

/** Reads and changes restores. Outsiders get `NotFound`; members without the capability get `Forbidden`, which names it. */
export class Restores extends Context.Service<
  Restores,
  RestoreChanges & {
    /** The restores of a tenant, or of one of its backups, newest first. `limit` is 1 to 200. */
    list(
      actor: Actor,
      tenantId: string,
      page: { readonly backup?: string; readonly before: string | null; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<Restore>, Refused>
    get(actor: Actor, tenantId: string, id: string): Effect.Effect<Restore, Refused>
    /**
     * The policies of a restore by collection and id, after the last one that was shown: those of the given actions, or all.
     * `limit` is 1 to 500.
     */
    items(
      actor: Actor,
      tenantId: string,
      id: string,
      page: {
        readonly actions?: ReadonlyArray<RestoreAction>
        readonly after: Pick<RestoreItem, "id" | "source"> | null
        readonly limit: number
      }
    ): Effect.Effect<ReadonlyArray<RestoreItem>, Refused>
    /** How many policies of a restore have each action and result. */
    tally(actor: Actor, tenantId: string, id: string): Effect.Effect<ReadonlyArray<RestoreTally>, Refused>
  }
>()("@atlas/intune/Restores") {
  static readonly layer: Layer.Layer<
    Restores,
    never,
    AuditLog | Authorization | PolicyStore | Runs | SqlClient.SqlClient | TenantNames
  > = Layer.effect(
    Restores,
    Effect.suspend(() => make)
  )

  /** Open while the restore that a preview names has no plan yet. */
  static readonly planned: StartGate.StartGate<SqlClient.SqlClient> = planned

  /** Open while the restore that an execution names is confirmed and not over. */
  static readonly confirmed: StartGate.StartGate<SqlClient.SqlClient> = confirmed
}

const isId = Schema.is(RestoreId)

const decodeListPage = Decoding.argumentsOf(
  Schema.Struct({
    page: Schema.Struct({
      backup: Schema.optional(Schema.String),
      before: Schema.NullOr(Schema.String),
      limit: Decoding.pageLimit(200)
    })
  })
)
const decodeItemPage = Decoding.argumentsOf(
  Schema.Struct({
    page: Schema.Struct({
      actions: Schema.optional(Schema.Array(RestoreAction)),
      after: Schema.NullOr(PolicyName),
      limit: Decoding.pageLimit(500)
    })
  })
)
const make = Effect.gen(function* () {
  const door = yield* Authorization
  const store = yield* makeRestoreStore
  const policies = yield* makeRestoreItemStore

  const viewing = (actor: Actor, tenantId: string) => door.tenant(actor, tenantId, viewRestores, restoreKind)
  const list = Effect.fn("Restores.list")(function* (
    actor: Actor,
    tenantId: string,
    given: { readonly backup?: string; readonly before: string | null; readonly limit: number }
  ) {
    const { backup = null, before, limit } = (yield* decodeListPage({ page: given })).page
    const tenant = yield* viewing(actor, tenantId)
    if (![before, backup].every((id) => id === null || isId(id))) return []
    return yield* store.list(tenant, { backup, before, limit })
  })

  const get = Effect.fn("Restores.get")(function* (actor: Actor, tenantId: string, id: string) {
    return yield* store.find(yield* viewing(actor, tenantId), id)
  })

  const items = Effect.fn("Restores.items")(function* (
    actor: Actor,
    tenantId: string,
    id: string,
    given: {
      readonly actions?: ReadonlyArray<RestoreAction>
      readonly after: Pick<RestoreItem, "id" | "source"> | null
      readonly limit: number
    }
  ) {
    const { actions = [], after, limit } = (yield* decodeItemPage({ page: given })).page
    const restore = yield* get(actor, tenantId, id)
    if (after !== null && ![after.source, after.id].every(Storable.is)) return []
    return yield* policies.list(restore.id, actions, after, limit)
  })

  const tally = Effect.fn("Restores.tally")(function* (actor: Actor, tenantId: string, id: string) {
    const restore = yield* get(actor, tenantId, id)
    return yield* policies.tally(restore.id)
  })

  return Restores.of({ list, get, items, tally, ...(yield* makeRestoreChanges) })
})
