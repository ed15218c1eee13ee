import { Schema } from "effect"
import { StorableText, storable } from "../text/StorableText.ts"

const longest = 200

const Id = StorableText.check(Schema.isNonEmpty(), Schema.isMaxLength(longest))
const Kind = Schema.Literals(["user", "system"])

/** Who acts: a person of the host, or Atlas itself (`system`: scheduler, sweeper). */
export const Actor = Schema.Struct({
  /** The host's own id of the person, or of the part of Atlas that acts. At most 200 characters. */
  id: Id,
  kind: Kind,
  /** The display name, kept on the runs that the actor starts. At most 200 characters; a longer one is cut. */
  name: Schema.NonEmptyString.check(Schema.isMaxLength(longest))
})
export type Actor = typeof Actor.Type

/** An actor as callers hand it over: a directory has names of any length, and hosts have objects with more members. */
export const GivenActor = Schema.StructWithRest(Schema.Struct({ id: Id, kind: Kind, name: Schema.String }), [
  Schema.Record(Schema.String, Schema.Unknown)
])

/**
 * A part of Atlas or of the host, as an actor.
 *
 * @param part such as `scheduler`
 */
export const systemActor = (part: string): Actor => ({ id: part, kind: "system", name: part })

/** The id of an actor. */
export const ActorId = Id

/** An actor as it is kept, whatever a directory has in a name. */
export const keptActor = ({ id, kind, name }: Actor): Actor => ({
  id,
  kind,
  name: storable(storable(name).slice(0, longest)) || id
})

/** The same as JSON that Postgres can store. */
export const encodeActor = (actor: Actor): string => JSON.stringify(keptActor(actor))
