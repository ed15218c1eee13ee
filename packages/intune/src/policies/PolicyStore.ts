/**
 * The store of what policies say. Each content is stored once in a tenant, compressed, under its hash; the secrets in it are
 * sealed with the host's `PolicySecrets`. Inventory, backups, restores and comparisons share it. It authorises nobody.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto"
import { gunzip, gzip } from "node:zlib"
import type { TenantScope } from "@atlas/operations"
import { Context, Effect, Layer, Redacted } from "effect"
import { Hex } from "effect/encoding"
import { SqlClient } from "effect/sql"
import { type PolicyContent, reveal, secretsIn } from "./PolicyContent.ts"
import { ownerOf } from "./policyOwner.ts"
import { PolicySecrets, PolicySecretUnreadable } from "./PolicySecrets.ts"
import type { GraphObject } from "./PolicySource.ts"

type Callback = (error: Error | null, result: Uint8Array) => void

const zipped = (work: (done: Callback) => void) =>
  Effect.callback<Uint8Array>((resume) =>
    work((error, result) => resume(error === null ? Effect.succeed(result) : Effect.die(error)))
  )
const compress = (text: string) => zipped((done) => gzip(text, done))
const expand = (body: Uint8Array) =>
  Effect.map(
    zipped((done) => gunzip(body, done)),
    (bytes) => new TextDecoder().decode(bytes)
  )

// Everything that refers to contents.
const referrers = [
  ["policies", "content_hash"],
  ["policies", "assignments_hash"],
  ["backup_items", "content_hash"],
  ["backup_items", "assignments_hash"],
  ["restore_items", "content_hash"],
  ["restore_items", "assignments_hash"],
  ["restore_items", "seen_hash"],
  ["restore_items", "seen_assignments_hash"]
] as const
const sweptAtOnce = 500

/** A stored content that is missing, or that is no longer what its hash says. */
export interface DamagedSnapshot {
  readonly hash: string
  readonly damage: "missing" | "changed"
}

