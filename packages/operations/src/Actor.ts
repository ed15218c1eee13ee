import { Schema } from "effect"

/** Who acts: a person of the host, or Atlas itself (`system`: scheduler, sweeper). */
export const Actor = Schema.Struct({
  /** The host's own id of the person, or of the part of Atlas that acts. */
  id: Schema.NonEmptyString.check(Schema.isMaxLength(200)),
  kind: Schema.Literals(["user", "system"]),
  /** The display name, kept on the runs that the actor starts. */
  name: Schema.NonEmptyString.check(Schema.isMaxLength(200))
})
export type Actor = typeof Actor.Type
