import type { Operation } from "@atlas/operations"
import { SecureRandom } from "effect/crypto"

/** The key that tells one rendered form from the next, for types of which every start is a run of its own. */
export const formKey = (type: Operation.Any): string | null =>
  type.identity.rule === "once" ? SecureRandom.uuidV4Unsafe() : null
