import { Schema, SchemaTransformation } from "effect"

const uuidOf = (version?: 7) =>
  Schema.String.check(Schema.isUUID(version)).pipe(
    Schema.decodeTo(
      Schema.String.check(Schema.isUUID(version), Schema.isLowercased()),
      SchemaTransformation.toLowerCase()
    )
  )

/**
 * The id of a record, in any case; in lower case once decoded (RFC 9562, section 4), so that the same id is the same text in
 * identities, in stored inputs and in comparisons. Inputs of operations name records with it.
 */
export const Uuid = uuidOf()

/** The same for ids that begin with the time of their creation. */
export const UuidV7 = uuidOf(7)
