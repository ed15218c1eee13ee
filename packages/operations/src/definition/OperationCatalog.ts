/**
 * The operations that a host knows, by name. `Operations.layer` makes the catalog. What starts, shows and executes runs looks
 * operations up here.
 *
 * @module
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import type * as Operation from "./Operation.ts"

/** Two operations share a name, or an operation has two handlers. */
export class DuplicateOperation extends Schema.TaggedError<DuplicateOperation>()("DuplicateOperation", {
  name: Schema.String
}) {
  override get message(): string {
    return `The operation "${this.name}" is registered twice: give each operation a name of its own, and one handler.`
  }
}

/** A handler's operation is not the one in the catalog, or is not in it at all. */
export class UnregisteredOperation extends Schema.TaggedError<UnregisteredOperation>()("UnregisteredOperation", {
  name: Schema.String
}) {
  override get message(): string {
    return `The operation of the handler "${this.name}" is not in the catalog: give it to Operations.layer.`
  }
}

/** The catalog. */
export class OperationCatalog extends Context.Service<
  OperationCatalog,
  {
    /** All operations, in the order in which they were given. */
    readonly operations: ReadonlyArray<Operation.Any>
    find(name: string): Option.Option<Operation.Any>
  }
>()("@atlas/operations/OperationCatalog") {
  /** A catalog of every operation of every package that the host uses. */
  static readonly layer = (
    ...operations: ReadonlyArray<Operation.Any>
  ): Layer.Layer<OperationCatalog, DuplicateOperation> =>
    Layer.effect(
      OperationCatalog,
      Effect.gen(function* () {
        const byName = new Map<string, Operation.Any>()
        for (const type of operations) {
          if (byName.has(type.name)) return yield* new DuplicateOperation({ name: type.name })
          byName.set(type.name, type)
        }
        return OperationCatalog.of({ operations, find: (name) => Option.fromUndefinedOr(byName.get(name)) })
      })
    )
}
