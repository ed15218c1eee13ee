import { Schema } from "effect"
import { ReferenceKind } from "../policies/references/Reference.ts"

/** What a plan has decided about a reference that is not written as the backup has it. */
export const ResolvedReference = Schema.Struct({
  kind: ReferenceKind,
  id: Schema.String,
  /** The id in the tenant; null if it is not written, or not known yet. */
  to: Schema.NullOr(Schema.String),
  /** The restore itself creates the target. */
  made: Schema.Boolean
})
export type ResolvedReference = typeof ResolvedReference.Type
