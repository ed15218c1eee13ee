/**
 * Who acts: a person of the host, or a part of Atlas or of the host (`system`), such as a scheduler. Callers pass actors of any
 * shape. A run and an audit record keep a snapshot of theirs, in text that Postgres can store.
 *
 * @module
 */
import { Schema } from "effect"
import * as Storable from "../text/Storable.ts"

const longest = 200

const Id = Storable.Text.check(Schema.isNonEmpty(), Schema.isMaxLength(longest))
const Kind = Schema.Literals(["user", "system"])

/** An actor as it is stored and shown. */
export const Actor = Schema.Struct({
  /** The host's own id of the person, or the name of the part that acts. At most 200 characters. */
  id: Id,
  kind: Kind,
  /** The display name, kept on the runs that the actor starts. At most 200 characters; a longer one is cut. */
  name: Schema.NonEmptyString.check(Schema.isMaxLength(longest))
})
export type Actor = typeof Actor.Type

/** An actor as callers pass it: with a name of any length, as directories have them, and perhaps with more members. */
export const GivenActor = Schema.StructWithRest(Schema.Struct({ id: Id, kind: Kind, name: Schema.String }), [
  Schema.Record(Schema.String, Schema.Unknown)
])

/** A part of Atlas or of the host as an actor, such as `scheduler`. */
export const systemActor = (part: string): Actor => ({ id: part, kind: "system", name: part })

/** The schema of an actor's id. */
export const ActorId = Id

/** An actor as it is kept: its name made Storable.nearest and cut to 200 characters, or its id if nothing is left. */
export const keptActor = ({ id, kind, name }: Actor): Actor => ({
  id,
  kind,
  name: Storable.nearest(Storable.nearest(name).slice(0, longest)) || id
})

/** An actor as it is kept, as JSON that Postgres can store. */
export const encodeActor = (actor: Actor): string => JSON.stringify(keptActor(actor))
