/**
 * Applies an operation's identity rule to a start.
 *
 * @module
 */
import { DateTime, Effect } from "effect"
import type { Actor } from "../run/Actor.ts"
import type { RunIdentity } from "./RunIdentity.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { Operation } from "./Operation.ts"
import { IdempotencyKeyRequired } from "../boundary/Problems.ts"
import { canonical, canonicalKey } from "./RunIdentity.ts"
import type { Json } from "../text/Json.ts"

/** What the identity of a start depends on. The start is authorised and valid. */
export interface Identifiable {
  readonly type: Operation<any, any>
  readonly scope: OperationScope
  readonly actor: Actor
  readonly input: unknown
  /** The input as it is stored. */
  readonly stored: Json
  /** The caller's `Idempotency-Key`. */
  readonly idempotencyKey: string | null
  /** The time that a schedule meant the run for. */
  readonly fireTime: DateTime.Utc | null
  /** Everything else that makes it another request. */
  readonly extras: Json
}

/**
 * Decides what makes a start the same as another one. Only this function does. It fails with `IdempotencyKeyRequired` if the
 * operation needs a key and the start has none.
 */
export const identify = Effect.fnUntraced(function* (start: Identifiable) {
  const { type, scope, actor, input, stored, idempotencyKey, fireTime, extras } = start
  const { identity } = type
  const key = identity.key?.(input) ?? null

  if (identity.rule === "while_active") {
    const text = canonicalKey(scope, type.name, "while_active", key)
    return {
      rule: "while_active",
      key: text,
      activeKey: text,
      request: null,
      takenWhenBlocked: false
    } satisfies RunIdentity
  }

  const once: Json | null =
    identity.by === "fire_time"
      ? fireTime && DateTime.formatIso(fireTime)
      : idempotencyKey === null
        ? null
        : [actor.kind, actor.id, idempotencyKey]
  if (once === null && identity.by === "idempotency_key") return yield* new IdempotencyKeyRequired({})
  if (once === null) return yield* Effect.die(new Error(`"${type.name}" needs a fireTime for each start`))
  // The input is left out: the caller's key belongs to one request, whatever that is about.
  const text = canonicalKey(scope, type.name, "once", identity.by === "idempotency_key" ? null : key, once)
  return {
    rule: "once",
    key: text,
    activeKey: identity.whileActive
      ? canonicalKey(scope, type.name, "while_active", identity.whileActive(input))
      : null,
    request: identity.by === "idempotency_key" ? canonical([text, stored, extras]) : text,
    takenWhenBlocked: identity.by === "fire_time"
  } satisfies RunIdentity
})
