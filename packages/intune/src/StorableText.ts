import { isStorable } from "@atlas/operations"
import { Schema } from "effect"

/** A text that Postgres can store. */
export const StorableText = Schema.String.check(
  Schema.makeFilter((text) => isStorable(text) || "must not have NUL characters and lone surrogates")
)
