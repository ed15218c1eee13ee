import { Context, Effect, Layer, Option, Schema } from "effect"
import type * as Operation from "./Operation.ts"

/** Two operations share one name, or two handlers one operation. */
export class DuplicateOperation extends Schema.TaggedError<DuplicateOperation>()("DuplicateOperation", {
  name: Schema.String
}) {
  override get message(): string {
    return `The operation "${this.name}" is registered twice: names must be unique, and an operation has one handler.`
  }
}

/** A handler's operation is not the one in the catalog, or there is none. */
export class UnregisteredOperation extends Schema.TaggedError<UnregisteredOperation>()("UnregisteredOperation", {
  name: Schema.String
}) {
  override get message(): string {
    return `There is a handler for "${this.name}", but the catalog does not have that operation.`
  }
}

/** The operations that a host knows. */
export class OperationCatalog extends Context.Service<
  OperationCatalog,
  {
    /** All operations, in the order of their registration. */
    readonly types: ReadonlyArray<Operation.Any>
    find(name: string): Option.Option<Operation.Any>
  }
>()("@atlas/operations/OperationCatalog") {
  /**
   * The catalog of the given operations.
   *
   * @param types every operation of every package that the host uses
   */
  static readonly layer = (...types: ReadonlyArray<Operation.Any>): Layer.Layer<OperationCatalog, DuplicateOperation> =>
    Layer.effect(
      OperationCatalog,
      Effect.gen(function* () {
        const byName = new Map<string, Operation.Any>()
        for (const type of types) {
          if (byName.has(type.name)) return yield* new DuplicateOperation({ name: type.name })
          byName.set(type.name, type)
        }
        return OperationCatalog.of({ types, find: (name) => Option.fromUndefinedOr(byName.get(name)) })
      })
    )
}
