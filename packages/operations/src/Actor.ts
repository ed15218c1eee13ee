import { Schema } from "effect"
import { storable } from "./StorableText.ts"

/** Who acts: a person of the host, or Atlas itself (`system`: scheduler, sweeper). */
export const Actor = Schema.Struct({
  /** The host's own id of the person, or of the part of Atlas that acts. */
  id: Schema.NonEmptyString.check(Schema.isMaxLength(200)),
  kind: Schema.Literals(["user", "system"]),
  /** The display name, kept on the runs that the actor starts. */
  name: Schema.NonEmptyString.check(Schema.isMaxLength(200))
})
export type Actor = typeof Actor.Type

/** An actor as JSON that Postgres can store, whatever a directory has in a name. */
export const encodeActor = (actor: Actor): string =>
  encode({ ...actor, name: storable(actor.name).slice(0, 200) || actor.id })

const encode = Schema.encodeSync(Schema.fromJsonString(Actor))
