/**
 * Ids of records: accepted in any case, and in lower case once decoded (RFC 9562, section 4), so that the same id is the same
 * text in identities, in stored inputs and in comparisons. Use `Uuid` for the ids in an operation's input.
 *
 * @module
 */
import { Schema, SchemaTransformation } from "effect"

const uuidOf = (version?: 7) =>
  Schema.String.check(Schema.isUUID(version)).pipe(
    Schema.decodeTo(
      Schema.String.check(Schema.isUUID(version), Schema.isLowercased()),
      SchemaTransformation.toLowerCase()
    )
  )

/** A UUID of any version. */
export const Uuid = uuidOf()

/** A UUID of version 7, which begins with the time of its creation. */
export const UuidV7 = uuidOf(7)
