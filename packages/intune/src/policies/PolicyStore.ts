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
import type { SqlClient } from "effect/sql"
import { type PolicyContent, reveal, secretsIn } from "./PolicyContent.ts"
import { ownerOf } from "./policyOwner.ts"
import { PolicySecrets, PolicySecretUnreadable } from "./PolicySecrets.ts"
import type { GraphObject } from "./PolicySource.ts"
import { makeSecretStore } from "./SecretStore.ts"
import { makeSnapshotStore } from "./SnapshotStore.ts"

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
    /** Of the secrets that a content refers to, the fingerprints of those that are stored for this tenant. */
    knownSecrets(tenant: TenantScope, text: string): Effect.Effect<ReadonlySet<string>>
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
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const secrets = yield* PolicySecrets
  const snapshots = yield* makeSnapshotStore
  const sealed = yield* makeSecretStore

  const makeSalt = Effect.fnUntraced(function* (tenant: TenantScope) {
    const salt = Redacted.make(Hex.encode(randomBytes(32)))
    yield* sealed.insertSalt(tenant, yield* secrets.seal(ownerOf("salt", tenant), salt))
    // Another process may have been first: its salt counts.
    return (yield* sealed.findSalt(tenant)) ?? (yield* Effect.die("A tenant's salt vanished"))
  })

  const salt = Effect.fn("PolicyStore.salt")(function* (tenant: TenantScope) {
    const kept = (yield* sealed.findSalt(tenant)) ?? (yield* makeSalt(tenant))
    const opened = yield* secrets.open(ownerOf("salt", tenant), kept)
    return yield* Effect.fromResult(Hex.decode(Redacted.value(opened)))
  }, Effect.orDie)

  const putSnapshots = Effect.fnUntraced(function* (tenant: TenantScope, contents: ReadonlyArray<PolicyContent>) {
    const byHash = new Map(contents.map((content) => [content.hash, content]))
    const missing = yield* snapshots.listMissing(tenant, [...byHash.keys()])
    const news = missing.flatMap((hash) => byHash.get(hash) ?? [])
    const rows = yield* Effect.forEach(
      news,
      ({ hash, text }) => Effect.map(compress(text), (body) => ({ hash, body: Hex.encode(body), size: text.length })),
      { concurrency: 4 }
    )
    if (rows.length > 0) yield* snapshots.insert(tenant, rows)
  })

  const putSecrets = Effect.fnUntraced(function* (tenant: TenantScope, found: ReadonlyMap<string, string>) {
    if (found.size === 0) return
    const known = yield* sealed.listKnown(tenant, [...found.keys()])
    const news = [...found].filter(([fingerprint]) => !known.has(fingerprint))
    const rows = yield* Effect.forEach(news, ([fingerprint, secret]) =>
      Effect.map(secrets.seal(ownerOf("secret", tenant), Redacted.make(secret)), (made) => ({ fingerprint, ...made }))
    )
    if (rows.length > 0) yield* sealed.insert(tenant, rows)
  })

  const put = Effect.fn("PolicyStore.put")(function* (tenant: TenantScope, contents: ReadonlyArray<PolicyContent>) {
    yield* snapshots.keep(tenant)
    yield* putSnapshots(tenant, contents)
    // Also for contents that are stored already: an import brings references without their secrets.
    yield* putSecrets(tenant, new Map(contents.flatMap((content) => [...content.secrets])))
  })

  const sweep = Effect.fn("PolicyStore.sweep")((tenant: TenantScope) =>
    Effect.andThen(snapshots.lock(tenant), snapshots.sweep(tenant))
  )

  const texts = Effect.fn("PolicyStore.texts")(function* (tenant: TenantScope, hashes: ReadonlyArray<string>) {
    const found = yield* snapshots.list(tenant, [...new Set(hashes)])
    const pairs = yield* Effect.forEach(found, ({ body, hash }) =>
      Effect.map(expand(body), (text) => [hash, text] as const)
    )
    return new Map(pairs)
  })

  const sealedOf = (tenant: TenantScope, fingerprints: ReadonlyArray<string>) =>
    fingerprints.length === 0 ? Effect.succeed([]) : sealed.list(tenant, fingerprints)

  const knownSecrets = Effect.fn("PolicyStore.knownSecrets")(function* (tenant: TenantScope, text: string) {
    const wanted = secretsIn(text)
    return wanted.length === 0 ? new Set<string>() : yield* sealed.listKnown(tenant, wanted)
  })

  const revealed = Effect.fn("PolicyStore.reveal")(function* (tenant: TenantScope, text: string) {
    const wanted = secretsIn(text)
    const found = yield* sealedOf(tenant, wanted)
    if (found.length < wanted.length) return yield* new PolicySecretUnreadable()
    const opened = yield* Effect.forEach(found, (each) =>
      Effect.map(
        secrets.open(ownerOf("secret", tenant), each),
        (secret) => [each.fingerprint, Redacted.value(secret)] as const
      )
    )
    return reveal(text, new Map(opened))
  })

  const verify = Effect.fn("PolicyStore.verify")(function* (tenant: TenantScope, hashes: ReadonlyArray<string>) {
    const wanted = [...new Set(hashes)]
    const found = new Map((yield* snapshots.list(tenant, wanted)).map(({ body, hash }) => [hash, body]))
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
  })

  return PolicyStore.of({ salt, put, sweep, texts, knownSecrets, reveal: revealed, verify })
})
