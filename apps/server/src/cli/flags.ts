/**
 * The flags and arguments that several commands share.
 *
 * @module
 */

import { RunId, Uuid, WorkspaceId, Storable } from "@atlas/operations"
import { Schema } from "effect"
import { Argument, Flag } from "effect/cli"

/** Text that a person types: an id, a name or a path. */
const Text = Storable.Text.check(
  Schema.makeFilter((text) => text.length >= 1 && text.length <= 1_000, { expected: "1 to 1,000 characters" })
)

/** A flag with any text. */
export const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withSchema(Text))

/** A flag with an id that is a UUID. */
export const uuid = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withSchema(Uuid))

/** A flag with the id of a run. */
export const runId = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withSchema(RunId))

/** The flag with the id of a workspace. */
export const workspace = Flag.String("workspace").pipe(
  Flag.withDescription("Id of the workspace"),
  Flag.withSchema(Text),
  Flag.map((id) => WorkspaceId.make(id))
)

/** A flag with an integer in a range. */
export const count = (name: string, description: string, [minimum, maximum]: readonly [number, number]) =>
  Flag.Int(name).pipe(
    Flag.withDescription(description),
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))
  )

/** How many rows a list prints, 50 by default. */
export const limit = count("limit", "How many at most", [1, 1_000]).pipe(Flag.withDefault(50))

/** Prints JSON, for programs, instead of a table, for people. */
export const json = Flag.Boolean("json").pipe(Flag.withDescription("Print JSON"), Flag.withDefault(false))

/** An argument with any text. */
export const textArgument = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.withDescription(description), Argument.withSchema(Text))

/** An argument with an id that is a UUID. */
export const uuidArgument = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.withDescription(description), Argument.withSchema(Uuid))
