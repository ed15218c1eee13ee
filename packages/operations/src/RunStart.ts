import { Effect, Option, Schema, SchemaIssue } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import { Access, type Grant } from "./Access.ts"
import type { Actor } from "./Actor.ts"
import type { Capability } from "./Capability.ts"
import { OperationCatalog } from "./OperationCatalog.ts"
import * as Problems from "./Problems.ts"
import { type Run, RunId } from "./Run.ts"
import { canonicalKey, type Json } from "./RunIdentity.ts"
import { RunLedger } from "./RunLedger.ts"
import { RunSignals } from "./RunSignals.ts"
import { isStorable, storable, unstorablePaths } from "./StorableText.ts"

/** A wish to start an operation in a tenant. Nothing in it is trusted yet. */
export interface StartRequest {
  readonly tenantId: string
  /** The operation type's name. */
  readonly type: string
  /** JSON for the type's input schema. */
  readonly input: unknown
}

/** `created`: a new run, committed. `existing`: an equal start is active, and this one joined it. */
export interface StartResult {
  readonly disposition: "created" | "existing"
  readonly run: Run
}

/**
 * Refuses a member who lacks a capability.
 *
 * @param grant what the member may do
 * @param capability what is needed; the refusal names it
 */
export const requireCapability = (grant: Pick<Grant, "capabilities">, capability: Capability) =>
  grant.capabilities.has(capability)
    ? Effect.void
    : Effect.fail(
        new Problems.Forbidden({
          requiredCapability: capability,
          detail: `This needs the capability ${capability}, which your role does not have.`
        })
      )

/** `Runs.start`: authorise, validate, decide identity, record, wake; in this order. */
export const makeStart = Effect.gen(function* () {
  const access = yield* Access
  const catalog = yield* OperationCatalog
  const ledger = yield* RunLedger
  const signals = yield* RunSignals
  const digest = yield* Digest.Digest

  return Effect.fn("Runs.start")(function* (actor: Actor, request: StartRequest) {
    // A text that cannot be stored names nothing that exists.
    const tenant = isStorable(request.tenantId) ? yield* access.tenant(actor, request.tenantId) : Option.none()
    const grant = Option.getOrUndefined(tenant)
    const type = Option.getOrUndefined(catalog.find(request.type))
    if (!grant || !type) return yield* new Problems.NotFound({})
    yield* requireCapability(grant, type.capabilities.start)

    const input = yield* decodeInput(type.input, request.input)
    const stored = (yield* Schema.encodeEffect(Schema.toCodecJson(type.input))(input).pipe(Effect.orDie)) as Json
    const unstorable = unstorablePaths(stored)
    if (unstorable.length > 0) {
      const detail = "Expected text without NUL characters and lone surrogates"
      return yield* new Problems.InvalidInput({
        errors: unstorable.map((path) => ({ pointer: pointer(path), detail }))
      })
    }
    const { rule, key } = type.identity
    const identityKey = canonicalKey(grant.scope, type.name, rule, key?.(input) ?? null)
    const { created, run } = yield* ledger.insert({
      id: RunId.make(SecureRandom.uuidV7Unsafe()),
      scope: grant.scope,
      type: type.name,
      actor: { ...actor, name: storable(actor.name).slice(0, 200) || actor.id },
      identity: {
        rule,
        key: identityKey,
        digest: yield* digest.digest(Digest.sha256, new TextEncoder().encode(identityKey))
      },
      input: stored,
      maxAttempts: type.retry.maxAttempts
    })
    if (created) yield* signals.queued
    yield* signals.changed(run.id)
    return { disposition: created ? ("created" as const) : ("existing" as const), run }
  })
}).pipe(Effect.provide(Digest.layerWebCrypto))

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

// RFC 6901: "~" and "/" are escaped inside a JSON Pointer.
const pointer = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined) =>
  (path ?? [])
    .map((segment) => String(typeof segment === "object" ? segment.key : segment))
    .map((segment) => `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")

const decodeInput = <Input, Encoded>(schema: Schema.Codec<Input, Encoded>, input: unknown) =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(input, { errors: "all", onExcessProperty: "error" }).pipe(
    Effect.mapError(
      (error) =>
        new Problems.InvalidInput({
          errors: formatIssues(error.issue).issues.map(({ path, message }) => ({
            pointer: pointer(path),
            detail: message
          }))
        })
    )
  )