/** Stores and reads what policies say. Database failures are defects. */
export class PolicyStore extends Context.Service<
  PolicyStore,
  {
    /** The salt of the fingerprints of a tenant's secrets, created on first use. */
    salt(tenant: TenantScope): Effect.Effect<Uint8Array>
    /**
     * Stores contents that are missing, and the secrets in them. Call it in the transaction that stores the references to them.
     */
    put(tenant: TenantScope, contents: ReadonlyArray<PolicyContent>): Effect.Effect<void>
    /** Removes up to 500 contents that nothing refers to, and returns how many. Call it inside a transaction. */
    sweep(tenant: TenantScope): Effect.Effect<number>
    /** Texts by hash; unknown hashes are absent. */
    texts(tenant: TenantScope, hashes: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, string>>
    /** Whether every secret that a content refers to is stored for this tenant. */
    knowsSecrets(tenant: TenantScope, text: string): Effect.Effect<boolean>
    /**
     * A content as Graph takes it, with its secrets. Fails if a secret cannot be opened. Never log, store or show the result.
     */
    reveal(tenant: TenantScope, text: string): Effect.Effect<GraphObject, PolicySecretUnreadable>
    /** Computes the hashes of stored contents again, and returns those that are damaged. */
    verify(tenant: TenantScope, hashes: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<DamagedSnapshot>>
  }
>()("@atlas/intune/PolicyStore") {
  static readonly layer: Layer.Layer<PolicyStore, never, PolicySecrets | SqlClient.SqlClient> = Layer.effect(
    PolicyStore,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const secrets = yield* PolicySecrets
      const lockOf = ({ tenantId, workspaceId }: TenantScope) =>
        sql`hashtextextended(${JSON.stringify(["policy_snapshots", workspaceId, tenantId])}, 0)`
      const tenantIs = ({ workspaceId, tenantId }: TenantScope) =>
        sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`

      const salt = Effect.fn("PolicyStore.salt")(function* (tenant: TenantScope) {
        const owner = ownerOf("salt", tenant)
        const stored = sql<{ keyId: string; bytes: Uint8Array }>`
          SELECT key_id AS "keyId", sealed AS bytes FROM policy_salts WHERE ${tenantIs(tenant)}`
        const [known] = yield* stored
        const made = Hex.encode(randomBytes(32))
        if (known === undefined) {
          const { bytes, keyId } = yield* secrets.seal(owner, Redacted.make(made))
          yield* sql`
            INSERT INTO policy_salts (workspace_id, tenant_id, key_id, sealed)
            VALUES (${tenant.workspaceId}, ${tenant.tenantId}, ${keyId}, ${bytes}) ON CONFLICT DO NOTHING`
        }
        // Another process may have been first: its salt counts.
        const [kept] = known === undefined ? yield* stored : [known]
        if (kept === undefined) return yield* Effect.die("A tenant's salt vanished")
        const opened = yield* secrets.open(owner, kept)
        return yield* Effect.fromResult(Hex.decode(Redacted.value(opened)))
      }, Effect.orDie)

      const putSecrets = Effect.fnUntraced(function* (
        tenant: TenantScope,
        found: ReadonlyArray<readonly [fingerprint: string, secret: string]>
      ) {
        const known = yield* sql<{ fingerprint: string }>`
          SELECT fingerprint FROM policy_secrets
          WHERE ${tenantIs(tenant)} AND ${sql.in(
            "fingerprint",
            found.map(([fingerprint]) => fingerprint)
          )}`
        const stored = new Set(known.map(({ fingerprint }) => fingerprint))
        for (const [fingerprint, secret] of found) {
          if (stored.has(fingerprint)) continue
          const { bytes, keyId } = yield* secrets.seal(ownerOf("secret", tenant), Redacted.make(secret))
          yield* sql`
            INSERT INTO policy_secrets (workspace_id, tenant_id, fingerprint, key_id, sealed)
            VALUES (${tenant.workspaceId}, ${tenant.tenantId}, ${fingerprint}, ${keyId}, ${bytes}) ON CONFLICT DO NOTHING`
        }
      })

      const put = Effect.fn("PolicyStore.put")(function* (tenant: TenantScope, contents: ReadonlyArray<PolicyContent>) {
        yield* sql`SELECT pg_advisory_xact_lock_shared(${lockOf(tenant)})`
        const byHash = new Map(contents.map((content) => [content.hash, content]))
        const missing = yield* sql<{ hash: string }>`
          SELECT wanted.hash FROM json_array_elements_text(${JSON.stringify([...byHash.keys()])}::json) AS wanted(hash)
          WHERE NOT EXISTS (SELECT FROM policy_snapshots s WHERE ${tenantIs(tenant)}
            AND s.hash = decode(wanted.hash, 'hex') OFFSET 0)`
        const news = missing.flatMap(({ hash }) => byHash.get(hash) ?? [])
        const rows = yield* Effect.forEach(
          news,
          ({ hash, text }) =>
            Effect.map(compress(text), (body) => ({ hash, body: Hex.encode(body), size: text.length })),
          { concurrency: 4 }
        )
        if (rows.length > 0) {
          yield* sql`
            INSERT INTO policy_snapshots (workspace_id, tenant_id, hash, body, size)
            SELECT ${tenant.workspaceId}, ${tenant.tenantId}, decode(hash, 'hex'), decode(body, 'hex'), size
            FROM json_to_recordset(${JSON.stringify(rows)}::json) AS s(hash text, body text, size int)
            ON CONFLICT DO NOTHING`
        }
        // Also for contents that are stored already: an import brings references without their secrets.
        const found = contents.flatMap((content) => [...content.secrets])
        if (found.length > 0) yield* putSecrets(tenant, found)
      }, Effect.orDie)

      // A transaction that stores or finds a content refers to it before it ends: until then, this lock waits.
      const sweep = Effect.fn("PolicyStore.sweep")(function* (tenant: TenantScope) {
        yield* sql`SELECT pg_advisory_xact_lock(${lockOf(tenant)})`
        const removed = yield* sql`
          DELETE FROM policy_snapshots WHERE ${tenantIs(tenant)} AND hash IN (
            SELECT s.hash FROM policy_snapshots s WHERE s.workspace_id = ${tenant.workspaceId}
              AND s.tenant_id = ${tenant.tenantId} AND ${sql.and(
                referrers.map(
                  ([table, column]) => sql`NOT EXISTS (SELECT FROM ${sql(table)} r WHERE r.workspace_id = s.workspace_id
                    AND r.tenant_id = s.tenant_id AND r.${sql(column)} = s.hash)`
                )
              )} LIMIT ${sweptAtOnce}) RETURNING true`
        return removed.length
      }, Effect.orDie)

      const bodies = (tenant: TenantScope, hashes: ReadonlyArray<string>) =>
        sql<{ hash: string; body: Uint8Array }>`
          SELECT wanted.hash, s.body FROM json_array_elements_text(${JSON.stringify(hashes)}::json) AS wanted(hash),
            LATERAL (SELECT body FROM policy_snapshots WHERE ${tenantIs(tenant)}
              AND hash = decode(wanted.hash, 'hex') OFFSET 0) s`

      const texts = Effect.fn("PolicyStore.texts")(function* (tenant: TenantScope, hashes: ReadonlyArray<string>) {
        const found = yield* bodies(tenant, [...new Set(hashes)])
        const pairs = yield* Effect.forEach(found, ({ body, hash }) =>
          Effect.map(expand(body), (text) => [hash, text] as const)
        )
        return new Map(pairs)
      }, Effect.orDie)

      const sealedOf = (tenant: TenantScope, fingerprints: ReadonlyArray<string>) =>
        fingerprints.length === 0
          ? Effect.succeed([])
          : sql<{ fingerprint: string; keyId: string; bytes: Uint8Array }>`
              SELECT fingerprint, key_id AS "keyId", sealed AS bytes FROM policy_secrets
              WHERE ${tenantIs(tenant)} AND ${sql.in("fingerprint", fingerprints)}`.pipe(Effect.orDie)

      const knowsSecrets = Effect.fn("PolicyStore.knowsSecrets")(function* (tenant: TenantScope, text: string) {
        const wanted = secretsIn(text)
        return (yield* sealedOf(tenant, wanted)).length === wanted.length
      })

      const revealed = Effect.fn("PolicyStore.reveal")(function* (tenant: TenantScope, text: string) {
        const wanted = secretsIn(text)
        const sealed = yield* sealedOf(tenant, wanted)
        if (sealed.length < wanted.length) return yield* new PolicySecretUnreadable()
        const opened = yield* Effect.forEach(sealed, (each) =>
          Effect.map(
            secrets.open(ownerOf("secret", tenant), each),
            (secret) => [each.fingerprint, Redacted.value(secret)] as const
          )
        )
        return reveal(text, new Map(opened))
      })

      const verify = Effect.fn("PolicyStore.verify")(function* (tenant: TenantScope, hashes: ReadonlyArray<string>) {
        const wanted = [...new Set(hashes)]
        const found = new Map((yield* bodies(tenant, wanted)).map(({ body, hash }) => [hash, body]))
        const damaged = yield* Effect.forEach(
          wanted,
          Effect.fnUntraced(function* (hash): Effect.fn.Return<ReadonlyArray<DamagedSnapshot>> {
            const body = found.get(hash)
            if (body === undefined) return [{ hash, damage: "missing" }]
            // What no longer expands was changed, too.
            const text = yield* expand(body).pipe(Effect.catchDefect(() => Effect.succeed("")))
            const now = createHash("sha256").update(text).digest("hex")
            return now === hash ? [] : [{ hash, damage: "changed" }]
          })
        )
        return damaged.flat()
      }, Effect.orDie)

      return PolicyStore.of({ salt, put, sweep, texts, knowsSecrets, reveal: revealed, verify })
    })
  )
}
