import type { Operation } from "@atlas/operations"
import { SecureRandom } from "effect/crypto"

/** The idempotency key of a rendered form; null for an operation of which not every start is a run of its own. */
export const formKey = (type: Operation.Any): string | null =>
  type.identity.rule === "once" ? SecureRandom.uuidV4Unsafe() : null
