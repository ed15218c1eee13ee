import type { AnyOperationType } from "@atlas/operations"
import { Effect, Predicate } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Context } from "hono"

/** The key that tells one rendered form from the next, for types of which every start is a run of its own. */
export const formNonce = (type: AnyOperationType): string | null =>
  type.identity.rule === "once" ? SecureRandom.uuidV4Unsafe() : null

/** The key that a form brought along, as a start takes it; a body that is no form brought none. */
export const nonceOf = (c: Context): Effect.Effect<{ readonly nonce?: string }> =>
  Effect.tryPromise(() => c.req.parseBody()).pipe(
    Effect.map(({ nonce }) => (Predicate.isString(nonce) && nonce !== "" ? { nonce } : {})),
    Effect.orElseSucceed(() => ({}))
  )
